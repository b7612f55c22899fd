using Differ.Capture.Bytes;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>What dotnet-trace and record-trace write, with Linux tracepoints among the events.</summary>
/// <remarks>
/// A tracepoint is an event of a provider that has the name of its group. The payload is the kernel's record as it was:
/// <code>
/// described   u16 common_type, u8 common_flags, u8 common_preempt_count, i32 common_pid, u32 exit_reason, u64 guest_rip, ...
/// payload     0            2                 3                        4               8     (12)        16
/// </code>
/// The description has types and names and no offsets, so the gaps that C leaves are put back by <see cref="NetTraceLayout"/>.
/// Microsoft's TraceEvent reads the same files and is what the tests hold this against; to pass over an event costs it more than
/// reading it costs here, its values of such fields are wrong from the first gap on, and a damaged file may hang it (docs/architecture.md).
/// </remarks>
internal sealed class NetTraceFormat : ITraceFormat
{
    /// <inheritdoc/>
    public string Name => ".nettrace (dotnet-trace collect-linux, record-trace; v4 to v6)";

    /// <inheritdoc/>
    public bool HasFixedStart => true;

    /// <inheritdoc/>
    public bool Sniff(ReadOnlySpan<byte> start) => start.StartsWith(NetTraceHeader.Magic);

    /// <inheritdoc/>
    public ITraceReader Open(ByteSource source) => new NetTraceReader(source);
}
