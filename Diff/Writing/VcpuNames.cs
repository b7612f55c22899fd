using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Writing;

/// <summary>Names of vCPUs within a capture.</summary>
internal static class VcpuNames
{
    /// <summary>A vCPU for a person. Two virtual machines each have a vCPU 0.</summary>
    public static string Of(RunSummary summary, StreamId id) =>
        summary.StreamOf(id) is { } found
            ? $"{(summary.Machines > 1 ? $"VM {found.Machine}, " : "")}{found.Label}"
            : $"stream {id.Value}";
}
