using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Microsoft.Diagnostics.Tracing;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>What dotnet-trace and record-trace write, with Linux tracepoints among the events; read through TraceEvent.</summary>
/// <remarks>
/// A tracepoint is an event of a provider that has the name of its group. The payload is the kernel's record as it was:
/// <code>
/// described   u16 common_type, u8 common_flags, u8 common_preempt_count, i32 common_pid, u32 exit_reason, u64 guest_rip, ...
/// payload     0            2                 3                        4               8     (12)        16
/// </code>
/// The description has types and names and no offsets, so the gaps that C leaves are put back by <see cref="NetTraceLayout"/>;
/// the library's own values of such fields are wrong from the first gap on.
/// </remarks>
internal sealed class NetTraceFormat : ITraceFormat
{
    /// <inheritdoc/>
    public string Name => ".nettrace (dotnet-trace collect-linux, record-trace; v4 to v6)";

    /// <inheritdoc/>
    public bool Sniff(ReadOnlySpan<byte> start) => start.StartsWith(NetTraceHeader.Magic);

    /// <inheritdoc/>
    public ITraceReader Open(ByteSource source) => new NetTraceReader(source, NetTraceHeader.Read(source));
}

/// <summary>One walk over the events of a file in the order of time.</summary>
/// <param name="source">The file.</param>
internal sealed class NetTraceWalk(ByteSource source)
{
    private const int SmallestBuffer = 1 << 10;

    private readonly Dictionary<TraceEvent, NetTraceKind> _kinds = new(ReferenceEqualityComparer.Instance);
    private byte[] _payload = new byte[SmallestBuffer];
    private TraceEvent? _lastTemplate;
    private NetTraceKind? _lastKind;
    private bool _handedOut;

    /// <summary>Bytes of the file that were read so far.</summary>
    public long Consumed { get; private set; }

    /// <summary>Walks.</summary>
    /// <param name="take">Takes each event.</param>
    /// <returns>How many events the recorder dropped.</returns>
    /// <exception cref="CaptureFormatException">DIF0360: the file is damaged.</exception>
    public ulong Run(Action<NetTraceEvent> take)
    {
        using var stream = new SourceStream(source);
        try
        {
            using var events = new EventPipeEventSource(stream);
            events.Dynamic.All += one =>
            {
                Consumed = stream.Position;
                HandOut(one, take);
            };
            events.Process();
            return (ulong)Math.Max(0, events.EventsLost);
        }
        catch (Exception e) when (!_handedOut && e is not CaptureFormatException)
        {
            // The library has no exception of its own: a damaged file ends in whatever it first stumbles over.
            return CaptureFormatException.ThrowUnreadableNetTrace<ulong>(e.Message, stream.Position);
        }
    }

    private void HandOut(TraceEvent one, Action<NetTraceEvent> take)
    {
        int length = one.EventDataLength;
        if (length > _payload.Length)
        {
            _payload = new byte[length * 2];
        }

        one.EventData(_payload, 0, 0, length);
        NetTraceKind kind = ReferenceEquals(one, _lastTemplate) ? _lastKind! : KindOf(one);
        _handedOut = true;
        take(new NetTraceEvent(kind, TicksOf(one), one.ProcessorNumber, one.ThreadID, one.ProcessID, _payload.AsSpan(0, length), Consumed));
        _handedOut = false;
    }

    // Milliseconds in a double, which the library would rather give, lose nanoseconds after some days.
#pragma warning disable CS0618
    private static ulong TicksOf(TraceEvent one) => unchecked((ulong)one.TimeStampQPC);
#pragma warning restore CS0618

    // The library has one object for each kind of event and fills it anew for each event.
    private NetTraceKind KindOf(TraceEvent one)
    {
        if (!_kinds.TryGetValue(one, out NetTraceKind? kind))
        {
            // Types are told by the values alone; where a value cannot be had, neither can what follows it.
            var fields = new List<(string, Type)>();
            for (int i = 0; i < one.PayloadNames.Length && one.PayloadValue(i) is { } value; i++)
            {
                fields.Add((one.PayloadNames[i], value.GetType()));
            }

            kind = new NetTraceKind(_kinds.Count, one.ProviderName, one.EventName, (int)one.ID, fields);
            _kinds.Add(one, kind);
        }

        _lastTemplate = one;
        _lastKind = kind;
        return kind;
    }
}
