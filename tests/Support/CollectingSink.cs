using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;

namespace Differ.Tests.Support;

/// <summary>An event as a reader handed it on.</summary>
internal sealed record SeenEvent(string Name, ulong Time, int Cpu, int Thread, int Instance, string Payload);

/// <summary>Keeps everything a reader hands on, for recordings of a few events.</summary>
internal sealed class CollectingSink : IEventSink
{
    public bool WantsEverything => true;

    public List<SeenEvent> Events { get; } = [];

    public List<LossMark> Losses { get; } = [];

    /// <summary>Events by time, losses as "cpu:events(after-before)", in the order they came.</summary>
    public List<string> Order { get; } = [];

    public IReadOnlyList<CaptureNote> Notes { get; private set; } = [];

    public RunHeader Header { get; private set; } = new();

    public IReadOnlyDictionary<int, string> ThreadNames { get; private set; } = new Dictionary<int, string>();

    /// <summary>Reads a recording of any format.</summary>
    public static CollectingSink Read(byte[] file)
    {
        using var source = new MemorySource(file);
        using ITraceReader reader = TraceFormats.Of(source).Open(source);
        var sink = new CollectingSink();
        var notes = new CaptureNotes();
        reader.Read(sink, notes, null, CancellationToken.None);
        sink.Notes = notes.ToList();
        sink.Header = reader.Header;
        sink.ThreadNames = reader.ThreadNames;
        return sink;
    }

    public void Take(in RawEvent raw)
    {
        Events.Add(new SeenEvent(raw.Type.Layout.Name, raw.Time.Value, raw.Cpu, raw.Thread, raw.Instance, Convert.ToHexStringLower(raw.Payload)));
        Order.Add($"{raw.Time.Value}");
    }

    public void Lost(in LossMark mark)
    {
        Losses.Add(mark);
        Order.Add($"{mark.Cpu}:{mark.Events}({mark.After.Value}-{(mark.Before.Value == ulong.MaxValue ? "end" : $"{mark.Before.Value}")})");
    }
}
