using System.Globalization;
using Differ.Diff.Writing;

namespace Differ.Diff.Results;

/// <summary>What is said of a whole recording, from best to worst.</summary>
public enum RecordingOutcome : byte
{
    /// <summary>What was recorded was examined, and departs from nothing.</summary>
    Conforms,

    /// <summary>Of a comparison: nothing is new that a rule names, and L0 behaves differently.</summary>
    Behaviour,

    /// <summary>It departs if something is as a rule assumes.</summary>
    Likely,

    /// <summary>It shows no departure, and too little to say that there is none.</summary>
    Inconclusive,

    /// <summary>It departs.</summary>
    Diverges,
}

/// <summary>Why a verdict is what it is.</summary>
public enum ReasonKind : byte
{
    /// <summary>Certain departures that count.</summary>
    Divergences,

    /// <summary>Departures that hold under an assumption and count.</summary>
    Likely,

    /// <summary>Of a comparison: L0 behaves differently, and no rule names it.</summary>
    Behaviour,

    /// <summary>Nothing, or nothing of nested virtualization, was decided.</summary>
    NothingExamined,

    /// <summary>More of a vCPU was lost than the policy allows.</summary>
    Lost,

    /// <summary>More is undecided than the policy allows.</summary>
    Undecided,

    /// <summary>A rule that the policy requires was not exercised.</summary>
    NotExercised,

    /// <summary>Of a comparison: the captures have nothing in common, or nothing of nested virtualization.</summary>
    NothingInCommon,
}

/// <summary>One reason for a verdict.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Text">In words, for a person: no full stop, fits behind a colon.</param>
public sealed record VerdictReason(ReasonKind Kind, string Text);

/// <summary>The verdict of a recording.</summary>
/// <param name="Outcome">The verdict in one word.</param>
/// <param name="Reasons">Why: everything that speaks against calling it good, the gravest first; none for a recording that conforms.</param>
public sealed record RecordingVerdict(RecordingOutcome Outcome, IReadOnlyList<VerdictReason> Reasons)
{
    /// <summary>The word for people and programs.</summary>
    public string Word => Words(Outcome);

    /// <summary>The reasons that make it inconclusive, whatever else was found.</summary>
    public IEnumerable<VerdictReason> Lacks => Reasons.Where(static reason => reason.Kind is not (ReasonKind.Divergences or ReasonKind.Likely or ReasonKind.Behaviour));

    /// <summary>The reasons in one line; empty for a recording that conforms.</summary>
    public string Why => string.Join("; ", Reasons.Select(reason => reason.Text));

    /// <summary>An outcome in one word.</summary>
    public static string Words(RecordingOutcome outcome) => $"{outcome}".ToLowerInvariant();

    /// <summary>Judges a recording by the policy that its result carries.</summary>
    /// <remarks>
    /// A certain departure is one whatever was lost. A likely one goes before what is missing only where the policy fails on it: else the
    /// recording would count as good although it is not known to be.
    /// </remarks>
    public static RecordingVerdict Of(DiffResult result)
    {
        VerdictReason[] found = [.. Found(result)], lacks = [.. Missing(result)];
        bool diverges = found.Any(reason => reason.Kind == ReasonKind.Divergences), likely = found.Any(reason => reason.Kind == ReasonKind.Likely);
        RecordingOutcome outcome = diverges ? RecordingOutcome.Diverges
            : likely && (lacks.Length == 0 || result.Policy.FailOn.HasFlag(FailOn.Likely)) ? RecordingOutcome.Likely
            : lacks.Length > 0 ? RecordingOutcome.Inconclusive
            : RecordingOutcome.Conforms;
        return new RecordingVerdict(outcome, outcome == RecordingOutcome.Inconclusive ? [.. lacks, .. found] : [.. found, .. lacks]);
    }

    private static IEnumerable<VerdictReason> Found(DiffResult result)
    {
        int certain = result.Divergences.Count(result.Policy.Counts), likely = result.Likely.Count(result.Policy.Counts);
        if (certain > 0)
        {
            yield return new VerdictReason(ReasonKind.Divergences, Numbers.Amount((ulong)certain, "class of divergences", "classes of divergences"));
        }

        if (likely > 0)
        {
            yield return new VerdictReason(
                ReasonKind.Likely, $"{Numbers.Amount((ulong)likely, "class", "classes")} of divergences that {(likely == 1 ? "holds" : "hold")} under an assumption");
        }
    }

    private static IEnumerable<VerdictReason> Missing(DiffResult result)
    {
        Policy policy = result.Policy;
        // What departs was examined, in an exit of L2 or not.
        if (!result.Divergences.Any(policy.Counts) && NothingExamined(result) is { } nothing)
        {
            yield return new VerdictReason(ReasonKind.NothingExamined, nothing);
        }

        foreach (StreamLoss loss in result.Losses.Where(loss => loss.Share > policy.MaxLost))
        {
            yield return new VerdictReason(
                ReasonKind.Lost,
                $"{Percent(loss.Share)} of the events of {VcpuNames.Of(result.Summary, loss.Stream)} were lost, and {Percent(policy.MaxLost)} may be");
        }

        ulong exits = result.Verdicts.Values.Aggregate(0UL, static (sum, count) => sum + count), undecided = result.CountOf(Results.Verdict.Undecided);
        if (policy.MaxUndecided is { } most && exits > 0 && (double)undecided / exits is var share && share > most)
        {
            yield return new VerdictReason(ReasonKind.Undecided, $"{Percent(share)} of the exits are undecided, and {Percent(most)} may be");
        }

        foreach (string rule in policy.Require.Where(rule => !result.Rules.Any(count => count.Rule.Id == rule && count.Decided > 0)))
        {
            yield return new VerdictReason(ReasonKind.NotExercised, $"{rule}, which is required, was never decided");
        }
    }

    private static string? NothingExamined(DiffResult result)
    {
        ExaminedExits examined = result.Examined;
        return result.Summary.Exits == 0 ? "nothing was examined: the recording has no exit"
            : examined.OfL2 + examined.OfSvmInstructions == 0 ? "nothing was examined: the recording has no exit of L2 and no SVM instruction"
            : examined.Decided == 0
                ? $"nothing was decided of {Numbers.Amount(examined.OfL2, "exit", "exits")} of L2 and {Numbers.Amount(examined.OfSvmInstructions, "SVM instruction", "SVM instructions")}"
            : null;
    }

    /// <summary>A part of something, 0 to 1, in percent. What there is little of is not nothing.</summary>
    public static string Percent(double share) => share is > 0 and < 0.0005 ? "< 0.1 %" : string.Create(CultureInfo.InvariantCulture, $"{Math.Round(share * 100, 1)} %");
}
