using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Vcpus;

/// <summary>
/// Finds tracepoints that the recording describes and that were off all the same: what makes the kernel record them occurs, and they never do.
/// Somebody chose others by hand (<c>trace-cmd record -e kvm -v -e kvm:kvm_msr</c>).
/// </summary>
/// <param name="sink">Takes the records.</param>
internal sealed class SilentTracepoints(IExitSink sink) : IExitSink
{
    // What may have another reason once or twice has none the third time.
    private const int Twice = 2, Several = 3, Many = 10;

    private static readonly Cause[] Causes =
    [
        new(KvmEventKind.NestedVmenter, 1, static (in ExitRecord record, GuestLevel before) => record.Level == GuestLevel.L2 && before == GuestLevel.L1),
        new(KvmEventKind.NestedVmexit, 1, LeavesUnseenL2),
        new(KvmEventKind.NestedVmexitInject, Twice, static (in ExitRecord record, GuestLevel before) => record.Level == GuestLevel.L1 && before == GuestLevel.L2),
        new(KvmEventKind.NestedVmexitInject, Several, static (in ExitRecord record, GuestLevel _) => record.Kinds.Has(KvmEventKind.NestedVmenter)),
        new(KvmEventKind.NestedIntercepts, Twice, static (in ExitRecord record, GuestLevel _) => record.Kinds.Has(KvmEventKind.NestedVmenter)),
        new(KvmEventKind.MsrAccess, Several, static (in ExitRecord record, GuestLevel _) => IsOfL1(record, SvmExitCode.Msr)),
        new(KvmEventKind.Cpuid, Several, static (in ExitRecord record, GuestLevel _) => IsOfL1(record, SvmExitCode.Cpuid)),
        new(KvmEventKind.PortAccess, Several, static (in ExitRecord record, GuestLevel _) => IsOfL1(record, SvmExitCode.Ioio)),
        new(KvmEventKind.SmmTransition, 1, static (in ExitRecord record, GuestLevel _) => IsOfL1(record, SvmExitCode.Rsm)),
        new(KvmEventKind.InjectInterrupt, 1, static (in ExitRecord record, GuestLevel _) =>
            record is { HasExit: true, Level: GuestLevel.L1 } && record.Exit.Interrupted is { Valid: true, Type: EventType.Interrupt or EventType.SoftwareInterrupt }),
        new(KvmEventKind.InjectInterrupt, Several, static (in ExitRecord record, GuestLevel _) => IsOfL1(record, SvmExitCode.VIntr)),
        new(KvmEventKind.InjectInterrupt, Many, static (in ExitRecord record, GuestLevel _) => AcceptsInterrupt(record)),
        new(KvmEventKind.InjectException, Several, static (in ExitRecord record, GuestLevel _) => HasFaulted(record)),
        new(KvmEventKind.ApicAcceptIrq, Several, static (in ExitRecord record, GuestLevel _) => record.Kinds.Has(KvmEventKind.Eoi)),
    ];

    private readonly StreamTable<Last> _last = new(static () => new Last());
    private readonly int[] _counts = new int[Causes.Length];
    private int[] _open = [.. Enumerable.Range(0, Causes.Length)];
    private TracepointSet _seen;
    private bool _hasAvic;

    private delegate bool Causing(in ExitRecord record, GuestLevel before);

    /// <summary>Tracepoints that never occurred although what causes them did, of those that are listed.</summary>
    public TracepointSet OffIn(TracepointSet listed)
    {
        TracepointSet caused = Causes.Where((cause, i) => _counts[i] >= cause.Times).Aggregate(default(TracepointSet), static (set, cause) => set | cause.Effect);
        return (caused & listed) - _seen - (_hasAvic ? TracepointSet.Of(KvmEventKind.InjectInterrupt) : default);
    }

    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        TracepointSet kinds = record.Kinds | (record.Level == GuestLevel.L2 ? TracepointSet.Of(KvmEventKind.NestedVmexit) : default);
        if (!(kinds - _seen).IsEmpty)
        {
            _seen |= kinds;
            _open = [.. _open.Where(i => (Causes[i].Effect & _seen).IsEmpty)];
        }

        if (_open.Length > 0)
        {
            Last last = _last[record.Stream];
            last.Level = (record.Flags & RecordFlags.LossBefore) != 0 ? GuestLevel.Unknown : last.Level;
            foreach (int i in _open)
            {
                _counts[i] += _counts[i] < Causes[i].Times && Causes[i].Occurs(record, last.Level) ? 1 : 0;
            }

            _hasAvic |= IsOfAvic(record);
            last.Level = (record.Flags & RecordFlags.LossInside) != 0 ? GuestLevel.Unknown : record.HasExit ? record.Level : last.Level;
        }

        sink.Take(record);
    }

    private static bool IsOfL1(in ExitRecord record, SvmExitCode code) => record.HasExit && record.Level == GuestLevel.L1 && record.Exit.Code == code;

    // L1 is shown an exit, and the VMRUN before was carried out behind another one: L2 ran in between, and exited.
    private static bool LeavesUnseenL2(in ExitRecord record, GuestLevel before) =>
        record is { HasExit: true, HasHole: false } && record.Kinds.Has(KvmEventKind.NestedVmexitInject) && !record.Kinds.Has(KvmEventKind.NestedVmenter)
        && record.Level != GuestLevel.L2;

    // AVIC delivers interrupts without L0.
    private static bool IsOfAvic(in ExitRecord record) => record.HasExit && (record.Exit.Code == SvmExitCode.AvicIncompleteIpi || record.Exit.Code == SvmExitCode.AvicNoAccel);

    private static bool AcceptsInterrupt(in ExitRecord record)
    {
        if (!record.Kinds.Has(KvmEventKind.ApicAcceptIrq))
        {
            return false;
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.ApicAcceptIrq && AcceptedInterrupt.Of(kvmEvent) is { DeliveryMode: AcceptedInterrupt.FixedMode })
            {
                return true;
            }
        }

        return false;
    }

    // KVM answers an access that faults with #GP.
    private static bool HasFaulted(in ExitRecord record)
    {
        if (!record.Kinds.Has(KvmEventKind.MsrAccess))
        {
            return false;
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.MsrAccess && MsrAccess.Of(kvmEvent).Faulted)
            {
                return true;
            }
        }

        return false;
    }

    private sealed class Last
    {
        public GuestLevel Level { get; set; }
    }

    // What makes the kernel record a tracepoint, and how often it has to occur to prove that the tracepoint was off.
    private sealed class Cause(KvmEventKind effect, int times, Causing occurs)
    {
        public TracepointSet Effect { get; } = TracepointSet.Of(effect);

        public int Times { get; } = times;

        public Causing Occurs { get; } = occurs;
    }
}
