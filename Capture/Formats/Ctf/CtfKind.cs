using Differ.Capture.Formats.Ctf.Tsdl;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Ctf;

/// <summary>A kind of events, ready to be read.</summary>
internal sealed class CtfKind
{
    /// <summary>What it is to everyone else.</summary>
    public required TraceEventType Type { get; init; }

    /// <summary>The steps that read one, behind its header.</summary>
    public required CtfStep[] Steps { get; init; }

    /// <summary>Bytes of its record that have a fixed size.</summary>
    public required int FixedSize { get; init; }

    /// <summary>Where its record has the thread; -1 for nowhere.</summary>
    public int ThreadAt { get; private init; }

    /// <summary>Where its record has the process; -1 for nowhere.</summary>
    public int ProcessAt { get; private init; }

    /// <summary>Where its record has the place of the name of the thread; -1 for nowhere.</summary>
    public int NameAt { get; private init; }

    /// <summary>Where its record has the number of the vCPU; -1 for nowhere.</summary>
    public int VcpuAt { get; private init; }

    /// <summary>Where its record has the thread that runs from now on; -1 where it is no switch of threads.</summary>
    public int NextThreadAt { get; private init; }

    /// <summary>Compiles a kind of events.</summary>
    /// <param name="described">What the recording says of it.</param>
    /// <param name="stream">The kind of streams that it is in.</param>
    /// <param name="compiler">Compiles.</param>
    public static CtfKind Of(TsdlEvent described, TsdlStream stream, CtfCompiler compiler)
    {
        (string system, string name) = LttngProbes.Split(described.Name);
        Tracepoint? tracepoint = KvmTracepoints.Find(system, name);
        var fields = new CtfLayout(tracepoint, isProbe: Probes.Find(system, name) is not null);
        CtfStep[] context = [.. compiler.Compile(CtfCompiler.StreamContext, stream.EventContext, fields), .. compiler.Compile(CtfCompiler.EventContext, described.Context, fields)];
        List<EventField> around = [.. fields.Fields];
        CtfStep[] own = compiler.Compile(CtfCompiler.EventFields, described.Fields, fields);

        // A field of the tracepoint is found before one of the recorder's with the same name.
        var layout = EventLayout.Of(system, name, [.. fields.Fields.Skip(around.Count), .. around]);
        bool isCut = (tracepoint is { Role: TracepointRole.KvmEvent } && BoundTracepoint.Missing(tracepoint, layout) is not null) || BoundProbe.LacksState(layout);
        int In(IEnumerable<EventField> from, params string[] names) => names
            .Select(wanted => from.FirstOrDefault(field => field.Name == wanted && field.Size == sizeof(int))).FirstOrDefault(field => field is not null)?.Offset ?? -1;
        return new CtfKind
        {
            Type = new TraceEventType(layout) { IsCut = isCut },
            Steps = [.. context, .. own],
            FixedSize = fields.FixedSize,

            // perf's own number of the thread is that of its namespace, where threads of other containers are 0.
            ThreadAt = In(layout.Fields, "common_pid", "perf_tid") is >= 0 and int at ? at : In(around, "tid", "vtid"),
            ProcessAt = In(layout.Fields, "perf_pid") is >= 0 and int process ? process : In(around, "pid", "vpid"),
            NameAt = In(around.Where(field => field.IsDynamic), "procname"),
            VcpuAt = In(layout.Fields, "vcpu_id"),
            NextThreadAt = name == "sched_switch" ? In(layout.Fields, "next_tid", "next_pid") : -1,
        };
    }

    /// <summary>The same kind, to be counted and not read.</summary>
    public CtfKind Cut() => new()
    {
        Type = new TraceEventType(Type.Layout) { IsCut = true },
        Steps = Steps,
        FixedSize = FixedSize,
        ThreadAt = ThreadAt,
        ProcessAt = ProcessAt,
        NameAt = NameAt,
        VcpuAt = VcpuAt,
        NextThreadAt = NextThreadAt,
    };
}
