using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report;

/// <summary>What a set of captures comes to, in the words that reports share.</summary>
internal static class SetWords
{
    /// <summary>The set in one line.</summary>
    public static string Sum(FindingSet findings)
    {
        string word = findings.Compares ? "pair" : "capture";
        int diverging = Count(findings, RecordingOutcome.Diverges), likely = Count(findings, RecordingOutcome.Likely), inconclusive = Count(findings, RecordingOutcome.Inconclusive), conforming = Count(findings, RecordingOutcome.Conforms);
        int behaving = findings.Checked.Count(capture => capture.Behaviour.Count > 0);
        string[] parts =
        [
            diverging > 0 ? $"{diverging} {(findings.Compares ? "with new divergences" : diverging == 1 ? "diverges" : "diverge")}" : findings.Compares ? "nothing is new" : "nothing diverges",
            likely > 0 ? $"{likely} likely" : "",
            behaving > 0 ? $"{behaving} in which L0 behaves differently and no rule names it" : "",
            inconclusive > 0 ? $"{inconclusive} inconclusive" : "",
            conforming > 0 && !findings.Compares ? $"{conforming} {(conforming == 1 ? "conforms" : "conform")}" : "",
            findings.Unread.Count > 0 ? $"{findings.Unread.Count} cannot be used" : "",
            findings.LeftOut.Count > 0 ? $"{findings.LeftOut.Count} left out" : "",
        ];
        return $"{Numbers.Amount((ulong)(findings.Checked.Count + findings.Unread.Count), word, word + "s")}: {string.Join(", ", parts.Where(part => part.Length > 0))}";
    }

    /// <summary>What a policy asks for that the usual one does not; empty for the usual one.</summary>
    public static string Of(Policy policy)
    {
        Policy usual = Policy.Default;
        string[] parts =
        [
            policy.Source.Length > 0 ? $"of {policy.Source}" : "",
            policy.FailOn == usual.FailOn ? "" : $"fails on {string.Join(", ", policy.FailOnWords)}",
            policy.MaxLost.Equals(usual.MaxLost) ? "" : $"{RecordingVerdict.Percent(policy.MaxLost)} of a vCPU's events may be lost",
            policy.MaxUndecided is { } most ? $"{RecordingVerdict.Percent(most)} of the exits may be undecided" : "",
            policy.Require.Count > 0 ? $"requires {string.Join(", ", policy.Require)}" : "",
            policy.Culprit == usual.Culprit ? "" : $"counts divergences of {(policy.Culprit == CulpritChoice.Processor ? "the processor" : "KVM")}",
            policy.Ignored.Count > 0 ? $"ignores {string.Join(", ", policy.Ignored.Select(one => one.Rule))}" : "",
            policy.Speculative ? "speculative" : "",
        ];
        return string.Join("; ", parts.Where(part => part.Length > 0));
    }

    /// <summary>Whose departures count, in the word of reports in JSON.</summary>
    public static string WordOf(CulpritChoice culprit) => $"{culprit}".ToLowerInvariant();

    private static int Count(FindingSet findings, RecordingOutcome outcome) => findings.Checked.Count(capture => capture.Verdict.Outcome == outcome);
}
