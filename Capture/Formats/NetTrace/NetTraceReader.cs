using System.Buffers.Binary;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>The tracepoints of a .nettrace file in the order of time.</summary>
/// <remarks>
/// The file is walked twice: what kinds of events there are, and how many were dropped, is known only at its end. The recorder tells
/// a number of dropped events and not where they are missing, so one that is not zero puts the whole recording in doubt.
/// </remarks>
internal sealed class NetTraceReader : ITraceReader
{
    private const int CancelEvery = 1 << 12;
    private const string Group = "kvm";

    private readonly ByteSource _source;
    private readonly NetTraceHeader _header;
    private readonly Dictionary<(string, string, int), KnownKind> _kinds = [];
    private readonly ProcessMachines _machines = new();
    private readonly ulong _dropped;

    /// <summary>Looks a file over.</summary>
    /// <exception cref="CaptureFormatException">The file is damaged, or has no tracepoints of KVM.</exception>
    public NetTraceReader(ByteSource source, NetTraceHeader header)
    {
        _source = source;
        _header = header;
        int seen = 0;
        _dropped = new NetTraceWalk(source).Run(one =>
        {
            if (one.Kind.Number == seen)
            {
                seen++;
                _ = _kinds.TryAdd(one.Kind.Key, new KnownKind(NetTraceLayout.Of(one.Kind, one.Payload.Length)));
            }
        });
        Types = [.. _kinds.Values.Select(kind => kind.Type).OrderBy(type => type.Layout.System, StringComparer.Ordinal).ThenBy(type => type.Layout.Name, StringComparer.Ordinal)];
        if (!Types.Any(type => type.Layout.System == Group))
        {
            CaptureFormatException.ThrowNoKvmEvents(".nettrace", 0);
        }

        Header = new RunHeader { Format = $".nettrace v{header.Version}", ClockUnit = ClockUnit.Nanoseconds };
    }

    /// <inheritdoc/>
    public RunHeader Header { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TraceEventType> Types { get; }

    /// <inheritdoc/>
    public bool BigEndian => false;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, string> ThreadNames { get; } = new Dictionary<int, string>();

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, int> MachineOfThread => _machines.MachineOfThread;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, ulong> Overruns { get; } = new Dictionary<int, ulong>();

    /// <inheritdoc/>
    public void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
    {
        if (_dropped > 0)
        {
            notes.Add(CaptureNotes.LostEvents, "the file does not say where");
            sink.Lost(new LossMark(0, _dropped, new ClockTime(0), new ClockTime(ulong.MaxValue)));
        }

        foreach (TraceEventType type in Types.Where(type => type.IsCut))
        {
            notes.Add(NetTraceNotes.CutDescription, type.Layout.Name);
        }

        var walk = new NetTraceWalk(_source);
        bool everything = sink.WantsEverything;
        var kinds = new List<KnownKind>();
        ulong events = 0;
        walk.Run(one =>
        {
            if (++events % CancelEvery == 0)
            {
                cancel.ThrowIfCancellationRequested();
                progress?.Invoke(events, (double)walk.Consumed / _source.Length);
            }

            if (one.Kind.Number == kinds.Count)
            {
                kinds.Add(_kinds[one.Kind.Key]);
            }

            KnownKind known = kinds[one.Kind.Number];
            known.Type.Count++;
            if (everything || known.Type.Binding is not null)
            {
                HandOn(one, known, sink);
            }
        });
        progress?.Invoke(events, 1);
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private void HandOn(in NetTraceEvent one, KnownKind known, IEventSink sink)
    {
        int at = known.ThreadAt;
        int thread = at >= 0 && at + sizeof(int) <= one.Payload.Length ? BinaryPrimitives.ReadInt32LittleEndian(one.Payload[at..]) : one.Thread;
        if (known.Type.Binding is { Tracepoint.Role: TracepointRole.Entry })
        {
            _machines.Entered(thread, one.Process);
        }

        sink.Take(new RawEvent(new ClockTime(_header.Nanoseconds(one.Ticks)), one.Cpu, thread, 0, known.Type, one.Payload, one.FileOffset));
    }

    /// <summary>A kind of event with its layout.</summary>
    private sealed class KnownKind
    {
        public KnownKind(EventLayout layout)
        {
            // Without exits and entries nothing can be read, and the refusal says so; everything else is evidence that is missing.
            bool isCut = KvmTracepoints.Find(layout.System, layout.Name) is { Role: TracepointRole.Happening } tracepoint
                && BoundTracepoint.Missing(tracepoint, layout) is not null;
            Type = new TraceEventType(layout) { IsCut = isCut };
            ThreadAt = layout.Find("common_pid") is { Size: sizeof(int) } pid ? pid.Offset : -1;
        }

        /// <summary>The kind of event.</summary>
        public TraceEventType Type { get; }

        /// <summary>Where the record holds the thread; -1 where it does not.</summary>
        public int ThreadAt { get; }
    }
}
