namespace Differ.Capture.Recording;

/// <summary>
/// What recording costs a guest: instructions that the host executes for a CPUID exit, with the guest's own. The lab measures them, on Linux 7.3 and an
/// emulated processor that counts them (tests/Lab/CostTests.cs).
/// </summary>
public static class RecordingCost
{
    /// <summary>Instructions where nothing is recorded.</summary>
    public const int Unrecorded = 3_209;

    /// <summary>Instructions of a hit of a probe, without its reads.</summary>
    public const int OfProbe = 1_325;

    /// <summary>Instructions of a read of eight bytes by a probe.</summary>
    public const int OfRead = 126;

    /// <summary>Instructions where a level is recorded.</summary>
    public static int Of(EventLevel level) => level switch
    {
        EventLevel.Stock => 5_923,
        EventLevel.Lean => 20_965,

        // 31 970 without the guest PAT, which both probes read since.
        _ => 31_970 + (2 * OfRead),
    };
}
