using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>One event of a capture, kept.</summary>
internal readonly record struct RecordedEvent(ClockTime Time, int Cpu, int Thread, int Instance, TraceEventType Type, byte[] Payload);

/// <summary>The events of a capture, which can be told again with less of them or with those of another.</summary>
internal sealed record RecordedEvents : IDisposable
{
    /// <summary>What the capture says of itself.</summary>
    public required ITraceReader Reader { get; init; }

    /// <summary>The kinds of events that it describes.</summary>
    public required IReadOnlyList<TraceEventType> Types { get; init; }

    /// <summary>In the order of time.</summary>
    public required IReadOnlyList<RecordedEvent> Events { get; init; }

    /// <summary>Marks of loss, and before which event they come.</summary>
    public required IReadOnlyList<(int At, LossMark Mark)> Losses { get; init; }

    /// <summary>Names of the tracepoints that occur and that Differ reads.</summary>
    public IEnumerable<string> Names =>
        Events.Where(one => IsRead(one.Type)).Select(one => one.Type.Layout.Name).Distinct().Order(StringComparer.Ordinal);

    /// <summary>Reads a capture.</summary>
    public static RecordedEvents Of(string path) => Of(FileSource.Open(path));

    /// <summary>Reads a capture that is in memory.</summary>
    public static RecordedEvents Of(byte[] capture) => Of(new MemorySource(capture));

    private static RecordedEvents Of(ByteSource source)
    {
        ITraceReader reader = TraceFormats.Of(source).Open(source);
        var sink = new Keeper();
        reader.Read(sink, new CaptureNotes(), null, default);
        return new RecordedEvents { Reader = reader, Types = reader.Types, Events = sink.Events, Losses = sink.Losses };
    }

    /// <summary>Only the events of a range: the recording started later or ended earlier.</summary>
    public RecordedEvents Cut(int from, int to) => this with
    {
        Events = [.. Events.Take(to).Skip(from)],
        Losses = [.. Losses.Where(loss => loss.At >= from && loss.At <= to).Select(loss => (loss.At - from, loss.Mark))],
    };

    /// <summary>Without some tracepoints: they were neither recorded nor described.</summary>
    public RecordedEvents Without(IReadOnlySet<string> names) => this with
    {
        Types = [.. Types.Where(type => !names.Contains(type.Layout.Name))],
        Events = [.. Events.Where(one => !names.Contains(one.Type.Layout.Name))],
        Losses = [],
    };

    /// <summary>With holes in the buffers of single CPUs, each with its mark.</summary>
    public RecordedEvents WithHoles(Random random, int count)
    {
        bool[] lost = new bool[Events.Count];
        for (int i = 0; i < count; i++)
        {
            MarkHole(lost, random.Next(Events.Count), random.Next(1, random.Next(2) == 0 ? 6 : 200));
        }

        return WithLoss(lost, counted: false);
    }

    /// <summary>Marks what is lost when one CPU's buffer has no room for a while.</summary>
    /// <param name="lost">Takes the mark of each event.</param>
    /// <param name="from">The first that is lost.</param>
    /// <param name="length">How many of its CPU.</param>
    public void MarkHole(bool[] lost, int from, int length)
    {
        for (int at = from, left = length; at < Events.Count && left > 0; at++)
        {
            if (Events[at].Cpu == Events[from].Cpu)
            {
                lost[at] = true;
                left--;
            }
        }
    }

    /// <summary>Without events that were lost, each hole with the mark that a recorder makes.</summary>
    /// <param name="lost">Whether each event is; the last of each CPU stays, since only what comes behind a hole tells of it.</param>
    /// <param name="counted">Whether marks say how many events were lost.</param>
    public RecordedEvents WithLoss(bool[] lost, bool counted)
    {
        var left = new List<RecordedEvent>(Events.Count);
        var marks = new List<(int At, LossMark Mark)>(Losses.Count);
        var cpus = new Dictionary<int, (ClockTime After, int At, ulong Lost)>();
        var last = Events.Select((one, at) => (one.Cpu, at)).GroupBy(one => one.Cpu).ToDictionary(cpu => cpu.Key, cpu => cpu.Last().at);
        int mark = 0;
        for (int i = 0; i < Events.Count; i++)
        {
            for (; mark < Losses.Count && Losses[mark].At <= i; mark++)
            {
                marks.Add((left.Count, Losses[mark].Mark));
            }

            RecordedEvent one = Events[i];
            (ClockTime after, int at, ulong hole) = cpus.GetValueOrDefault(one.Cpu);
            if (lost[i] && last[one.Cpu] != i)
            {
                cpus[one.Cpu] = (after, at, hole + 1);
                continue;
            }

            if (hole > 0)
            {
                marks.Add((at, new LossMark(one.Cpu, counted ? hole : 0, after, one.Time)));
            }

            left.Add(one);
            cpus[one.Cpu] = (one.Time, left.Count, 0);
        }

        return this with { Events = left, Losses = [.. marks.OrderBy(one => one.At)] };
    }

    /// <summary>The recording as a session reads it.</summary>
    public CaptureSession Open()
    {
        foreach (TraceEventType type in Reader.Types)
        {
            type.Binding = null;
            type.Count = 0;
        }

        return CaptureSession.Of(new Teller(this));
    }

    /// <summary>Whether Differ reads an event.</summary>
    public static bool IsRead(TraceEventType type) => KvmTracepoints.Find(type.Layout.System, type.Layout.Name) is not null;

    /// <summary>With the events of another VM of the same kernel, whose threads are others.</summary>
    /// <param name="other">The other capture.</param>
    /// <param name="thread">Added to its thread ids.</param>
    /// <param name="shift">Added to its times.</param>
    public RecordedEvents MergedWith(RecordedEvents other, int thread, ulong shift)
    {
        var types = Types.ToDictionary(type => (type.Layout.System, type.Layout.Name));
        IEnumerable<RecordedEvent> moved = other.Events.Select(one => one with
        {
            Thread = one.Thread + thread,
            Time = new ClockTime(unchecked(one.Time.Value + shift)),
            Type = types[(one.Type.Layout.System, one.Type.Layout.Name)],
        });
        return this with { Events = [.. Events.Concat(moved).OrderBy(one => one.Time.Value)], Losses = [] };
    }

    /// <summary>The times of the exits that diverge.</summary>
    public IReadOnlySet<ulong> DivergingExits()
    {
        if (Events.Count == 0)
        {
            return new HashSet<ulong>();
        }

        using CaptureSession session = Open();
        var exits = new DivergingTimes();
        var comparison = new Comparison(session.Header, RuleBook.Statements, session.Texts, exits: exits);
        comparison.Finish(session.ReadExits(new Replayer(session.Header, session.Texts, comparison)));
        return exits.Times;
    }

    /// <inheritdoc/>
    public void Dispose() => Reader.Dispose();

    private sealed class Keeper : IEventSink
    {
        public List<RecordedEvent> Events { get; } = [];

        public List<(int At, LossMark Mark)> Losses { get; } = [];

        public bool WantsEverything => true;

        public void Take(in RawEvent raw) => Events.Add(new RecordedEvent(raw.Time, raw.Cpu, raw.Thread, raw.Instance, raw.Type, raw.Payload.ToArray()));

        public void Lost(in LossMark mark) => Losses.Add((Events.Count, mark));
    }

    private sealed class DivergingTimes : IJudgedSink
    {
        public HashSet<ulong> Times { get; } = [];

        public void Take(in ExitRecord record, Verdict verdict, Departure? departure)
        {
            if (verdict == Verdict.Diverges)
            {
                Times.Add(record.Exit.Time.Value);
            }
        }
    }

    private sealed class Teller(RecordedEvents told) : ITraceReader
    {
        public RunHeader Header => told.Reader.Header;

        public IReadOnlyList<TraceEventType> Types => told.Types;

        public bool BigEndian => told.Reader.BigEndian;

        public IReadOnlyDictionary<int, string> ThreadNames => told.Reader.ThreadNames;

        public IReadOnlyDictionary<int, int> MachineOfThread => told.Reader.MachineOfThread;

        public IReadOnlyDictionary<int, ulong> Overruns => told.Reader.Overruns;

        public void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
        {
            int mark = 0;
            for (int i = 0; i <= told.Events.Count; i++)
            {
                for (; mark < told.Losses.Count && told.Losses[mark].At <= i; mark++)
                {
                    sink.Lost(told.Losses[mark].Mark);
                }

                if (i < told.Events.Count)
                {
                    RecordedEvent one = told.Events[i];
                    one.Type.Count++;
                    if (one.Type.IsUsed || sink.WantsEverything)
                    {
                        sink.Take(new RawEvent(one.Time, one.Cpu, one.Thread, one.Instance, one.Type, one.Payload, 0));
                    }
                }
            }
        }

        public void Dispose()
        {
        }
    }
}
