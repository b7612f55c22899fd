using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Results;

/// <summary>How much of a recording is about nested virtualization, and how much of that was decided.</summary>
/// <param name="OfL2">Exits of L2.</param>
/// <param name="OfSvmInstructions">Exits of L1 for an SVM instruction. Its VMMCALL does not count: that is a hypercall of any guest of KVM.</param>
/// <param name="Decided">At how many of both a rule was kept or broken and nothing is undecided.</param>
public sealed record ExaminedExits(ulong OfL2, ulong OfSvmInstructions, ulong Decided);

/// <summary>How much of one vCPU was lost.</summary>
/// <param name="Stream">The vCPU.</param>
/// <param name="Share">The part of its events, 0 to 1: by the recorder's counts, shared out among the vCPUs of a CPU; where a loss was not
/// counted, the part of its exits beside one, if that is more.</param>
public sealed record StreamLoss(StreamId Stream, double Share);

/// <summary>How much was lost of a vCPU where something of nested virtualization could have happened: since L1 enabled SVM.</summary>
/// <param name="Stream">The vCPU.</param>
/// <param name="Exits">Exits of L2 and SVM instructions of L1 that were recorded.</param>
/// <param name="Lost">About how many exits were lost since then; each may have been one of these.</param>
/// <param name="Places">In how many places.</param>
public sealed record NestedLoss(StreamId Stream, ulong Exits, ulong Lost, ulong Places)
{
    /// <summary>The part of what matters that may be lost, 0 to 1.</summary>
    public double Share => Lost == 0 ? 0 : Lost / ((double)Exits + Lost);
}
