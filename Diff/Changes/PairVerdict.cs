using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Changes;

/// <summary>Judges two recordings beside each other, by the policy of the test recording.</summary>
internal static class PairVerdict
{
    /// <summary>The verdict on a pair.</summary>
    /// <remarks>
    /// That nothing is new, and that L0 acts alike, can be said only where both sides could have shown it and have something in common. A
    /// likely departure or a change of behaviour goes before what is missing only where the policy fails on it.
    /// </remarks>
    public static RecordingVerdict Of(RunChanges pair)
    {
        VerdictReason[] found = [.. Found(pair)], lacks = [.. Missing(pair)];
        RecordingOutcome outcome = found.Select(reason => OutcomeOf(reason.Kind)).OrderByDescending(outcome => pair.Test.Policy.Fails(outcome)).ThenByDescending(outcome => outcome)
            .FirstOrDefault(outcome => lacks.Length == 0 || outcome == RecordingOutcome.Diverges || pair.Test.Policy.Fails(outcome));
        return outcome == RecordingOutcome.Conforms && lacks.Length > 0 ? new RecordingVerdict(RecordingOutcome.Inconclusive, [.. lacks, .. found])
            : new RecordingVerdict(outcome, [.. found.OrderByDescending(reason => OutcomeOf(reason.Kind) == outcome), .. lacks]);
    }

    private static RecordingOutcome OutcomeOf(ReasonKind kind) => kind switch
    {
        ReasonKind.Divergences => RecordingOutcome.Diverges,
        ReasonKind.Likely => RecordingOutcome.Likely,
        _ => RecordingOutcome.Behaviour,
    };

    private static IEnumerable<VerdictReason> Found(RunChanges pair)
    {
        Policy policy = pair.Test.Policy;
        int certain = pair.Classes.Count(one => one.Change == Change.New && policy.Counts(one.Found));
        int likely = pair.Test.Likely.Count(found => policy.Counts(found) && pair.Base.Classes.All(before => before.Fingerprint != found.Fingerprint));
        if (certain > 0)
        {
            yield return new VerdictReason(ReasonKind.Divergences, Numbers.Amount((ulong)certain, "new class of divergences", "new classes of divergences"));
        }

        if (likely > 0)
        {
            yield return new VerdictReason(
                ReasonKind.Likely, $"{Numbers.Amount((ulong)likely, "new class", "new classes")} of divergences that {(likely == 1 ? "holds" : "hold")} under an assumption");
        }

        if (pair.Behaviour.Count > 0)
        {
            yield return new VerdictReason(
                ReasonKind.Behaviour, $"L0 behaves differently in {Numbers.Amount((ulong)pair.Behaviour.Count, "way", "ways")} that no rule names");
        }
    }

    private static IEnumerable<VerdictReason> Missing(RunChanges pair) =>
    [
        .. pair.Base.Verdict.Lacks.Select(reason => reason with { Text = $"base: {reason.Text}" }),
        .. pair.Test.Verdict.Lacks.Select(reason => reason with { Text = $"test: {reason.Text}" }),
        .. pair.Common.Compared > 0 ? Array.Empty<VerdictReason>() : [new VerdictReason(ReasonKind.NothingInCommon, Nothing(pair))],
    ];

    private static string Nothing(RunChanges pair) => pair.Vcpus.Any(vcpu => vcpu.Aligned.Pairs > 0)
        ? "the captures have no exit of L2 and no SVM instruction in common that could be compared" : "the captures have no exit in common";
}
