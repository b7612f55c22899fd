using System.Globalization;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Rules;

/// <summary>For tables: one line a rule; no value holds a comma or a quote.</summary>
internal sealed class CsvCoverage : IFormat<Coverage>
{
    public string Name => "csv";

    public void Write(Coverage content, TextWriter output, Ink ink)
    {
        output.Write("group,rule,exercised,conforms,undecided,violated,lacking,likely\n");
        foreach (GroupCoverage group in content.Groups)
        {
            foreach (RuleCount count in group.Rules)
            {
                string lacking = string.Join(' ', count.Lacking.Select(share => string.Create(CultureInfo.InvariantCulture, $"{share.Missing.Name}:{share.Count}")));
                output.Write(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{group.Letter},{count.Rule.Id},{count.Exercised},{count.Conforms},{count.Undecided},{count.Departs},{lacking},{count.Likely}\n"));
            }
        }
    }
}
