using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;

namespace Differ.Capture.Formats.PerfData;

/// <summary>The events of a recording of perf in the order of time.</summary>
/// <remarks>
/// The thread of an event is <c>common_pid</c> of its record, as in trace.dat: the thread id of the sample is that of perf's own
/// namespace, where threads of other containers are all 0. Times are nanoseconds whatever the clock (TIME_CONV is for hardware tracers).
/// </remarks>
internal sealed class PerfDataReader : ITraceReader
{
    private readonly ByteSource _source;
    private readonly PipeSource? _pipe;
    private readonly PerfHeader _header;
    private readonly PerfContent _content;
    private readonly TraceEventType?[] _typeOfId;
    private readonly CommonFields _common;
    private readonly ProcessMachines _machines = new();

    /// <summary>A recording whose description has been read.</summary>
    /// <param name="source">The file or pipe; closed with this.</param>
    /// <param name="header">Its header.</param>
    /// <param name="content">Its description.</param>
    public PerfDataReader(ByteSource source, PerfHeader header, PerfContent content)
    {
        _source = source;
        _pipe = source as PipeSource;
        _pipe?.EndDescription();
        _header = header;
        _content = content;
        List<PerfAttribute> recorded = Recorded(content, header);
        content.Attributes.Settle(header.Attributes.Offset);
        var numbers = recorded.Select(attribute => attribute.Config).ToHashSet();

        // The formats of a name come from every group that has it; what was recorded is what has an attribute.
        Types = [.. content.Formats!.Layouts.Where(layout => numbers.Contains((ulong)layout.Id)).DistinctBy(layout => layout.Id)
            .Select(layout => new TraceEventType(layout))];
        Check(recorded);
        _typeOfId = new TraceEventType?[Types.Count == 0 ? 0 : Types.Max(type => type.Layout.Id) + 1];
        foreach (TraceEventType type in Types)
        {
            _typeOfId[type.Layout.Id] = type;
        }

        _common = CommonFields.Of(content.Formats.Layouts, header.BigEndian);
        Header = new RunHeader
        {
            Format = header.IsPipe ? "perf.data (pipe)" : "perf.data",
            KernelRelease = content.KernelRelease,
            HostName = content.HostName,
            Clock = ClockName(recorded[0].ClockId ?? content.ClockId),
            ClockUnit = ClockUnit.Nanoseconds,
            ListIsSelective = true,
        };
    }

    /// <inheritdoc/>
    public RunHeader Header { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TraceEventType> Types { get; }

    /// <inheritdoc/>
    public long End => _header.IsPipe ? long.MaxValue : Math.Max(_header.Data.End, _content.End);

    /// <inheritdoc/>
    public bool BigEndian => _header.BigEndian;

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, string> ThreadNames { get; private set; } = new Dictionary<int, string>();

    /// <inheritdoc/>
    public IReadOnlyDictionary<int, int> MachineOfThread => _machines.MachineOfThread;

    /// <summary>Empty: what perf counts when it ends becomes marks.</summary>
    public IReadOnlyDictionary<int, ulong> Overruns { get; } = new Dictionary<int, ulong>();

    /// <inheritdoc/>
    public bool ReadsAsFile { get; private set; } = true;

    /// <inheritdoc/>
    public void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel)
    {
        double walk = Math.Max(1, _header.Data.Size) * 2.0;
        PerfLosses losses = _pipe is null ? FindLosses(part => progress?.Invoke(0, part / 2), cancel) : new PerfLosses(_content.Attributes, BigEndian);
        using PerfRecords events = Records();
        var pass = new PerfPass(events, _content.Attributes, _typeOfId, _common, losses, sink, notes)
        {
            EnteredBy = _machines.Entered,
            Progress = count => progress?.Invoke(count, 0.5 + (events.Consumed / walk)),
            Cancel = cancel,
            FindsLosses = _pipe is not null,
        };
        if (_pipe is not null)
        {
            _pipe.Silent = pass.FallSilent;
        }

        pass.Run();
        ReadsAsFile = _pipe is null || !(pass.WasLate || events.IsCut);
        ThreadNames = losses.ThreadNames;
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private PerfLosses FindLosses(Action<double> progress, CancellationToken cancel)
    {
        double whole = Math.Max(1, _header.Data.Size);
        return PerfLosses.Find(Records, _content.Attributes, BigEndian, records => progress(records.Consumed / whole), cancel);
    }

    private PerfRecords Records() => new(_source, _header.Data, BigEndian);

    private static List<PerfAttribute> Recorded(PerfContent content, PerfHeader header)
    {
        List<PerfAttribute> recorded = [.. content.Attributes.All.Where(attribute => attribute.IsTracepoint && !attribute.RecordsNothing)];
        if (content.Formats is null || recorded.Count == 0)
        {
            CaptureFormatException.ThrowNoTracepoints(header.Attributes.Offset);
        }

        return recorded;
    }

    private void Check(List<PerfAttribute> recorded)
    {
        long at = _header.Attributes.Offset;
        foreach (EventLayout layout in Types.Select(type => type.Layout).Where(layout => KvmTracepoints.Find(layout.System, layout.Name) is not null))
        {
            foreach (PerfAttribute attribute in recorded.Where(attribute => attribute.Config == (ulong)layout.Id))
            {
                if (!attribute.RecordsAll)
                {
                    CaptureFormatException.ThrowSampled(layout.Name, at);
                }

                if ((attribute.SampleType & PerfAttribute.Raw) == 0)
                {
                    CaptureFormatException.ThrowNotSampled(layout.Name, "its fields", "record as root, or with perf record -R", at);
                }

                if (attribute.TimeOffset < 0)
                {
                    CaptureFormatException.ThrowNotSampled(layout.Name, "its time", "record with perf record -T", at);
                }
            }
        }
    }

    // clock_gettime(2), with ftrace's names where it has the same clock.
    private static string ClockName(int? clock) => clock switch
    {
        null => "perf",
        0 => "realtime",
        1 => "mono",
        4 => "mono_raw",
        7 => "boot",
        11 => "tai",
        _ => $"clockid {clock}",
    };
}
