using System.Globalization;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>A finding in the words that the reports for CI share. All texts are in one line each and harmless.</summary>
internal static class FindingWords
{
    private const int LongestLine = 240;

    /// <summary>Who is at fault, for a person.</summary>
    public static string Culprit(DivergenceClass found) => found.Culprit == Schemas.Model.Culprit.Processor ? "the processor" : "KVM";

    /// <summary>How grave the rule is.</summary>
    public static string Severity(DivergenceClass found) => found.Rule.Severity.ToString().ToLowerInvariant();

    /// <summary>How a finding stands, in one or two words.</summary>
    public static string State(Finding finding) => finding.Change is { } change ? ChangeWords.Words(change.Change)
        : finding.State switch
        {
            FindingState.Likely => "likely",
            FindingState.StillThere => "still there",
            FindingState.NotCounted => "not counted",
            FindingState.Accepted => "accepted",
            FindingState.Ignored => "ignored",
            FindingState.Documented => "documented",
            _ => "diverges",
        };

    /// <summary>Who departs and how often.</summary>
    public static string Departs(Finding finding) => $"{Culprit(finding.Class)} diverges {Numbers.Amount(finding.Class.Count, "time", "times")}";

    /// <summary>What there is to say about a finding, each with its label, in the order of a report.</summary>
    public static IEnumerable<(string Label, string Text)> Facts(CheckedCapture capture, Finding finding)
    {
        DivergenceClass found = finding.Class;
        KeptExit exit = found.First.Exit;
        yield return ("manual", $"{found.Rule.Citation}: {found.Rule.Statement}");
        yield return ("diverges", $"{Departs(finding)}, severity {Severity(found)}, fingerprint {found.Fingerprint}");
        if (found.AlsoBroken.Count > 0)
        {
            yield return ("also", string.Join(", ", found.AlsoBroken.Select(rule => rule.Id)));
        }

        if (found.AlsoLikely.Count > 0)
        {
            yield return ("likely", string.Join(", ", found.AlsoLikely.Select(rule => rule.Id)));
        }

        if (found.IsLikely)
        {
            yield return ("assumes", Assumption(found));
        }

        yield return ("first", $"{VcpuNames.Of(capture.ResultOf(finding).Summary, exit.Stream)}, exit {exit.Index}: {At(exit, found.Instruction)}");
        yield return ("recorded", PlainText.Of(string.Join("; ", found.First.Recorded.Select(field => field.Text))));
        foreach ((string outcome, int i) in found.First.Expected.Select((outcome, i) => (outcome, i)))
        {
            yield return (i == 0 ? "expected" : "or", outcome);
        }

        if (finding.Change is { } change)
        {
            yield return ("base", ChangeWords.Rate(change.Base));
            yield return ("test", ChangeWords.Rate(change.Test));
        }

        if (found.Known is { } known)
        {
            yield return ("known", PlainText.Of(known));
        }
    }

    /// <summary>The first exit and its neighbours, a line each; the exit itself has a mark before it.</summary>
    public static IEnumerable<string> Around(DivergenceClass found) =>
        found.First.Before.Append(found.First.Exit).Concat(found.First.After)
            .Select(exit => PlainText.Of($"{(ReferenceEquals(exit, found.First.Exit) ? '>' : ' ')} {ExitPrinter.Line(exit)}", LongestLine));

    /// <summary>What a likely finding assumes.</summary>
    public static string Assumption(DivergenceClass found) => $"{EvidenceTable.Of(found.Assumed).What} to be as the rule supposes";

    /// <summary>The names of the captures that have a class, as many as a line takes.</summary>
    public static string Names(FindingClass found, int most)
    {
        CheckedCapture[] captures = [.. found.Places.Select(place => place.Capture).Distinct()];
        string names = string.Join(", ", captures.Take(most).Select(capture => PlainText.Of(capture.Name)));
        return captures.Length > most ? $"{names} and {captures.Length - most} more" : names;
    }

    /// <summary>Why a rule that was kept has not passed.</summary>
    public const string KeptInInconclusive = "conforms where it could be decided, in a recording that is inconclusive";

    /// <summary>Why a capture is inconclusive.</summary>
    public static string Inconclusive(CheckedCapture capture) => $"inconclusive: {PlainText.Of(capture.Verdict.Why)}";

    /// <summary>How virtual machines ended, a line for each kind.</summary>
    public static IEnumerable<string> Endings(DiffResult result) => result.Endings.Select(ending =>
    {
        string times = ending.Count == 1 ? "" : $", {Numbers.Amount(ending.Count, "time", "times")}, the first";
        return PlainText.Of($"{ending.Name} ({Meaning(ending.Reason)}){times} after exit {ending.Exit.Index} of {VcpuNames.Of(result.Summary, ending.Exit.Stream)}: {At(ending.Exit, "")}");
    });

    /// <summary>Why a case is not decided.</summary>
    public static string Undecided(RuleCase one) => string.Create(CultureInfo.InvariantCulture, $"undecided at {Numbers.Amount(one.Count.Undecided, "exit", "exits")}, for lack of ")
        + string.Join("; ", one.Lacking.Select(share => share.Missing.What));

    /// <summary>Why a broken rule does not fail.</summary>
    public static string Known(RuleCase one) => string.Join("; ", one.Findings.Where(finding => finding.IsPresent)
        .Select(finding => PlainText.Of(finding.Class.Known ?? WhyNot(finding))).Distinct(StringComparer.Ordinal));

    /// <summary>Under what assumption a rule is broken.</summary>
    public static string Likely(RuleCase one) => string.Join("; ", one.Findings.Where(one.IsLikelyHere)
        .Select(finding => finding.Class.IsLikely ? $"likely, and assumes {Assumption(finding.Class)}" : $"likely, beside {finding.Class.Rule.Id}").Distinct(StringComparer.Ordinal));

    /// <summary>What came of a rule, in numbers.</summary>
    public static string Numbered(StreamRuleCount count) =>
        $"conforms at {Numbers.Amount(count.Conforms, "exit", "exits")}, undecided at {Numbers.Plain(count.Undecided)}, "
        + $"{(count.Likely > 0 ? $"likely diverges at {Numbers.Plain(count.Likely)}, " : "")}diverges at {Numbers.Plain(count.Departs)}";

    private static string WhyNot(Finding finding) => finding.State switch
    {
        FindingState.NotCounted => $"{Culprit(finding.Class)} diverges, whose divergences the policy does not count",
        FindingState.StillThere => $"{State(finding)} as in the base capture",
        _ => $"{State(finding)}, and the policy does not fail on it",
    };

    private static string Meaning(uint reason) => reason switch
    {
        UserspaceExit.ShutdownReason => "the guest shut down or was reset",
        UserspaceExit.FailEntryReason => "the processor could not enter the guest",
        _ => "KVM could not go on",
    };

    private static string At(KeptExit exit, string instruction) => $"{ExitPrinter.Level(exit.Level)}"
        + (!exit.HasExit ? " before the first #VMEXIT" : $" at rip 0x{exit.Exit.Rip:x}, #VMEXIT {exit.Exit.Code.Name}")
        + (instruction.Length > 0 ? $", instruction {instruction}" : "");
}
