using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Order;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;

namespace Differ.Capture.Formats.Ctf;

/// <summary>The events of a CTF recording in the order of time.</summary>
/// <remarks>Times are those of the host's clock, as other recorders have them: what a clock adds to be the time of day is left out.</remarks>
internal sealed class CtfReader : ITraceReader
{
    private const int CancelEvery = 1 << 12;
    private const string Group = "kvm";

    private readonly ByteFolder _folder;
    private readonly CtfSchema _schema;
    private readonly IReadOnlyList<CtfStream> _streams;
    private readonly long _size;
    private readonly ulong _foreign;
    private readonly string _clock;
    private CtfThreads _threads = new();

    /// <summary>Looks a recording over.</summary>
    /// <exception cref="CaptureFormatException">It is damaged, or has no tracepoints of KVM.</exception>
    public CtfReader(ByteFolder folder, string metadata, CtfSchema schema)
    {
        _folder = folder;
        _schema = schema;
        Types = [.. schema.Kinds.Select(kind => kind.Type)];
        List<CtfKind> ours = [.. schema.Kinds.Where(kind => kind.Type.Layout.System == Group)];
        if (ours.Count == 0)
        {
            CaptureFormatException.ThrowNoKvmEvents("CTF", 0);
        }

        if (ours.Exists(kind => kind.ThreadAt < 0) && !schema.Kinds.Any(kind => kind.NextThreadAt >= 0))
        {
            CaptureFormatException.ThrowNoThreads();
        }

        (_streams, _size, _foreign) = CtfStream.Find(schema, folder, metadata);
        CtfStreamKind main = schema.Streams.MaxBy(stream => stream.Kinds.Values.Count(kind => kind.Type.Layout.System == Group))!;
        _clock = main.Clock;
        string Said(params string[] names) => names.Select(name => schema.Description.Environment.GetValueOrDefault(name, "")).FirstOrDefault(said => said.Length > 0) ?? "";
        Header = new RunHeader
        {
            Format = Said("tracer_name") is { Length: > 0 } tracer ? $"CTF 1.8 of {tracer}" : "CTF 1.8",
            KernelRelease = Said("release", "kernel_release"),
            HostName = Said("host", "hostname"),
            Clock = _clock,
            ClockUnit = ClockUnit.Nanoseconds,
            ListIsSelective = true,
        };
    }

    /// <inheritdoc/>
    public RunHeader Header { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TraceEventType> Types { get; }

    /// <summary>Never: records are made here.</summary>
    public bool BigEndian => false;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, string> ThreadNames => _threads.Names;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, int> MachineOfThread => _threads.MachineOfThread;

    /// <summary>Empty: counters become marks.</summary>
    public IReadOnlyDictionary<int, ulong> Overruns { get; } = new Dictionary<int, ulong>();

    /// <inheritdoc/>
    public void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
    {
        _threads = new CtfThreads();
        Note(notes);
        List<CtfEvents> cursors = [.. _streams.Select(stream => new CtfEvents(_schema, _folder, stream))];
        try
        {
            var pass = new Pass(this, cursors, sink, notes, progress, cancel);
            EventMerge.Run(cursors, ref pass);
            pass.Tell();
        }
        finally
        {
            cursors.ForEach(cursor => cursor.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Files are open only while they are read.
    }

    private void Note(CaptureNotes notes)
    {
        if (_foreign > 0)
        {
            notes.Add(CtfNotes.ForeignFile, _foreign);
        }

        if (_schema.Description.Environment.GetValueOrDefault("tracer_name") == "perf")
        {
            notes.Add(CtfNotes.Converted);
        }

        if (_schema.IsOfLttng)
        {
            notes.Add(CtfNotes.Lossy);
        }

        foreach (string stale in _schema.Stale)
        {
            notes.Add(CtfNotes.StaleProbe, stale);
        }

        foreach (TraceEventType cut in Types.Where(type => type.IsCut && !_schema.Stale.Contains(type.Layout.Name)))
        {
            notes.Add(CtfNotes.CutDescription, cut.Layout.Name);
        }
    }

    /// <summary>One walk over the streams.</summary>
    private struct Pass(
        CtfReader reader, List<CtfEvents> cursors, IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
        : IMergeVisitor<CtfEvents>
    {
        private readonly bool _everything = sink.WantsEverything;
        private readonly CtfThreads _threads = reader._threads;
        private readonly LttngVcpus? _vcpus = reader._schema.EntryIsStale ? new LttngVcpus() : null;
        private ulong _events;

        public readonly void Marked(CtfEvents cursor)
        {
            notes.Add(CaptureNotes.LostEvents, $"CPU {cursor.Loss.Cpu}, before time {cursor.Loss.Before.Value}");
            _threads.Lost(cursor.Loss.Cpu);
            sink.Lost(cursor.Loss);
        }

        public void Visit(CtfEvents cursor)
        {
            if (++_events % CancelEvery == 0)
            {
                cancel.ThrowIfCancellationRequested();
                Tell();
            }

            CtfKind kind = cursor.Kind;
            kind.Type.Count++;
            if (cursor.Stream.Clock != reader._clock)
            {
                notes.Add(CaptureNotes.OtherClock);
                return;
            }

            int? thread = _threads.Of(cursor);
            if (_everything || kind.Type.IsUsed)
            {
                HandOn(cursor, kind, thread);
            }
        }

        public readonly void Tell() => progress?.Invoke(_events, Math.Min(1, (double)cursors.Sum(cursor => cursor.Consumed) / Math.Max(1, reader._size)));

        private readonly void HandOn(CtfEvents cursor, CtfKind kind, int? thread)
        {
            if (thread is null && !_everything)
            {
                notes.Add(CtfNotes.UnknownThread, $"CPU {cursor.Cpu}, time {cursor.Time.Value}");
                return;
            }

            if (_vcpus is not null && kind.VcpuAt >= 0 && !_everything && !FindVcpu(cursor, kind, thread!.Value))
            {
                notes.Add(CtfNotes.UnknownVcpu, $"time {cursor.Time.Value}");
                return;
            }

            sink.Take(new RawEvent(cursor.Time, cursor.Cpu, thread ?? 0, cursor.Stream.Number, kind.Type, cursor.Record, cursor.FileOffset));
        }

        private readonly bool FindVcpu(CtfEvents cursor, CtfKind kind, int thread)
        {
            Span<byte> vcpu = cursor.Record[kind.VcpuAt..];
            switch (kind.Type.Binding!.Tracepoint.Role)
            {
                case TracepointRole.Entry:
                    return _vcpus!.Enter(thread, vcpu);
                case TracepointRole.Exit:
                    _vcpus!.Exited(thread, BitConverter.ToUInt32(vcpu));
                    return true;
                default:
                    return true;
            }
        }
    }
}
