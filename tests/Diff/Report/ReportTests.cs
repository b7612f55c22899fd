using Differ.Diff.Compare;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report;

/// <summary>Every report format over the same results. A new format is tested by standing in the list.</summary>
public sealed class ReportTests
{
    public static TheoryData<string> Formats => [.. ReportFormats.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_result_that_has_everything_is_written_as_stored(string format) =>
        Golden.Matches($"Diff/Report/Expected/everything.{format}", Write(format, SampleResult.Full));

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_result_that_has_nothing_is_written_as_stored(string format) =>
        Golden.Matches($"Diff/Report/Expected/nothing.{format}", Write(format, SampleResult.Empty));

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_report_ends_with_one_end_of_line_and_has_no_other_kind(string format)
    {
        string report = Write(format, SampleResult.Full);
        Assert.EndsWith("\n", report, StringComparison.Ordinal);
        Assert.False(report.EndsWith("\n\n", StringComparison.Ordinal), "a blank line at the end");
        Assert.DoesNotContain('\r', report);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_format_is_found_by_its_name(string format) => Assert.Equal(format, ReportFormats.Find(format)!.Name);

    [Fact]
    public void A_name_that_no_format_has_finds_none() => Assert.Null(ReportFormats.Find("no-such-format"));

    private static string Write(string format, DiffResult result)
    {
        using var output = new StringWriter();
        ReportFormats.Find(format)!.Write(FindingSet.Of(result), output, Ink.None);
        return output.ToString();
    }
}
