using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Writing;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report;

/// <summary>Every report format over the same sets. A new format is tested by standing in the list.</summary>
public sealed class ReportTests
{
    public static TheoryData<string> Formats => [.. ReportFormats.All.Select(format => format.Name)];

    public static TheoryData<string, string> Stored
    {
        get
        {
            var stored = new TheoryData<string, string>();
            foreach (string set in SampleFindings.All.Keys)
            {
                foreach (string format in ReportFormats.All.Select(format => format.Name).Where(format => IsWritten(set, format)))
                {
                    stored.Add(set, format);
                }
            }

            return stored;
        }
    }

    [Theory]
    [MemberData(nameof(Stored))]
    public void A_set_is_written_as_stored(string set, string format) =>
        Golden.Matches($"Diff/Report/Expected/{set}.{format}", Write(format, SampleFindings.All[set]));

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_report_ends_with_one_end_of_line_and_has_no_other_kind(string format) => Assert.All(["everything", "several", "compared"], set =>
    {
        string report = Write(format, SampleFindings.All[set]);
        Assert.EndsWith("\n", report, StringComparison.Ordinal);
        Assert.False(report.EndsWith("\n\n", StringComparison.Ordinal), "a blank line at the end");
        Assert.DoesNotContain('\r', report);
    });

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_format_is_found_by_its_name(string format) => Assert.Equal(format, ReportFormats.Find(format)!.Name);

    [Fact]
    public void A_name_that_no_format_has_finds_none() => Assert.Null(ReportFormats.Find("no-such-format"));

    // A comparison has texts and JSON of its own, and the text of one capture shows names as its reader made them harmless.
    private static bool IsWritten(string set, string format) => set switch
    {
        "compared" or "behaviour" or "behaviour-fails" => ChangeFormats.All.All(own => own.Name != format),
        "hostile" => format != "text",
        _ => true,
    };

    internal static string Write(string format, FindingSet findings)
    {
        using var output = new StringWriter();
        ReportFormats.Find(format)!.Write(findings, output, Ink.None);
        return output.ToString();
    }

}
