using System.Text.Json;
using Differ.Diff.Knowledge;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>For programs: what the text says, key by key; classes as in the JSON report.</summary>
internal sealed class JsonExplanation : IFormat<Explanation>
{
    public string Name => "json";

    public void Write(Explanation content, TextWriter output, Ink ink) => JsonReport.WriteDocument(output, json =>
    {
        WriteRule(json, content);
        WriteBugs(json, content);
        json.WriteString("record", content.Command);
        WriteLacking(json, content.Lacking);
        if (content.Seen is { } seen)
        {
            json.WriteStartObject("seen");
            json.WriteString("file", seen.Result.Header.Capture);
            JsonParts.WriteCounts(json, seen.Count);
            JsonCapture.WriteClasses(json, "classes", seen.Result, seen.Classes);
            json.WriteEndObject();
        }
    });

    /// <summary>Writes what is missing as an array.</summary>
    internal static void WriteLacking(Utf8JsonWriter json, IReadOnlyList<EvidenceShare> lacking)
    {
        json.WriteObjects("lacking", lacking, share =>
        {
            json.WriteString("missing", share.Missing.Name);
            json.WriteString("what", share.Missing.What);
            json.WriteString("how", share.Missing.How);
            json.WriteNumber("count", share.Count);
        });
    }

    private static void WriteRule(Utf8JsonWriter json, Explanation content)
    {
        RuleInfo rule = content.Rule;
        json.WriteString("rule", rule.Id);
        json.WriteString("citation", rule.Citation);
        json.WriteString("statement", rule.Statement);
        json.WriteString("severity", rule.Severity.ToString().ToLowerInvariant());
        json.WriteString("ifBroken", RuleText.Words(rule.Severity));
        json.WriteString("evidence", rule.Evidence);
        json.WriteString("expected", rule.Expected);
        json.WriteTexts("decidedBy", content.Rule.Kvm.Names);
        json.WriteTexts("reads", content.Reads.Names);
    }

    private static void WriteBugs(Utf8JsonWriter json, Explanation content)
    {
        json.WriteObjects("knownBugs", content.Bugs, bug =>
        {
            json.WriteString("id", bug.Id);
            json.WriteString("statement", bug.Statement);
            json.WriteString("state", bug.State switch { BugState.Fixed => "fixed", BugState.Open => "open", _ => "by-design" });
            json.WriteString("fixedIn", bug.FixedIn);
            json.WriteString("commits", bug.Commits);
            json.WriteString("introduced", bug.Introduced);
            json.WriteString("cve", bug.Cve);
            json.WriteString("visible", bug.Visibility switch { Visibility.Observable => "O", Visibility.Partly => "P", _ => "N" });
            json.WriteTexts("rules", bug.Rules);
        });
    }
}
