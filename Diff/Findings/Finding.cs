using Differ.Diff.Changes;
using Differ.Diff.Results;

namespace Differ.Diff.Findings;

/// <summary>How a departure stands, from the gravest to the one that is as it should be.</summary>
public enum FindingState : byte
{
    /// <summary>A certain departure that nothing explains; of a comparison, a new one.</summary>
    Diverges,

    /// <summary>A departure that holds under an assumption.</summary>
    Likely,

    /// <summary>Of a comparison: the base capture has it as well, as often or not.</summary>
    StillThere,

    /// <summary>It is of a culprit that the policy does not count.</summary>
    NotCounted,

    /// <summary>A baseline accepts it.</summary>
    Accepted,

    /// <summary>The configuration ignores its rule.</summary>
    Ignored,

    /// <summary>KVM documents it.</summary>
    Documented,

    /// <summary>Of a comparison: only the base capture has it, and the test capture not exercised.</summary>
    NotComparable,

    /// <summary>Of a comparison: only the base capture has it.</summary>
    Fixed,
}

/// <summary>One class of divergences of one capture, and how it stands.</summary>
/// <param name="Class">The class; of a comparison as the test capture has it, where it has it.</param>
/// <param name="State">How it stands.</param>
/// <param name="Fails">Whether it fails the check.</param>
/// <param name="Change">What became of it since the base capture; null where nothing is compared, and for what is no finding.</param>
public sealed record Finding(DivergenceClass Class, FindingState State, bool Fails, ClassChange? Change = null)
{
    /// <summary>Whether the capture has it, be it accepted or known.</summary>
    public bool IsPresent => State is not (FindingState.Fixed or FindingState.NotComparable);

    /// <summary>Whether it is set aside with a reason: documented, accepted or ignored.</summary>
    public bool IsKnown => State is FindingState.Accepted or FindingState.Ignored or FindingState.Documented;

    /// <summary>A class that a check found.</summary>
    internal static Finding Of(DivergenceClass found, Policy policy) => Of(found, StateOf(found, policy), policy);

    /// <summary>A class that a comparison tells of.</summary>
    internal static Finding Of(ClassChange change, Policy policy)
    {
        FindingState state = change.Change switch
        {
            Changes.Change.New => StateOf(change.Found, policy),
            Changes.Change.Fixed => FindingState.Fixed,
            Changes.Change.NotComparable => FindingState.NotComparable,
            _ => FindingState.StillThere,
        };
        return Of(change.Found, state, policy) with { Change = change };
    }

    private static Finding Of(DivergenceClass found, FindingState state, Policy policy) => new(found, state, state switch
    {
        FindingState.Diverges => policy.FailOn.HasFlag(FailOn.Diverges),
        FindingState.Likely => policy.FailOn.HasFlag(FailOn.Likely),
        _ => false,
    });

    private static FindingState StateOf(DivergenceClass found, Policy policy) => found.Accepted is not null ? FindingState.Accepted
        : found.IsIgnored ? FindingState.Ignored
        : found.Known is not null ? FindingState.Documented
        : !policy.Counts(found) ? FindingState.NotCounted
        : found.IsLikely ? FindingState.Likely : FindingState.Diverges;
}

/// <summary>A finding and the capture it is of.</summary>
/// <param name="Capture">The capture.</param>
/// <param name="Finding">The finding.</param>
public sealed record PlacedFinding(CheckedCapture Capture, Finding Finding);

/// <summary>One class of divergences over all captures of a set.</summary>
/// <param name="Places">Where it is: at least one, those that fail first, then in the order of the set.</param>
public sealed record FindingClass(IReadOnlyList<PlacedFinding> Places)
{
    /// <summary>The place that is shown in full.</summary>
    public PlacedFinding Lead => Places[0];

    /// <summary>The class as the leading place has it.</summary>
    public DivergenceClass Class => Lead.Finding.Class;

    /// <summary>How it stands where it stands worst.</summary>
    public FindingState State => Lead.Finding.State;

    /// <summary>Whether it fails the check somewhere.</summary>
    public bool Fails => Places.Any(place => place.Finding.Fails);

    /// <summary>How many exits of all captures that have it; of one that is gone everywhere, of the base captures.</summary>
    public ulong Count => Places.Where(place => place.Finding.IsPresent == Lead.Finding.IsPresent).Aggregate(0UL, (sum, place) => sum + place.Finding.Class.Count);
}
