using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>The tracepoints of a .nettrace file in the order of time.</summary>
/// <remarks>
/// The recorder tells a number of dropped events and not where they are missing, so one that is not zero puts the whole recording in
/// doubt.
/// </remarks>
internal sealed class NetTraceReader : ITraceReader
{
    private const int CancelEvery = 1 << 12;
    private const string Group = "kvm";

    private readonly ByteSource _source;
    private readonly NetTraceHeader _header;
    private readonly NetTraceSurvey _survey;
    private readonly ProcessMachines _machines = new();

    /// <summary>Looks a file over.</summary>
    /// <exception cref="CaptureFormatException">The file is damaged, or has no tracepoints of KVM.</exception>
    public NetTraceReader(ByteSource source)
    {
        _source = source;
        (_header, NetTraceBlocks blocks) = Open();
        _survey = NetTraceSurvey.Of(blocks, _header.Version);
        End = blocks.Position;
        Types = [.. _survey.Kinds.Select(kind => kind.Type).OrderBy(type => type.Layout.System, StringComparer.Ordinal).ThenBy(type => type.Layout.Name, StringComparer.Ordinal)];
        if (!Types.Any(type => type.Layout.System == Group))
        {
            CaptureFormatException.ThrowNoKvmEvents(".nettrace", 0);
        }

        Header = new RunHeader { Format = $".nettrace v{_header.Version}", ClockUnit = ClockUnit.Nanoseconds };
    }

    /// <inheritdoc/>
    public RunHeader Header { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TraceEventType> Types { get; }

    /// <inheritdoc/>
    public long End { get; }

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
        if (_survey.Dropped > 0)
        {
            notes.Add(CaptureNotes.LostEvents, "the file does not say where");
            sink.Lost(new LossMark(0, _survey.Dropped, new ClockTime(0), new ClockTime(ulong.MaxValue)));
        }

        foreach (TraceEventType type in Types.Where(type => type.IsCut))
        {
            notes.Add(NetTraceNotes.CutDescription, type.Layout.Name);
        }

        (_, NetTraceBlocks blocks) = Open();
        new NetTracePass(blocks, _header, _survey, _machines, sink, notes)
        {
            Progress = events => progress?.Invoke(events, (double)blocks.Position / _source.Length),
            Cancel = cancel,
        }.Run();
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private (NetTraceHeader Header, NetTraceBlocks Blocks) Open()
    {
        var reader = new SourceReader(_source, 0, bigEndian: false);
        var header = NetTraceHeader.Read(reader);
        return (header, new NetTraceBlocks(reader, header.Version));
    }
}
