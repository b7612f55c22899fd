using System.Text.Json;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Rules;

/// <summary>For programs: groups with their sums, and every rule with its counts.</summary>
internal sealed class JsonCoverage : IFormat<Coverage>
{
    public string Name => "json";

    public void Write(Coverage content, TextWriter output, Ink ink) => JsonReport.WriteDocument(output, json =>
    {
        json.WriteNumber("recordings", content.Inputs);
        json.WriteNumber("notRead", content.Unread);
        json.WriteObject("total", () => WriteTotals(json, [.. content.Rules]));
        json.WriteObjects("groups", content.Groups, group =>
        {
            json.WriteString("group", $"{group.Letter}");
            json.WriteString("title", group.Title);
            WriteTotals(json, group.Rules);
        });
        json.WriteArray("rules", content.Groups, group =>
        {
            foreach (RuleCount count in group.Rules)
            {
                WriteRule(json, group, count);
            }
        });
    });

    private static void WriteTotals(Utf8JsonWriter json, IReadOnlyCollection<RuleCount> rules)
    {
        ulong[] totals = GroupCoverage.Totals(rules);
        json.WriteNumber("rules", totals[0]);
        json.WriteNumber("exercised", totals[1]);
        json.WriteNumber("conforms", totals[2]);
        json.WriteNumber("undecided", totals[3]);
        json.WriteNumber("likely", totals[4]);
        json.WriteNumber("departs", totals[5]);
    }

    private static void WriteRule(Utf8JsonWriter json, GroupCoverage group, RuleCount count)
    {
        json.WriteStartObject();
        json.WriteString("rule", count.Rule.Id);
        json.WriteString("group", $"{group.Letter}");
        json.WriteNumber("exercised", count.Exercised);
        JsonParts.WriteCounts(json, count);
        JsonExplanation.WriteLacking(json, count.Lacking);
        json.WriteString("evidence", count.Rule.Evidence);
        json.WriteEndObject();
    }
}
