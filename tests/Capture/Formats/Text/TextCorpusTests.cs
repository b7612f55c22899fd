using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>Texts of the collection against the recordings they were made from, or against others of the same payload.</summary>
public sealed partial class TextCorpusTests
{
    [CorpusFact]
    public void A_report_counts_what_its_recording_holds()
    {
        foreach (string report in Texts("report*.txt"))
        {
            string recording = Path.Combine(Path.GetDirectoryName(report)!, "trace.dat");
            Assert.Equal(CommandLine.Run("show", "--counts", recording).Output, CommandLine.Run("show", "--counts", report).Output);
        }
    }

    [CorpusFact]
    public void A_report_of_raw_fields_gives_the_records_of_its_recording()
    {
        foreach (string report in Texts("report-R.txt"))
        {
            string recording = Path.Combine(Path.GetDirectoryName(report)!, "trace.dat");
            string expected = Timeless(ReportText.WithoutVerdicts(CommandLine.Run("show", recording).Output));

            // Where L2 never runs, a text does not prove it.
            expected = expected.Contains("  L2  ", StringComparison.Ordinal) ? expected : Levels().Replace(expected, "  L?  ");
            Assert.Equal(expected, Timeless(ReportText.WithoutVerdicts(CommandLine.Run("show", report).Output)));
        }
    }

    [CorpusFact]
    public void A_text_is_judged_as_the_recording_of_the_same_payload()
    {
        foreach (string text in Texts("*.txt").Where(path => !Path.GetFileName(path).StartsWith("console", StringComparison.Ordinal)))
        {
            string recording = Path.Combine(Path.GetDirectoryName(text)!, "trace.dat");
            CommandResult expected = CommandLine.Run("check", recording);
            CommandResult actual = CommandLine.Run("check", text);

            // A text shows less: what a recording says for certain, it may leave open.
            Assert.True(expected.Status == actual.Status || (expected.Status, actual.Status) is (0, 4), text + ": " + actual.Errors);
            Assert.Equal(Rules(expected.Output), Rules(actual.Output));
        }
    }

    private static List<string> Texts(string pattern)
    {
        string[] found = [.. Directory.EnumerateDirectories(Repository.Corpus!).Where(folder => Path.GetFileName(folder) != "raw")
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories)).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(found);
        return [.. found.Where(path => File.Exists(Path.Combine(Path.GetDirectoryName(path)!, "trace.dat")))];
    }

    // Times are rounded, and libtraceevent drops the upper bits of icr_low.
    private static string Timeless(string records) => Interrupts().Replace(Times().Replace(records, ""), "");

    private static List<string> Rules(string report) => [.. RuleLine().Matches(report).Select(match => match.Value).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^  +[0-9]+\.[0-9]+ ", RegexOptions.Multiline)]
    private static partial Regex Times();

    [GeneratedRegex(@"  L1  ")]
    private static partial Regex Levels();

    [GeneratedRegex(@"icr_low 0x[0-9a-f]+  ")]
    private static partial Regex Interrupts();

    [GeneratedRegex(@"^[0-9]+\. (SVM|HW)[-A-Z0-9a-z]+", RegexOptions.Multiline)]
    private static partial Regex RuleLine();
}
