using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Order;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>The events of a trace.dat file in the order of time.</summary>
internal sealed class TraceDatReader : ITraceReader
{
    private const int CancelEvery = 1 << 12;

    private readonly ByteSource _source;
    private readonly TraceDatHeader _header;
    private readonly TraceDatContent _content;
    private readonly TraceDatOptions _options;
    private readonly string _clock;
    private readonly TraceEventType?[] _typeOfId;
    private readonly CommonFields _common;

    public TraceDatReader(ByteSource source, TraceDatHeader header, TraceDatContent content)
    {
        _source = source;
        _header = header;
        _content = content;
        _options = new TraceDatOptions(content.Options, header.BigEndian);
        _clock = ClockOf(content.Buffers.MaxBy(buffer => buffer.Size)!);
        Types = [.. content.Layouts.DistinctBy(layout => layout.Id).Select(layout => new TraceEventType(layout))];
        _typeOfId = new TraceEventType?[Types.Count == 0 ? 0 : Types.Max(type => type.Layout.Id) + 1];
        foreach (TraceEventType type in Types)
        {
            _typeOfId[type.Layout.Id] = type;
        }

        _common = CommonFields.Of(content.Layouts, header.BigEndian);
        (string host, string release) = _options.Kernel;
        Header = new RunHeader
        {
            Format = $"trace.dat v{header.Version}",
            KernelRelease = release,
            HostName = host,
            Clock = _clock,
            ClockUnit = _options.Tsc is not null && _clock == "x86-tsc" ? ClockUnit.Nanoseconds : TraceDatOptions.UnitOf(_clock),

            // trace-cmd stores the formats that match its -e options. A handful of groups is a selection;
            // a file made by trace-cmd extract describes them all.
            ListIsSelective = content.Systems.Count is > 0 and < 16,
        };
    }

    /// <inheritdoc/>
    public RunHeader Header { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TraceEventType> Types { get; }

    /// <inheritdoc/>
    public long End => _content.End ?? long.MaxValue;

    /// <inheritdoc/>
    public bool BigEndian => _header.BigEndian;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, string> ThreadNames => _content.ThreadNames;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, int> MachineOfThread => _options.MachineOfThread;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, ulong> Overruns => _options.Overruns;

    /// <inheritdoc/>
    public void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
    {
        bool packed = _content.Buffers.Any(buffer => buffer.Compressed && buffer.Cpus.Any(cpu => cpu.Size > 0));
        using Unpacker? unpacker = packed ? Unpacker.For(_header.Compression, _header.Next) : null;

        var room = new PageRoom(_source.Length);

        // Times of different clocks cannot be merged: the buffers of the others are counted, and said to be left out.
        foreach (string clock in _content.Buffers.Select(ClockOf).Prepend(_clock).Distinct(StringComparer.Ordinal))
        {
            bool counted = clock != _clock;
            var cursors = new List<PageEvents>();
            try
            {
                for (int instance = 0; instance < _content.Buffers.Count; instance++)
                {
                    TraceDatBuffer buffer = _content.Buffers[instance];
                    if (ClockOf(buffer) == clock)
                    {
                        cursors.AddRange(buffer.Cpus.Where(cpu => cpu.Size > 0).Select(cpu => Open(buffer, instance, cpu, unpacker, room)));
                    }
                }

                Follow(cursors, sink, notes, progress, counted, cancel);
            }
            finally
            {
                cursors.ForEach(cursor => cursor.Dispose());
            }
        }
    }

    /// <summary>Hands on the events of some cursors in the order of time.</summary>
    /// <param name="cursors">Of one clock.</param>
    /// <param name="sink">Takes them.</param>
    /// <param name="notes">Takes what is lossy or odd.</param>
    /// <param name="progress">Told now and then how many events and what part of the file are done.</param>
    /// <param name="counted">Whether they are of another clock than the recording's, and only counted.</param>
    /// <param name="cancel">Ends the reading.</param>
    public void Follow(IReadOnlyList<PageEvents> cursors, IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, bool counted, CancellationToken cancel)
    {
        var pass = new Pass(this, cursors, sink, notes, progress, counted, cancel);
        EventMerge.Run(cursors, ref pass);
        pass.Tell();
    }

    /// <summary>A cursor over pages of the recording that come from elsewhere than its file.</summary>
    /// <param name="cpu">The host CPU.</param>
    public LiveEvents FollowPages(int cpu) => new(cpu, _content.Page, BigEndian, Scale(_clock));

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private string ClockOf(TraceDatBuffer buffer) => buffer.Clock.Length > 0 ? buffer.Clock : _options.Clock;

    private CpuEvents Open(TraceDatBuffer buffer, int instance, CpuData cpu, Unpacker? unpacker, PageRoom room) =>
        new(_source, buffer, instance, cpu, _header, _content.Page, Scale(ClockOf(buffer)), buffer.Compressed ? unpacker : null, room);

    private TimeScale Scale(string clock) => clock == "x86-tsc" && _options.Tsc is { } tsc
        ? new TimeScale(tsc.Multiplier, tsc.Shift, _options.TimeOffset)
        : new TimeScale(0, 0, TraceDatOptions.UnitOf(clock) == ClockUnit.Nanoseconds ? _options.TimeOffset : 0);

    /// <summary>One walk over the cursors of one clock.</summary>
    private struct Pass(
        TraceDatReader reader, IReadOnlyList<PageEvents> cursors, IEventSink sink, CaptureNotes notes,
        Action<ulong, double>? progress, bool counted, CancellationToken cancel) : IMergeVisitor<PageEvents>
    {
        private readonly bool _everything = sink.WantsEverything;
        private readonly CommonFields _common = reader._common;
        private readonly TraceEventType?[] _typeOfId = reader._typeOfId;
        private readonly long _total = Math.Max(1, reader._content.Buffers.Sum(buffer => buffer.Size));
        private ulong _events;

        public readonly void Marked(PageEvents cursor)
        {
            notes.Add(CaptureNotes.LostEvents, $"CPU {cursor.Cpu}, before time {cursor.Loss.Before.Value}");
            sink.Lost(cursor.Loss);
        }

        public void Visit(PageEvents cursor)
        {
            if (++_events % CancelEvery == 0)
            {
                cancel.ThrowIfCancellationRequested();
                Tell();
            }

            ReadOnlySpan<byte> payload = cursor.Payload;
            if (!_common.Read(payload, out int id, out int thread))
            {
                notes.Add(CaptureNotes.ShortRecord, $"byte 0x{cursor.FileOffset:x}");
                return;
            }

            TraceEventType?[] types = _typeOfId;
            TraceEventType? type = unchecked((uint)id) < (uint)types.Length ? types[id] : null;
            if (type is null)
            {
                notes.Add(CaptureNotes.UnknownEvent, $"number {id}");
                return;
            }

            type.Count++;
            if (counted)
            {
                notes.Add(CaptureNotes.OtherClock);
            }
            else if (_everything || type.IsUsed)
            {
                sink.Take(new RawEvent(cursor.Time, cursor.Cpu, thread, cursor.Instance, type, payload, cursor.FileOffset));
            }
        }

        public readonly void Tell() =>
            progress?.Invoke(_events, Math.Min(1, (double)cursors.Sum(cursor => cursor.Consumed) / _total));
    }
}
