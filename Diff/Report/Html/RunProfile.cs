using System.Numerics;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>What the HTML report shows beside the verdicts, gathered while the check runs. Its memory does not depend on the length of the run.</summary>
internal sealed class RunProfile : IJudgedSink
{
    /// <summary>Slots of all timelines together.</summary>
    public const int MostSlots = 1 << 16;

    /// <summary>Streams that get a timeline; the exits of further ones are counted only.</summary>
    public const int MostStreams = 256;

    private const int MostWindows = 64;
    private const int MostSnapshots = 256;

    private readonly List<StreamProfile> _streams = [];
    private readonly List<ExitWindow> _windows = [];
    private readonly Dictionary<string, IReadOnlyList<Vmcb12Value>> _snapshots = [];
    private StreamProfile? _unlisted;

    /// <summary>The streams with a timeline, by number.</summary>
    public IReadOnlyList<StreamProfile> Streams => _streams;

    /// <summary>Exits by reason.</summary>
    public ReasonTable Reasons { get; } = new();

    /// <summary>What exits of L2 cost.</summary>
    public Amplification Amplification { get; } = new();

    /// <summary>Where departures are.</summary>
    public DivergenceMarks Marks { get; } = new();

    /// <summary>Single exits around departures.</summary>
    public IReadOnlyList<ExitWindow> Windows => _windows;

    public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
    {
        StreamProfile stream = StreamOf(recorded.Stream);
        ExitMoment moment = stream.Add(recorded, Reasons.RowOf(recorded), verdict);
        Reasons.Add(recorded, moment);
        Amplification.Add(ref stream.Chain, recorded, moment);
        if (departure is not null && Marks.Add(departure.Fingerprint, moment, recorded.Stream))
        {
            Keep(stream, departure.Fingerprint);
        }
    }

    /// <summary>What was known of vmcb12 at the first departure of a class; null where it was not kept.</summary>
    public IReadOnlyList<Vmcb12Value>? SnapshotOf(string fingerprint) => _snapshots.GetValueOrDefault(fingerprint);

    private void Keep(StreamProfile stream, string fingerprint)
    {
        if (_snapshots.Count < MostSnapshots)
        {
            _snapshots.TryAdd(fingerprint, stream.Vmcb12.Snapshot());
        }

        if (_windows.Count < MostWindows && stream.Windows.Open() is { } window)
        {
            _windows.Add(window);
        }
    }

    private StreamProfile StreamOf(StreamId id)
    {
        while (_streams.Count <= id.Value && _streams.Count < MostStreams)
        {
            _streams.Add(new StreamProfile(_streams.Count, MostSlots / Room(_streams.Count + 1)));
            if (Room(_streams.Count) != Room(_streams.Count - 1))
            {
                _streams.ForEach(stream => stream.Timeline.Shrink(MostSlots / Room(_streams.Count)));
            }
        }

        return id.Value < _streams.Count ? _streams[id.Value] : _unlisted ??= new StreamProfile(MostStreams, 2);
    }

    // Streams, rounded up to a power of two.
    private static int Room(int streams) => (int)BitOperations.RoundUpToPowerOf2((uint)streams);
}

/// <summary>One vCPU stream of a <see cref="RunProfile"/>.</summary>
internal sealed class StreamProfile(int number, int slots)
{
    private ulong _end;
    private bool _entered;
    private Amplification.Chain _chain;

    /// <summary>The exit of L2 that L1 handles at the moment.</summary>
    public ref Amplification.Chain Chain => ref _chain;

    public int Number { get; } = number;

    /// <summary>All exits.</summary>
    public Timeline Timeline { get; } = new(slots);

    /// <summary>Single exits.</summary>
    public ExitWindows Windows { get; } = new(number);

    /// <summary>The vmcb12 in use.</summary>
    public Vmcb12Track Vmcb12 { get; } = new();

    /// <summary>Takes an exit.</summary>
    public ExitMoment Add(in ExitRecord record, ushort reason, Verdict verdict)
    {
        ExitMoment moment = ExitMoment.Of(record, _end, _entered, reason, verdict);
        Timeline.Add(moment);
        Windows.Add(moment);
        Vmcb12.Add(record);
        _end = moment.End;
        _entered = record.HasEntry;
        return moment;
    }
}
