using Differ.Diff.Changes;
using Differ.Diff.Compare;

namespace Differ.Diff.Findings;

/// <summary>How a departure stands, from the one that fails a check to the one that is as it should be.</summary>
public enum FindingState : byte
{
    /// <summary>It fails the check: a departure that nothing explains; of a comparison, a new one.</summary>
    Failing,

    /// <summary>Of a comparison: the base capture has it as well, as often or not. It does not fail.</summary>
    StillThere,

    /// <summary>A baseline accepts it.</summary>
    Accepted,

    /// <summary>KVM documents it.</summary>
    Documented,

    /// <summary>Of a comparison: only the base capture has it, and the test capture never did what it takes.</summary>
    NotComparable,

    /// <summary>Of a comparison: only the base capture has it.</summary>
    Fixed,
}

/// <summary>One class of departures of one capture, and how it stands.</summary>
/// <param name="Class">The class; of a comparison as the test capture has it, where it has it.</param>
/// <param name="State">How it stands.</param>
/// <param name="Change">What became of it since the base capture; null where nothing is compared, and for known departures.</param>
public sealed record Finding(DivergenceClass Class, FindingState State, ClassChange? Change = null)
{
    /// <summary>Whether it fails the check.</summary>
    public bool Fails => State == FindingState.Failing;

    /// <summary>Whether the capture has it, be it accepted or known.</summary>
    public bool IsPresent => State is not (FindingState.Fixed or FindingState.NotComparable);

    /// <summary>A class that a check found.</summary>
    internal static Finding Of(DivergenceClass found) => new(
        found, found.Accepted is not null ? FindingState.Accepted : found.Known is not null ? FindingState.Documented : FindingState.Failing);

    /// <summary>A class that a comparison tells of.</summary>
    internal static Finding Of(ClassChange change) => new(change.Found, change.Change switch
    {
        Changes.Change.New => FindingState.Failing,
        Changes.Change.Fixed => FindingState.Fixed,
        Changes.Change.NotComparable => FindingState.NotComparable,
        _ => FindingState.StillThere,
    }, change);
}
