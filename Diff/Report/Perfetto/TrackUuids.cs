using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Perfetto;

/// <summary>The numbers of the tracks within a trace: small ones, because events carry them.</summary>
internal static class TrackUuids
{
    /// <summary>The track of the recording as a whole, and the parent of those of the findings.</summary>
    public const ulong Recording = 1, Findings = 2;

    /// <summary>A virtual machine's.</summary>
    public static ulong OfMachine(int machine) => 0x1000_0000 + (ulong)machine;

    /// <summary>A vCPU's.</summary>
    public static ulong OfVcpu(StreamId stream) => 0x2000_0000 + (ulong)stream.Value;

    /// <summary>A class of divergences'.</summary>
    public static ulong OfFinding(int number) => 0x3000_0000 + (ulong)number;
}
