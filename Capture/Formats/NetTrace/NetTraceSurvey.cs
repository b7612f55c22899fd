using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>A kind of event that occurs in the file, with its layout.</summary>
internal sealed class KnownKind
{
    /// <summary>Places the fields.</summary>
    /// <param name="kind">As the file describes it.</param>
    /// <param name="recordLength">Bytes of one of its records.</param>
    public KnownKind(NetTraceKind kind, int recordLength)
    {
        EventLayout layout = NetTraceLayout.Of(kind, recordLength);

        // Without exits and entries nothing can be read, and the refusal says so; everything else is evidence that is missing.
        bool isCut = (KvmTracepoints.Find(layout.System, layout.Name) is { Role: TracepointRole.KvmEvent } tracepoint && BoundTracepoint.Missing(tracepoint, layout) is not null)
            || BoundProbe.LacksState(layout);
        Type = new TraceEventType(layout) { IsCut = isCut };
        ThreadAt = layout.Find("common_pid") is { Size: sizeof(int) } pid ? pid.Offset : -1;
    }

    public TraceEventType Type { get; }

    /// <summary>Where the record holds the thread; -1 where it does not.</summary>
    public int ThreadAt { get; }
}

/// <summary>What must be known before the first event is handed on: the kinds of events, and how many events the recorder dropped.</summary>
/// <remarks>
/// Every block is passed over once, and of events their heads. A loss that shows at the end of a file puts in doubt what stands before it.
/// </remarks>
internal sealed class NetTraceSurvey
{
    // Many times what describes every event of a kernel and of .NET. In letters and fields, not bytes: descriptions are given again.
    private const int MostDescribed = 1 << 22;

    private readonly Dictionary<uint, NetTraceKind> _described = [];
    private readonly Dictionary<(string, string, int), int> _numbers = [];
    private readonly List<KnownKind> _kinds = [];
    private readonly HashSet<uint> _seen = [];
    private readonly NetTraceDrops _drops;
    private readonly int _version;
    private long _start;
    private int _weight;
    private int _weightOfKinds;
    private uint _last;

    private NetTraceSurvey(int version)
    {
        _version = version;
        _drops = new NetTraceDrops(version);
    }

    /// <summary>The kinds that occur, by number.</summary>
    public IReadOnlyList<KnownKind> Kinds => _kinds;

    /// <summary>Events that the recorder dropped.</summary>
    public ulong Dropped => _drops.Count;

    /// <summary>Number of a kind among those that occur; -1 where it is none of them.</summary>
    public int NumberOf(NetTraceKind kind) => _numbers.GetValueOrDefault(kind.Key, -1);

    /// <summary>Passes over a file.</summary>
    /// <param name="blocks">Not yet moved.</param>
    /// <param name="version">Version of the format.</param>
    /// <exception cref="CaptureFormatException">The file is cut short or damaged.</exception>
    public static NetTraceSurvey Of(NetTraceBlocks blocks, int version)
    {
        var survey = new NetTraceSurvey(version);
        while (blocks.MoveNext())
        {
            survey.Take(blocks);
        }

        return survey;
    }

    private void Take(NetTraceBlocks block)
    {
        _start = _drops.Start = block.Start;
        switch (block.Kind)
        {
            case NetTraceBlockKind.Descriptions:
                NetTraceDescriptions.Read(block.Content, block.Start, _version, Describe);
                break;
            case NetTraceBlockKind.Events:
                TakeEvents(block);
                break;
            case NetTraceBlockKind.Threads:
                _drops.TakeThreads(block.Content, block.Start);
                break;
            case NetTraceBlockKind.SequencePoint:
                _drops.TakePoint(block.Content, block.Start);
                break;
            case NetTraceBlockKind.RemovedThreads:
                _drops.TakeRemoved(block.Content, block.Start);
                break;
            default:
                break;
        }
    }

    // An id may be given again, to another kind, once a sequence point has ended its use.
    private void Describe(uint id, NetTraceKind kind)
    {
        _weight += kind.Weight - (_described.TryGetValue(id, out NetTraceKind? before) ? before.Weight : 0);
        RefuseAbove(_weight);
        _described[id] = kind;
        _seen.Remove(id);
        _last = 0;
    }

    private void TakeEvents(NetTraceBlocks block)
    {
        for (var rows = new NetTraceRows(block.Content, block.Start, _version); rows.MoveNext();)
        {
            _drops.TakeEvent(rows.CapturedBy, rows.Number);
            if (rows.Description != _last && _seen.Add(_last = rows.Description) && _described.TryGetValue(rows.Description, out NetTraceKind? kind)
                && _numbers.TryAdd(kind.Key, _kinds.Count))
            {
                _weightOfKinds += kind.Weight;
                RefuseAbove(_weightOfKinds);
                _kinds.Add(new KnownKind(kind, rows.Payload.Length));
            }
        }
    }

    private void RefuseAbove(int weight)
    {
        if (weight > MostDescribed)
        {
            CaptureFormatException.ThrowImpossible("descriptions of all events", _start, $"longer than {MostDescribed} letters and fields");
        }
    }
}
