using Differ.Diff.Findings;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Ci;

/// <summary>
/// Annotations of GitHub Actions, as workflow commands. GitHub shows ten errors, ten warnings and ten notices of a step: each class is
/// told once, the gravest first, and the tenth line counts what is left.
/// </summary>
internal sealed class GithubReport : IReportFormat
{
    private const int MostOfAKind = 10;
    private const int MostNames = 5;
    private const int LongestMessage = 2000;

    public string Name => "github";

    public string Summary => "annotations of GitHub Actions: each class once, the gravest first, ten of a kind";

    public void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        FindingClass[] classes = [.. findings.Classes().Where(one => one.Lead.Finding.IsPresent)];
        ILookup<bool, CheckedCapture> inconclusive = findings.Checked.Where(capture => capture.IsInconclusive).ToLookup(capture => capture.Fails);
        ILookup<bool, CheckedCapture> behaviour = findings.Checked.ToLookup(BehaviourWords.Fails);
        Write("error", [.. classes.Where(one => one.Fails).Select(InFull), .. inconclusive[true].Select(Inconclusive), .. behaviour[true].SelectMany(Behaviour)], output);
        Write(
            "warning",
            [
                .. findings.Unread.Select(unread => new Annotation("Capture cannot be used", unread.File, $"{unread.Name}: {unread.Message}")),
                .. inconclusive[false].Select(Inconclusive), .. behaviour[false].SelectMany(Behaviour), .. classes.Where(IsWarned).Select(InFull),
            ], output);
        Write("notice", [.. classes.Where(one => !one.Fails && !IsWarned(one)).Select(Known), .. findings.Checked.SelectMany(Endings)], output);
        output.Write($"{Data($"Differ: {SetWords.Sum(findings)}")}\n");
    }

    // A finding that the policy does not fail on is none to be quiet about.
    private static bool IsWarned(FindingClass one) => !one.Fails && one.State is (FindingState.Diverges or FindingState.Likely);

    private static Annotation Inconclusive(CheckedCapture capture) => new("Recording is inconclusive", capture.File, $"{capture.Name}: {capture.Verdict.Why}");

    private static IEnumerable<Annotation> Behaviour(CheckedCapture capture) => capture.Behaviour.Select(change => new Annotation(
        "L0 behaves differently", capture.File, string.Join('\n', BehaviourWords.Facts(capture, change).Select(fact => $"{fact.Label}: {fact.Text}")) + $"\nin: {capture.Name}"));

    private static IEnumerable<Annotation> Endings(CheckedCapture capture) =>
        FindingWords.Endings(capture.Result).Select(ending => new Annotation("How the VM ended", capture.File, $"{capture.Name}: {ending}"));

    private static Annotation InFull(FindingClass one) => new(
        $"{one.Class.Rule.Id}: {FindingWords.Culprit(one.Class)} {(one.Class.IsLikely ? "likely diverges" : "diverges")}", one.Lead.Capture.File,
        string.Join('\n', FindingWords.Facts(one.Lead.Capture, one.Lead.Finding).Select(fact => $"{fact.Label}: {fact.Text}"))
            + $"\nin: {FindingWords.Names(one, MostNames)}");

    private static Annotation Known(FindingClass one) => new(
        $"{one.Class.Rule.Id}: {FindingWords.State(one.Lead.Finding)}", one.Lead.Capture.File,
        $"{FindingWords.Departs(one.Lead.Finding)}{(one.Class.Known is { } known ? $"; {known}" : "")} (fingerprint {one.Class.Fingerprint}), in {FindingWords.Names(one, MostNames)}");

    private static void Write(string kind, IReadOnlyList<Annotation> annotations, TextWriter output)
    {
        int shown = annotations.Count <= MostOfAKind ? annotations.Count : MostOfAKind - 1;
        foreach (Annotation one in annotations.Take(shown))
        {
            string message = string.Join('\n', one.Message.Split('\n').Select(line => PlainText.Of(line)));
            output.Write($"::{kind} file={Property(one.File)},title={Property(one.Title)}::{Data(PlainText.Cut(message, LongestMessage))}\n");
        }

        if (shown < annotations.Count)
        {
            output.Write($"::{kind} title=Differ::and {annotations.Count - shown} more, for which there is no room here\n");
        }
    }

    private static string Data(string text) => text.Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) => Data(PlainText.Of(text)).Replace(":", "%3A", StringComparison.Ordinal).Replace(",", "%2C", StringComparison.Ordinal);

    private sealed record Annotation(string Title, string File, string Message);
}
