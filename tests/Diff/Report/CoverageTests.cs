using Differ.Diff;
using Differ.Diff.Report.Rules;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report;

public sealed class CoverageTests
{
    // One rule of group A, one of L, one that the catalogue does not have.
    private static readonly RuleInfo[] Rules = [Rule("SVM-15.4-SVME-UD-INVLPGA", 'A'), Rule("SVM-L-EXC-OWNER", 'L'), Rule("SVM-UNKNOWN", '?')];

    public static TheoryData<string> Formats => [.. ReportFormats.Coverages.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Counts_of_recordings_add_up(string name)
    {
        Coverage coverage = Coverage.Of(
            Rules,
            [
                [new(Rules[0], 1000, 3, 0, [Lacks(Evidence.EferSvme, 1), Lacks(Evidence.Cpl, 2)])],
                [new(Rules[0], 500, 4, 7, [Lacks(Evidence.EferSvme, 4)]), new(Rules[1], 2, 0, 0, [])],
            ],
            unread: 1);
        using var output = new StringWriter();
        ReportFormats.Coverages.First(format => format.Name == name).Write(coverage, output, Ink.None);
        Golden.Matches($"Diff/Report/coverage.{name}", output.ToString());
    }

    private static RuleInfo Rule(string id, char group) => new(
        id, "15.4", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High, $"Statement of {id}.", $"Evidence of {id}.", "Expected.")
    {
        Group = group,
    };

    private static EvidenceShare Lacks(Evidence evidence, ulong count) => new(EvidenceTable.Of(evidence), count);
}
