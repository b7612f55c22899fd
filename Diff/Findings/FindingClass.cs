using Differ.Diff.Results;

namespace Differ.Diff.Findings;

/// <summary>A finding and the capture it is of.</summary>
/// <param name="Capture">The capture.</param>
/// <param name="Finding">The finding.</param>
public sealed record PlacedFinding(CheckedCapture Capture, Finding Finding);

/// <summary>One class of departures over all captures of a set.</summary>
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
