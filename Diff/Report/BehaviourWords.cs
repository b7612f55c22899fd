using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>What L0 does otherwise and no rule names, in the words that reports share. All texts are in one line each and harmless.</summary>
internal static class BehaviourWords
{
    /// <summary>The name of the test that fails where L0 behaves differently.</summary>
    public const string Test = "L0 acts as in base";

    /// <summary>The word that stands where a departure has its rule.</summary>
    public const string Word = "behaviour";

    private const int LongestLine = 240;

    /// <summary>Whether it fails a comparison.</summary>
    public static bool Fails(CheckedCapture capture) => capture.Behaviour.Count > 0 && capture.Result.Policy.FailOn.HasFlag(FailOn.Behaviour);

    /// <summary>At which exits, and how many.</summary>
    public static string Count(BehaviourChange change) => $"{Numbers.Plain(change.Count)} of {Numbers.Amount(change.Compared, "exit", "exits")} compared";

    public static string Line(BehaviourChange change) => PlainText.Of($"{change.Where}: in base {change.DidInBase}; in test {change.DidInTest} ({Count(change)}, fingerprint {change.Fingerprint})");

    /// <summary>All changes of a pair in one line.</summary>
    public static string All(CheckedCapture capture) => $"L0 behaves differently and no rule names it: {string.Join("; ", capture.Behaviour.Select(change => $"{change.Where} ({change.Fingerprint})"))}";

    /// <summary>What there is to say about a change, each with its label.</summary>
    public static IEnumerable<(string Label, string Text)> Facts(CheckedCapture capture, BehaviourChange change)
    {
        yield return ("acts", PlainText.Of($"otherwise at {change.Where}: {Count(change)}, fingerprint {change.Fingerprint}"));
        yield return ("base", PlainText.Of($"{VcpuNames.Of((capture.Base ?? capture.Result).Summary, change.First.Base.Stream)}, exit {change.First.Base.Index}: {change.DidInBase}"));
        yield return ("test", PlainText.Of($"{capture.VcpuOf(change.First.Test.Stream)}, exit {change.First.Test.Index}: {change.DidInTest}"));
    }

    /// <summary>The exits around the first place in one of the captures, a line each; the exit itself has a mark before it.</summary>
    public static IEnumerable<string> Around(ExitContext around) =>
        around.Exits.Select(exit => PlainText.Of($"{(exit.Index == around.Index ? '>' : ' ')} {ExitPrinter.Line(exit)}", LongestLine));

    /// <summary>How much two captures have in common, for a person.</summary>
    public static string Common(CommonExits common) => $"{Numbers.Plain(common.Compared)} of {Numbers.Amount(common.InBase, "exit", "exits")} of L2 and SVM instructions of base were compared";
}
