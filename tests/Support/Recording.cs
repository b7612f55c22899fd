using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Tests.Support;

/// <summary>A copy of a record, to look at after it was handed on.</summary>
internal sealed class KeptRecord
{
    private readonly HardwareExit _exit;
    private readonly GuestEntry _entry;

    public KeptRecord(in ExitRecord record)
    {
        Stream = record.Stream.Value;
        Index = record.Index;
        Level = record.Level;
        Flags = record.Flags;
        _exit = record.HasExit ? record.Exit : default;
        _entry = record.HasEntry ? record.Entry : default;
        Kinds = record.Kinds;
        Events = [.. record.Events];
        Newer = [.. record.Newer];
        States.Take(record.States);
    }

    public int Stream { get; }

    public ulong Index { get; }

    public GuestLevel Level { get; }

    public RecordFlags Flags { get; }

    public HardwareExit Exit => _exit;

    public GuestEntry Entry => _entry;

    public TracepointSet Kinds { get; }

    public KvmEvent[] Events { get; }

    public byte[] Newer { get; }

    public MachineStates States { get; } = new();

    /// <summary>The kinds of its events, in order.</summary>
    public IEnumerable<KvmEventKind> What => Events.Select(kvmEvent => kvmEvent.Kind);

    /// <summary>The record again.</summary>
    public ExitRecord View => new(new(Stream), Index, Level, Flags, in _exit, in _entry, Kinds, Events, Newer, States);
}

/// <summary>Keeps every record.</summary>
internal sealed class KeepingSink : IExitSink
{
    public List<KeptRecord> Records { get; } = [];

    public void Take(in ExitRecord record) => Records.Add(new KeptRecord(record));
}

/// <summary>A capture read to its end as records.</summary>
/// <param name="Header">What is known before.</param>
/// <param name="Texts">Texts of the records.</param>
/// <param name="Records">The records.</param>
/// <param name="Summary">What is known after.</param>
internal sealed record Recording(RunHeader Header, TextTable Texts, IReadOnlyList<KeptRecord> Records, RunSummary Summary)
{
    /// <summary>Codes of what is lossy or odd.</summary>
    public IEnumerable<string> Notes => Summary.Notes.Select(note => note.Code);

    public static Recording Of(byte[] capture)
    {
        using CaptureSession session = CaptureSession.Open(new MemoryStream(capture));
        var sink = new KeepingSink();
        RunSummary summary = session.ReadExits(sink);
        return new Recording(session.Header, session.Texts, sink.Records, summary);
    }

    public static Recording OfRun(byte[] run)
    {
        using RunReader reader = RunReader.Open(new MemoryStream(run));
        var sink = new KeepingSink();
        RunSummary summary = reader.ReadExits(sink);
        return new Recording(reader.Header, reader.Texts, sink.Records, summary);
    }

    /// <summary>The run file of it.</summary>
    public byte[] ToRun()
    {
        using var memory = new MemoryStream();
        using var writer = new RunWriter(memory, Header, Texts);
        foreach (KeptRecord record in Records)
        {
            writer.Take(record.View);
        }

        writer.Finish(Summary);
        return memory.ToArray();
    }
}

/// <summary>An event as the format's reader hands it out.</summary>
internal sealed record KeptEvent(ulong Time, int Cpu, int Thread, int Instance, string Name, byte[] Payload);

/// <summary>A capture read to its end as events.</summary>
internal sealed class EventList : IEventSink
{
    private EventList()
    {
    }

    public List<KeptEvent> Events { get; } = [];

    public List<LossMark> Losses { get; } = [];

    public CaptureNotes Notes { get; } = new();

    public IEnumerable<ulong> Times => Events.Select(one => one.Time);

    public bool WantsEverything => true;

    public static EventList Of(byte[] capture)
    {
        var list = new EventList();
        var source = new MemorySource(capture);
        using ITraceReader reader = TraceFormats.Of(source).Open(source);
        reader.Read(list, list.Notes, null, default);
        return list;
    }

    public void Take(in RawEvent raw) =>
        Events.Add(new KeptEvent(raw.Time.Value, raw.Cpu, raw.Thread, raw.Instance, raw.Type.Layout.Name, raw.Payload.ToArray()));

    public void Lost(in LossMark mark) => Losses.Add(mark);
}

/// <summary>A tracepoint that only the tests have: one number and a tail of any length.</summary>
internal static class Mark
{
    public static EventFormat Format { get; } = new("test_mark", 77, "u32 value @8", 12);

    public static TraceDatBuilder Describe(TraceDatBuilder builder) => builder.Describe("kvm", Format.Text);

    public static EventRecord Of(uint value, int thread = 1) => Format.Record(thread).With("value", value);

    /// <summary>A record with bytes behind it.</summary>
    public static byte[] Long(TraceDatBuilder builder, uint value, int length)
    {
        byte[] record = Of(value).ToBytes(builder.BigEndian);
        return [.. record, .. Enumerable.Range(0, length - record.Length).Select(i => (byte)i)];
    }

    /// <summary>The number in a record.</summary>
    public static uint ValueOf(KeptEvent one, bool bigEndian = false) => bigEndian
        ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(one.Payload.AsSpan(8))
        : BitConverter.ToUInt32(one.Payload, 8);
}
