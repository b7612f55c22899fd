using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Reads a compared field.</summary>
internal delegate Observed<ulong> FieldReader(in ExitRecord record, RecordDigest digest);

/// <summary>Writes a value of a compared field for a person.</summary>
internal delegate string FieldPrinter(ulong value);

/// <summary>One compared field.</summary>
/// <param name="Field">Which.</param>
/// <param name="Name">Short name for JSON.</param>
/// <param name="Words">What it is, for a person.</param>
/// <param name="Absence">What its absence means, for a person.</param>
/// <param name="Stable">Whether its values are the same on every machine: codes and vectors are, addresses and times are not.</param>
/// <param name="Source">The tracepoint whose absence means that it did not happen; none where it is always known.</param>
/// <param name="Read">Reads it.</param>
/// <param name="Print">Writes a value.</param>
/// <param name="RestsOnSilence">Whether a value that is there was concluded from the absence of <paramref name="Source"/>; null where none is.</param>
internal sealed record FieldRow(
    ComparedField Field, string Name, string Words, string Absence, bool Stable, TracepointSet Source, FieldReader Read, FieldPrinter Print,
    Func<RecordDigest, bool>? RestsOnSilence = null)
{
    /// <summary>What of a stable value the same fault has each time: of an event not the vector, which the guest chose. Null for all of it.</summary>
    public Func<ulong, ulong>? Same { get; init; }

    /// <summary>Values that came by chance, an interrupt or a signal that happened to arrive: where no rule asks for them, nothing happened.</summary>
    public Func<ulong, bool>? ByChance { get; init; }

    /// <summary>Whether it tells of the event that was being delivered, and not of the exit at which that shows.</summary>
    public bool IsOfDelivery { get; init; }

    /// <summary>
    /// Whether the recording went on beyond the point where <see cref="Source"/> had to stand, although it ends before the entry; null where
    /// only the entry tells.
    /// </summary>
    public SilenceTest? Settled { get; init; }
}

/// <summary>Whether the silence of a tracepoint is settled in a record without an entry.</summary>
internal delegate bool SilenceTest(in ExitRecord record, RecordDigest digest);

/// <summary>Every compared field. A new one is a row here and a number in <see cref="ComparedField"/>.</summary>
internal static class Fields
{
    private static readonly TracepointSet
        Inject = TracepointSet.Of(KvmEventKind.NestedVmexitInject),
        Nested = TracepointSet.Of(KvmEventKind.NestedVmexit) | TracepointSet.Of(KvmEventKind.NestedVmexitInject),
        Staging = TracepointSet.Of(KvmEventKind.InjectException) | TracepointSet.Of(KvmEventKind.InjectInterrupt),
        Requests = TracepointSet.Of(KvmEventKind.VmgexitEnter) | TracepointSet.Of(KvmEventKind.VmgexitExit)
            | TracepointSet.Of(KvmEventKind.VmgexitMsrEnter) | TracepointSet.Of(KvmEventKind.VmgexitMsrExit),

        // What L0 records only while it handles an exit, behind what it records of the exit itself. An interrupt of the host may bring
        // events of local APICs at any moment.
        OfHandling = Set(
            KvmEventKind.NestedVmexitInject, KvmEventKind.NestedVmenter, KvmEventKind.NestedVmenterFailed, KvmEventKind.InjectInterrupt,
            KvmEventKind.InjectException, KvmEventKind.MsrAccess, KvmEventKind.CrAccess, KvmEventKind.PortAccess, KvmEventKind.MmioAccess,
            KvmEventKind.Cpuid, KvmEventKind.Hypercall, KvmEventKind.HypervHypercall, KvmEventKind.XenHypercall, KvmEventKind.EmulateInstruction,
            KvmEventKind.PageFault, KvmEventKind.Invlpga, KvmEventKind.Skinit, KvmEventKind.UserspaceExit, KvmEventKind.SmmTransition,
            KvmEventKind.VcpuWakeup);

    /// <summary>In the order of the numbers.</summary>
    public static IReadOnlyList<FieldRow> All { get; } =
    [
        new(ComparedField.ExitCode, "exitCode", "#VMEXIT", "no #VMEXIT", true, default,
            static (in ExitRecord r, RecordDigest d) => OfExit(r, r.Exit.Code.Value), Code),
        new(ComparedField.ExitInfo1, "exitInfo1", "EXITINFO1", "no EXITINFO1", false, default,
            static (in ExitRecord r, RecordDigest d) => OfExit(r, r.Exit.Info1), Hex),
        new(ComparedField.ExitInfo2, "exitInfo2", "EXITINFO2", "no EXITINFO2", false, default,
            static (in ExitRecord r, RecordDigest d) => OfExit(r, r.Exit.Info2), Hex),
        new(ComparedField.ExitIntInfo, "exitIntInfo", "EXITINTINFO", "no EXITINTINFO", true, default,
            static (in ExitRecord r, RecordDigest d) => r.HasExit && r.Exit.IntInfo.IsKnown ? Known(r.Exit.Interrupted.Raw) : default, Event) { Same = SameEvent, IsOfDelivery = true },
        new(ComparedField.ExitIntInfoError, "exitIntInfoError", "error code of EXITINTINFO", "no error code", false, default,
            static (in ExitRecord r, RecordDigest d) => r.HasExit && r.Exit.IntInfoError.IsKnown ? Known(r.Exit.IntInfoError.Value) : default, Hex)
            { IsOfDelivery = true },
        new(ComparedField.ExitRip, "exitRip", "rip of the #VMEXIT", "no rip", false, default,
            static (in ExitRecord r, RecordDigest d) => OfExit(r, r.Exit.Rip), Hex),
        new(ComparedField.ReflectedCode, "reflectedCode", "L1 is shown #VMEXIT", "L1 is shown no #VMEXIT", true, Inject,
            static (in ExitRecord r, RecordDigest d) => d.Reflections > 0 ? Known(d.Reflection.ExitCode.Value) : Absent, Code) { ByChance = static code => new SvmExitCode(code).IsAsynchronous },
        new(ComparedField.ReflectedInfo1, "reflectedInfo1", "EXITINFO1 for L1", "no EXITINFO1 for L1", false, Inject,
            static (in ExitRecord r, RecordDigest d) => d.Reflections > 0 ? Known(d.Reflection.Info1) : Absent, Hex),
        new(ComparedField.ReflectedInfo2, "reflectedInfo2", "EXITINFO2 for L1", "no EXITINFO2 for L1", false, Inject,
            static (in ExitRecord r, RecordDigest d) => d.Reflections > 0 ? Known(d.Reflection.Info2) : Absent, Hex),
        new(ComparedField.ReflectedIntInfo, "reflectedIntInfo", "EXITINTINFO for L1", "no EXITINTINFO for L1", true, Inject,
            static (in ExitRecord r, RecordDigest d) => d.Reflections > 0 ? Known(d.Reflection.IntInfo.Normalised.Raw) : Absent, Event) { Same = SameEvent },
        new(ComparedField.ReflectedIntInfoError, "reflectedIntInfoError", "error code of EXITINTINFO for L1", "no error code for L1", false, Inject,
            static (in ExitRecord r, RecordDigest d) => d.Reflections > 0 ? Known(d.Reflection.IntInfoError) : Absent, Hex),
        new(ComparedField.IntrReflectionAnnounced, "intrReflectionAnnounced", "kvm_nested_intr_vmexit", "no kvm_nested_intr_vmexit", true,
            TracepointSet.Of(KvmEventKind.NestedIntrVmexit),
            static (in ExitRecord r, RecordDigest d) => d.IntrAnnounced ? Known(1) : Absent, YesNo),
        new(ComparedField.WakeupsAfterReflection, "wakeupsAfterReflection", "wake-ups after L1 was shown the #VMEXIT", "no wake-up", false,
            TracepointSet.Of(KvmEventKind.VcpuWakeup),
            static (in ExitRecord r, RecordDigest d) => Known((ulong)d.WakeupsAfterReflection), Number),
        new(ComparedField.VmrunsEntered, "vmrunsEntered", "L2 is started", "L2 is not started", true, TracepointSet.Of(KvmEventKind.NestedVmenter),
            static (in ExitRecord r, RecordDigest d) => d.Vmenters > 0 ? Known((ulong)d.Vmenters) : Absent, Times),
        new(ComparedField.VmrunChecksFailed, "vmrunChecksFailed", "a check of VMRUN fails", "no check of VMRUN fails", false,
            TracepointSet.Of(KvmEventKind.NestedVmenterFailed),
            static (in ExitRecord r, RecordDigest d) => d.FailedChecks > 0 ? Known((ulong)d.FailedChecks) : Absent, Times),
        new(ComparedField.Exception, "exception", "exception raised", "no exception raised", true, TracepointSet.Of(KvmEventKind.InjectException),
            static (in ExitRecord r, RecordDigest d) => d.HasException ? Known(d.Exception.Vector) : Absent, ExceptionVector.NameOf),
        new(ComparedField.ExceptionHasError, "exceptionHasError", "the exception pushes an error code", "no exception raised", true,
            TracepointSet.Of(KvmEventKind.InjectException),
            static (in ExitRecord r, RecordDigest d) => !d.HasException ? Absent
                : d.Exception.HasError.IsUnknown ? Observed<ulong>.Unseen : Known(d.Exception.HasError.IsYes ? 1UL : 0), YesNo),
        new(ComparedField.ExceptionError, "exceptionError", "error code of the exception", "no exception raised", false,
            TracepointSet.Of(KvmEventKind.InjectException),
            static (in ExitRecord r, RecordDigest d) => d.HasException ? Known(d.Exception.Error) : Absent, Hex),
        new(ComparedField.Interrupt, "interrupt", "interrupt delivered", "no interrupt delivered", false, TracepointSet.Of(KvmEventKind.InjectInterrupt),
            static (in ExitRecord r, RecordDigest d) => d.HasInterrupt ? Known(d.Interrupt.Vector) : Absent, Hex),
        new(ComparedField.StagedEvent, "stagedEvent", "event delivered at the entry", "no event delivered at the entry", false, Staging, StagedEvent, Event),
        new(ComparedField.NewInterrupt, "newInterrupt", "new interrupt delivered", "no new interrupt delivered", false,
            TracepointSet.Of(KvmEventKind.InjectInterrupt), NewInterrupt, Hex),
        new(ComparedField.StagedEvents, "stagedEvents", "different events staged for one entry", "no event staged", true, Staging,
            static (in ExitRecord r, RecordDigest d) => Known((ulong)d.StagedEvents), Number),
        new(ComparedField.StagedAgain, "stagedAgain", "an event is delivered again", "no event is delivered", true, Staging, StagedAgain, YesNo),
        new(ComparedField.EntryEventInj, "entryEventInj", "EVENTINJ at the entry", "no EVENTINJ", true, default,
            static (in ExitRecord r, RecordDigest d) =>
                r.HasEntry && r.Entry.EventInj.IsKnown ? Known(new EventInfo(r.Entry.EventInj.Value).Normalised.Raw) : default, Event) { Same = SameEvent },
        new(ComparedField.EntryRip, "entryRip", "entry at rip", "no entry", false, default,
            static (in ExitRecord r, RecordDigest d) => r.HasEntry ? r.Entry.Rip : default, Hex),
        new(ComparedField.EntryLevel, "entryLevel", "entry into", "no entry", true, Inject | TracepointSet.Of(KvmEventKind.NestedVmenter),
            EntryLevel, static value => $"L{value}", static digest => !digest.ChangesGuest),
        new(ComparedField.MsrFaulted, "msrFaulted", "#GP for the MSR access", "no MSR access", true, TracepointSet.Of(KvmEventKind.MsrAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasMsr ? Known(d.Msr.Faulted ? 1UL : 0) : Absent, YesNo),
        new(ComparedField.MsrValue, "msrValue", "MSR value", "no MSR access", false, TracepointSet.Of(KvmEventKind.MsrAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasMsr ? Known(d.Msr.Value) : Absent, Hex),
        new(ComparedField.MsrAccessed, "msrAccessed", "L0 carries out the MSR access", "L0 carries out no MSR access", true,
            TracepointSet.Of(KvmEventKind.MsrAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasMsr ? Known(1) : Absent, YesNo),
        new(ComparedField.InvlpgaExecuted, "invlpgaExecuted", "L0 executes INVLPGA", "L0 does not execute INVLPGA", true,
            TracepointSet.Of(KvmEventKind.Invlpga), Happened(KvmEventKind.Invlpga), YesNo),
        new(ComparedField.HypercallExecuted, "hypercallExecuted", "L0 executes a hypercall", "L0 executes no hypercall", true,
            TracepointSet.Of(KvmEventKind.Hypercall),
            static (in ExitRecord r, RecordDigest d) => d.Hypercall ? Known(1) : Absent, YesNo),
        new(ComparedField.SkinitMet, "skinitMet", "L0 handles SKINIT", "L0 does not handle SKINIT", true,
            TracepointSet.Of(KvmEventKind.Skinit), Happened(KvmEventKind.Skinit), YesNo),
        new(ComparedField.PortAccessed, "portAccessed", "port I/O is carried out", "no port I/O is carried out", true,
            TracepointSet.Of(KvmEventKind.PortAccess), Happened(KvmEventKind.PortAccess), YesNo),
        new(ComparedField.TaskPriorityWritten, "taskPriorityWritten", "the task priority of L1's APIC is written", "the task priority is not written", true,
            TracepointSet.Of(KvmEventKind.ApicAccess),
            static (in ExitRecord r, RecordDigest d) => d.TaskPriorityWritten ? Known(1) : Absent, YesNo),
        new(ComparedField.UserspaceReason, "userspaceReason", "return to the VMM", "no return to the VMM", true,
            TracepointSet.Of(KvmEventKind.UserspaceExit),
            static (in ExitRecord r, RecordDigest d) => d.UserspaceReason is { } reason ? Known(reason) : Absent, static value => $"for reason {value}")
            { ByChance = static reason => reason == UserspaceExit.InterruptedReason },
        new(ComparedField.SmmEntered, "smmEntered", "System Management Mode is entered", "System Management Mode is not entered", true,
            TracepointSet.Of(KvmEventKind.SmmTransition),
            static (in ExitRecord r, RecordDigest d) => d.SmmEntered ? Known(1) : Absent, YesNo),
        new(ComparedField.EmulationFailed, "emulationFailed", "L0 cannot emulate the instruction", "L0 emulates the instruction", true,
            TracepointSet.Of(KvmEventKind.EmulateInstruction),
            static (in ExitRecord r, RecordDigest d) => d.EmulationFailed ? Known(1) : Absent, YesNo),
        new(ComparedField.ExitOfL2, "exitOfL2", "it is L2 that exits", "it is L1 that exits", true, Nested, ExitOfL2, YesNo)
        {
            Settled = static (in ExitRecord r, RecordDigest d) => !(r.Kinds & OfHandling).IsEmpty,
        },
        new(ComparedField.Reflections, "reflections", "#VMEXITs shown to L1", "L1 is shown no #VMEXIT", true, default,
            static (in ExitRecord r, RecordDigest d) => Known((ulong)d.Reflections), Number),
        new(ComparedField.Vmcb12IntCtl, "vmcb12IntCtl", "virtual interrupt control of vmcb12", "L2 is not started", false,
            TracepointSet.Of(KvmEventKind.NestedVmenter),
            static (in ExitRecord r, RecordDigest d) => d.Vmenters > 0 ? Known(d.Vmenter.IntCtl) : Absent, Hex),
        new(ComparedField.Vmcb12EventInj, "vmcb12EventInj", "EVENTINJ of vmcb12", "L2 is not started", false, TracepointSet.Of(KvmEventKind.NestedVmenter),
            static (in ExitRecord r, RecordDigest d) => d.Vmenters > 0 ? Known(d.Vmenter.EventInj.Normalised.Raw) : Absent, Event),
        new(ComparedField.ControlRegisterWritten, "controlRegisterWritten", "L0 writes a control register", "L0 writes no control register", true,
            TracepointSet.Of(KvmEventKind.CrAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasCrWrite ? Known(1) : Absent, YesNo),
        new(ComparedField.PortDescription, "portDescription", "port access", "no port I/O is carried out", false, TracepointSet.Of(KvmEventKind.PortAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasPort ? Known(d.Port.AsExitInfo) : Absent, Hex),
        new(ComparedField.MsrWritten, "msrWritten", "the MSR access is a write", "no MSR access", true, TracepointSet.Of(KvmEventKind.MsrAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasMsr ? Known(d.Msr.Write ? 1UL : 0) : Absent, Number),
        new(ComparedField.PageFaultAddress, "pageFaultAddress", "page fault at", "no page fault", false, TracepointSet.Of(KvmEventKind.PageFault),
            static (in ExitRecord r, RecordDigest d) => d.HasPageFault ? Known(d.PageFaultAddress) : Absent, Hex),
        new(ComparedField.AvicIpiCommand, "avicIpiCommand", "ICR that L0 takes", "no interrupt of AVIC", false,
            TracepointSet.Of(KvmEventKind.AvicIncompleteIpi),
            static (in ExitRecord r, RecordDigest d) => d.HasAvicIpi ? Known(d.AvicIpi.Command) : Absent, Hex),
        new(ComparedField.AvicIpiReason, "avicIpiReason", "reason and index that L0 takes", "no interrupt of AVIC", false,
            TracepointSet.Of(KvmEventKind.AvicIncompleteIpi),
            static (in ExitRecord r, RecordDigest d) => d.HasAvicIpi ? Known(d.AvicIpi.Reason) : Absent, Hex),
        new(ComparedField.AvicAccess, "avicAccess", "access that L0 takes", "no access of AVIC", false, TracepointSet.Of(KvmEventKind.AvicUnacceleratedAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasAvicAccess ? Known(d.AvicAccess.AsExitInfo) : Absent, Hex),
        new(ComparedField.AvicVector, "avicVector", "vector that L0 takes", "no access of AVIC", false, TracepointSet.Of(KvmEventKind.AvicUnacceleratedAccess),
            static (in ExitRecord r, RecordDigest d) => d.HasAvicAccess ? Known(d.AvicAccess.Vector) : Absent, Hex),
        new(ComparedField.InstructionDecoded, "instructionDecoded", "L0 decodes an instruction", "L0 decodes no instruction", true,
            TracepointSet.Of(KvmEventKind.EmulateInstruction),
            static (in ExitRecord r, RecordDigest d) => d.HasInstruction ? Known(1) : Absent, YesNo),
        new(ComparedField.InstructionRip, "instructionRip", "rip of the instruction that L0 decodes", "L0 decodes no instruction", false,
            TracepointSet.Of(KvmEventKind.EmulateInstruction),
            static (in ExitRecord r, RecordDigest d) => d.HasInstruction ? Known(d.Instruction.Rip) : Absent, Hex),
        new(ComparedField.InvlpgaAddress, "invlpgaAddress", "address of INVLPGA", "L0 does not execute INVLPGA", false,
            TracepointSet.Of(KvmEventKind.Invlpga),
            static (in ExitRecord r, RecordDigest d) => d.InvlpgaAddress is { } address ? Known(address) : Absent, Hex),
        new(ComparedField.ApicIpiSent, "apicIpiSent", "the APIC sends an interrupt", "the APIC sends no interrupt", true,
            TracepointSet.Of(KvmEventKind.ApicIpi), Happened(KvmEventKind.ApicIpi), YesNo),
        new(ComparedField.EoiVector, "eoiVector", "end of interrupt for vector", "no end of interrupt", false, TracepointSet.Of(KvmEventKind.Eoi),
            static (in ExitRecord r, RecordDigest d) => d.EoiVector is { } vector ? Known(vector) : Absent, Hex),
        new(ComparedField.VmgexitBegun, "vmgexitBegun", "a request of the guest begins", "no request of the guest begins", true, Requests,
            static (in ExitRecord r, RecordDigest d) =>
                r.Kinds.Has(KvmEventKind.VmgexitEnter) || r.Kinds.Has(KvmEventKind.VmgexitMsrEnter) ? Known(1) : Absent, YesNo),
        new(ComparedField.VmgexitEnded, "vmgexitEnded", "a request of the guest ends", "no request of the guest ends", true, Requests,
            static (in ExitRecord r, RecordDigest d) =>
                r.Kinds.Has(KvmEventKind.VmgexitExit) || r.Kinds.Has(KvmEventKind.VmgexitMsrExit) ? Known(1) : Absent, YesNo),
        new(ComparedField.ShutdownReported, "shutdownReported", "the VMM is told of a shutdown", "the VMM is told of no shutdown", true,
            TracepointSet.Of(KvmEventKind.UserspaceExit),
            static (in ExitRecord r, RecordDigest d) => d.ShutdownReported ? Known(1) : Absent, YesNo),
        new(ComparedField.InitAccepted, "initAccepted", "a local APIC accepts INIT", "no local APIC accepts INIT", true, TracepointSet.Of(KvmEventKind.ApicAcceptIrq),
            static (in ExitRecord r, RecordDigest d) => d.InitAccepted ? Known(1) : Absent, YesNo)
        {
            // It has to come before the exit.
            Settled = static (in ExitRecord r, RecordDigest d) => r.HasExit,
        },
    ];

    private static FieldRow[] ByNumber { get; } = Index();

    private static TracepointSet Set(params ReadOnlySpan<KvmEventKind> kinds)
    {
        TracepointSet all = default;
        foreach (KvmEventKind kind in kinds)
        {
            all |= TracepointSet.Of(kind);
        }

        return all;
    }

    private static Observed<ulong> Absent => Observed<ulong>.Absent;

    /// <summary>Whether L0 is seen to carry out the instruction that exited.</summary>
    public static bool IsCarriedOut(in ExitRecord record) => record.Kinds.Has(WorkOf(record.Exit.Code));

    /// <summary>Whether L0 is seen to work on the instruction that exited, or to have left it to the VMM.</summary>
    public static bool IsWorkedOn(in ExitRecord record) =>
        IsCarriedOut(record) || record.Kinds.Has(KvmEventKind.EmulateInstruction) || record.Kinds.Has(KvmEventKind.UserspaceExit);

    public static FieldRow Of(ComparedField field) => ComparedState.IsState(field) ? StateRows.Of(field) : ByNumber[(int)field];

    private static FieldRow[] Index()
    {
        var rows = new FieldRow[All.Max(row => (int)row.Field) + 1];
        foreach (FieldRow row in All)
        {
            rows[(int)row.Field] = row;
        }

        return rows;
    }

    private static Observed<ulong> Known(ulong value) => Observed<ulong>.Of(value);

    private static Observed<ulong> OfExit(in ExitRecord record, ulong value) => record.HasExit ? Known(value) : default;

    // What L0 does in the place of the processor, where a tracepoint tells of it.
    private static KvmEventKind WorkOf(SvmExitCode code) =>
        code == SvmExitCode.Cpuid ? KvmEventKind.Cpuid
        : code == SvmExitCode.Vmmcall ? KvmEventKind.Hypercall
        : code == SvmExitCode.Invlpga ? KvmEventKind.Invlpga
        : code == SvmExitCode.Msr ? KvmEventKind.MsrAccess
        : code == SvmExitCode.Ioio ? KvmEventKind.PortAccess
        : KvmEventKind.None;

    private static FieldReader Happened(KvmEventKind kind) =>
        (in ExitRecord record, RecordDigest digest) => record.Kinds.Has(kind) ? Known(1) : Absent;

    // EVENTINJ of the entry is the better witness: it shows NMIs too. Without it, nothing staged counts as no event.
    private static Observed<ulong> StagedEvent(in ExitRecord record, RecordDigest digest) =>
        record.HasEntry && record.Entry.EventInj.IsKnown
            ? Known(new EventInfo(record.Entry.EventInj.Value).Normalised.Raw & ~EventInfo.ErrorCodeBit)
            : digest.Staged.Valid ? Known(digest.Staged.Raw) : Absent;

    // Kernels before 6.0 do not say whether an interrupt is re-injected: it is new when nothing was in delivery.
    private static Observed<ulong> NewInterrupt(in ExitRecord record, RecordDigest digest)
    {
        if (digest.NewInterrupt.IsNo)
        {
            return Absent;
        }

        bool nothingOwed = record.HasExit && record.Exit.IntInfo.IsKnown && !record.Exit.Interrupted.Valid && digest.Vmenters == 0;
        return digest.NewInterrupt.IsYes || nothingOwed ? Known(digest.NewInterruptVector) : default;
    }

    private static Observed<ulong> StagedAgain(in ExitRecord record, RecordDigest digest) =>
        !digest.HasStaged ? Absent : digest.FirstStagedAgain.IsUnknown ? default : Known(digest.FirstStagedAgain.IsYes ? 1UL : 0);

    private static Observed<ulong> EntryLevel(in ExitRecord record, RecordDigest digest) => digest.EntryLevel switch
    {
        GuestLevel.L1 when record.HasEntry => Known(1),
        GuestLevel.L2 when record.HasEntry => Known(2),
        _ => default,
    };

    // That L1 exits although L2 was started shows by the silence of both tracepoints that tell L2's exits.
    private static Observed<ulong> ExitOfL2(in ExitRecord record, RecordDigest digest) => record.Level switch
    {
        GuestLevel.L2 when record.HasExit => Known(1),
        GuestLevel.L1 when record.HasExit => Absent,
        _ => default,
    };

    // The vector of an interrupt is the guest's choice, and so is that of an exception that does not exist; its type and EV are the fault's.
    private static ulong SameEvent(ulong raw)
    {
        var info = new EventInfo((uint)raw);
        bool isVectorFixed = info is { Valid: true, Type: EventType.Exception, Vector: < 32 };
        byte vector = isVectorFixed ? info.Vector : info.Type == EventType.Exception ? byte.MaxValue : (byte)0;
        return !info.Valid ? 0 : (info.Raw & (EventInfo.ValidBit | EventInfo.TypeField | EventInfo.ErrorCodeBit)) | vector;
    }

    private static string Code(ulong value) => SvmExitTable.NameOf(value);

    private static string Event(ulong value) => new EventInfo((uint)value).ToString();

    private static string Hex(ulong value) => $"0x{value:x}";

    private static string Number(ulong value) => $"{value}";

    private static string YesNo(ulong value) => value != 0 ? "yes" : "no";

    private static string Times(ulong value) => value == 1 ? "once" : $"{value} times";
}
