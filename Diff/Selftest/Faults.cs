using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Kind = Differ.Schemas.Run.KvmEventKind;

namespace Differ.Diff.Selftest;

/// <summary>Every kind of fault. A new one is a row here.</summary>
internal static class Faults
{
    private const uint Efer = 0xc000_0080, VmCr = 0xc001_0114, HsavePa = 0xc001_0117, TscRatio = 0xc000_0104;
    private const ulong InvalidOpcode = 0x8000_0306, FinalStage = 1UL << 32, TableStage = 1UL << 33, Svme = 1 << 12;
    private const int Inject1 = NestedVmexitInject.Info1Slot, Inject2 = NestedVmexitInject.Info2Slot, InjectInt = NestedVmexitInject.IntInfoSlot;

    /// <summary>In the order of what they are about.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        // What L1 is shown of L2's exits.
        new("reflection-dropped", "an exit that L1 intercepts never reaches it", static s => s.IsL2 && s.IsReflected && s.Intercepted.IsYes && !IsAsynchronous(s.Code), static r => r.Remove(Kind.NestedVmexitInject)),
        new("cpuid-not-reflected", "a CPUID that L1 intercepts is answered by L0", static s => s.IsReflected && s.Code == SvmExitCode.Cpuid, static r => { r.Remove(Kind.NestedVmexitInject); r.EnterAt(r.Exit.Rip + 2); }),
        new("vmmcall-executed", "a VMMCALL that L1 intercepts is executed as L0's hypercall", static s => s.IsReflected && s.Code == SvmExitCode.Vmmcall, static r => { r.Remove(Kind.NestedVmexitInject); r.Add(Kind.Hypercall, 1, 0, 0, 0, 0); r.EnterAt(r.Exit.Rip + 3); }),
        new("reflection-invented", "an exit that L1 does not intercept is shown to it", static s => s.IsL2 && !s.IsReflected && s.Intercepted.IsNo && !IsAsynchronous(s.Code) && !s.Code.IsException, static r => r.Add(Kind.NestedVmexitInject, r.Exit.Code.Value, r.Exit.Info1, r.Exit.Info2, 0, 0)),
        new("exception-reflection-invented", "an exception that L1 does not intercept is shown to it", static s => s.IsL2 && !s.IsReflected && s.Intercepted.IsNo && s.Code.IsException, static r => r.Add(Kind.NestedVmexitInject, r.Exit.Code.Value, r.Exit.Info1, r.Exit.Info2, 0, 0)),
        new("reflected-code", "L1 is shown another exit code", static s => s.IsL2 && s.IsReflected && s.Intercepted.IsYes && !IsAsynchronous(s.Code), static r => r.Change(Kind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot, static code => code ^ 1)),
        new("reflected-code-undefined", "L1 is shown an exit code that does not exist", static s => s.IsL2 && s.IsReflected, static r => r.Change(Kind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot, static _ => 0x3ff)),
        new("reflected-twice", "L1 is shown one exit twice", static s => s.IsL2 && s.IsReflected, static r => r.Events.Add(r.Events.FindLast(static h => h.Kind == Kind.NestedVmexitInject))),
        new("reflected-info1", "EXITINFO1 for L1 is another than the processor's", static s => s.IsDirect && s.Code is { } code && (code == SvmExitCode.Ioio || code == SvmExitCode.Msr || code == SvmExitCode.OfException(ExceptionVector.GP)), static r => r.Change(Kind.NestedVmexitInject, Inject1, static info => info ^ 1)),
        new("reflected-info2", "EXITINFO2 for L1 is another than the processor's", static s => s.IsDirect && s.IsL2 && (s.Code == SvmExitCode.Npf || s.Code == SvmExitCode.Ioio || s.Code == SvmExitCode.OfException(ExceptionVector.PF)), static r => r.Change(Kind.NestedVmexitInject, Inject2, static info => info ^ 0x10_0000)),
        new("npf-stage", "a nested page fault for L1 swaps final translation and table walk", static s => s.IsDirect && s.Code == SvmExitCode.Npf && (s.Record.Value(Kind.NestedVmexitInject, Inject1) & (FinalStage | TableStage)) != 0, static r => r.Change(Kind.NestedVmexitInject, Inject1, static info => info ^ (FinalStage | TableStage))),
        new("npf-no-stage", "a nested page fault for L1 names no stage", static s => s.IsDirect && s.Code == SvmExitCode.Npf, static r => r.Change(Kind.NestedVmexitInject, Inject1, static info => info & ~(FinalStage | TableStage))),
        new("npf-reserved-not-present", "a nested page fault for L1 has RSV without P", static s => s.IsDirect && s.Code == SvmExitCode.Npf, static r => r.Change(Kind.NestedVmexitInject, Inject1, static info => (info | 8) & ~1UL)),
        new("npf-address-zero", "the address of a nested page fault is lost", static s => s.IsDirect && s.Code == SvmExitCode.Npf && s.Record.Exit.Info2 != 0, static r => r.Change(Kind.NestedVmexitInject, Inject2, static _ => 0)),
        new("npf-write", "a nested page fault for L1 tells a read from a write wrongly", static s => s.IsDirect && s.Code == SvmExitCode.Npf && !s.Record.Has(Kind.EmulateInstruction), static r => r.Change(Kind.NestedVmexitInject, Inject1, static info => info ^ 2)),
        new("npf-write-and-fetch", "a nested page fault for L1 is of a write and of a fetch at once", static s => s.IsDirect && s.Code == SvmExitCode.Npf, static r => r.Change(Kind.NestedVmexitInject, Inject1, static info => info | 0x12)),
        new("page-fault-reserved", "the error code of a page fault for L1 has reserved bits", static s => s.IsL2 && s.Record.Value(Kind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot) == SvmExitCode.OfException(ExceptionVector.PF).Value, static r => r.Change(Kind.NestedVmexitInject, Inject1, static info => info | 0x200)),
        new("l2-given-up", "L0 gives the guest up at an instruction of L2 that L1 does not intercept", static s => s.IsL2 && !s.IsReflected && s.Code == SvmExitCode.Cpuid && s.Intercepted.IsNo, static r => { r.Events.RemoveAll(static h => h.Kind != Kind.NestedVmexit); r.Add(Kind.UserspaceExit, UserspaceExit.InternalErrorReason, 0); }),
        new("exception-into-l2", "an exception that L1 intercepts is delivered into L2", static s => s.IsDirect && s.Code.IsException && !s.Record.Exit.Interrupted.Valid, static r => { r.Remove(Kind.NestedVmexitInject); r.Add(Kind.InjectException, r.Exit.Code.Vector, ExceptionVector.PushesErrorCode(r.Exit.Code.Vector) ? 1UL : 0, r.Exit.Info1, 0); r.EnterAt(r.Exit.Rip); }),
        new("gp-in-place-of-reflection", "an exit that L1 intercepts becomes #GP of L2", static s => s.IsDirect && s.Intercepted.IsYes && !IsAsynchronous(s.Code) && !s.Code.IsException, static r => { r.Remove(Kind.NestedVmexitInject); r.Add(Kind.InjectException, ExceptionVector.GP, 1, 0, 0); r.EnterAt(r.Exit.Rip); }),
        new("intr-into-l2", "an interrupt for L1 is delivered into L2 although L1 intercepts interrupts", static s => IsIntrForL1(s) && !s.Record.Exit.Interrupted.Valid, static r => { r.Remove(Kind.NestedVmexitInject); r.Remove(Kind.NestedIntrVmexit); r.Add(Kind.InjectInterrupt, 0x31, 0, 0); r.EnterAt(r.Exit.Rip); }),
        new("intr-of-l0-shown", "an interrupt of the host is shown to L1 as its own", static s => IsIntrForL1(s) && s.Code == SvmExitCode.Intr, static r => r.Remove(Kind.NestedIntrVmexit)),
        new("intr-not-intercepted", "L1 is shown an interrupt that it does not intercept", static s => s.IsL2 && !s.IsReflected && s.Code == SvmExitCode.Intr && s.Intercepted.IsNo, static r => { r.Add(Kind.NestedIntrVmexit, r.Exit.Rip); r.Add(Kind.NestedVmexitInject, SvmExitCode.Intr.Value, 0, 0, 0, 0); }),
        new("smm-code", "L1 is shown an exit of the hypervisor's own", static s => s.IsL2 && s.IsReflected && s.Intercepted.IsYes, static r => r.Change(Kind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot, static _ => 0xf000_0001)),

        // EXITINTINFO.
        new("intinfo-dropped", "EXITINTINFO is lost on the way to L1", static s => s.IsDirect && s.Record.Exit.Interrupted.Valid, static r => r.Change(Kind.NestedVmexitInject, InjectInt, static _ => 0)),
        new("intinfo-altered", "EXITINTINFO for L1 names another vector", static s => s.IsReflected && new EventInfo((uint)s.Record.Value(Kind.NestedVmexitInject, InjectInt)).Valid, static r => r.Change(Kind.NestedVmexitInject, InjectInt, static info => info ^ 1)),
        new("intinfo-type", "EXITINTINFO for L1 is of a type that does not exist", static s => s.IsReflected && new EventInfo((uint)s.Record.Value(Kind.NestedVmexitInject, InjectInt)).Valid, static r => r.Change(Kind.NestedVmexitInject, InjectInt, static info => (info & ~0x700UL) | 0x100)),
        new("intinfo-invented", "EXITINTINFO for L1 names an event nobody delivered", static s => s.IsL2 && s.IsReflected && !s.Record.Exit.Interrupted.Valid && s.Code == SvmExitCode.Cpuid, static r => r.Change(Kind.NestedVmexitInject, InjectInt, static _ => InvalidOpcode)),
        new("intinfo-error", "the error code of EXITINTINFO for L1 is another", static s => s.IsReflected && new EventInfo((uint)s.Record.Value(Kind.NestedVmexitInject, InjectInt)) is { Valid: true, HasErrorCode: true }, static r => r.Change(Kind.NestedVmexitInject, NestedVmexitInject.IntInfoErrorSlot, static error => error ^ 4)),
        new("event-of-l2-in-l1", "an event of L2 is delivered to L1", static s => s.IsDirect && s.Record.Exit.Interrupted is { Valid: true, Type: EventType.Interrupt }, static r => r.Add(Kind.InjectInterrupt, r.Exit.Interrupted.Vector, 0, 1)),
        new("reinjection-dropped", "an event whose delivery was interrupted is not delivered again", static s => s.Record.Exit.Interrupted.Valid && !s.IsReflected && (s.Record.Has(Kind.InjectInterrupt) || s.Record.Has(Kind.InjectException)), static r => { r.Remove(Kind.InjectInterrupt); r.Remove(Kind.InjectException); }),
        new("reinjection-altered", "an interrupted event is delivered again with another vector", static s => s.Record.Exit.Interrupted is { Valid: true, Type: EventType.Interrupt } && !s.IsReflected && s.Record.Has(Kind.InjectInterrupt), static r => r.Change(Kind.InjectInterrupt, InjectedInterrupt.VectorSlot, static vector => vector ^ 1)),

        // Exceptions that L0 raises.
        new("exception-swallowed", "an exception that must be raised is not", static s => (s.IsL1 || s.IsL2) && s.Record.Has(Kind.InjectException) && IsSvmInstruction(s.Code), static r => r.Remove(Kind.InjectException)),
        new("ud-executed", "an instruction that must raise #UD is executed", static s => s.Record.Has(Kind.InjectException) && s.Record.Value(Kind.InjectException, InjectedException.VectorSlot) == ExceptionVector.UD && IsSvmInstruction(s.Code), static r => { r.Remove(Kind.InjectException); r.EnterAt(r.Exit.Rip + 3); }),
        new("exception-vector", "#GP is raised in place of #UD", static s => s.Record.Value(Kind.InjectException, InjectedException.VectorSlot) == ExceptionVector.UD && IsSvmInstruction(s.Code), static r => r.Change(Kind.InjectException, InjectedException.VectorSlot, static _ => ExceptionVector.GP)),
        new("exception-without-error", "an exception lacks its error code", static s => s.Record.Has(Kind.InjectException) && ExceptionVector.PushesErrorCode((byte)s.Record.Value(Kind.InjectException, InjectedException.VectorSlot)), static r => r.Change(Kind.InjectException, InjectedException.HasErrorSlot, static _ => 0)),
        new("exception-with-error", "an exception pushes an error code it does not have", static s => s.Record.Value(Kind.InjectException, InjectedException.VectorSlot) == ExceptionVector.UD, static r => r.Change(Kind.InjectException, InjectedException.HasErrorSlot, static _ => 1)),
        new("exception-invented", "a legal SVM instruction of L1 raises #UD", static s => s.IsL1 && s.IsVmrun, static r => { r.Remove(Kind.NestedVmenter); r.Remove(Kind.NestedIntercepts); r.Add(Kind.InjectException, ExceptionVector.UD, 0, 0, 0); r.EnterAt(r.Exit.Rip); }),

        new("svm-instruction-ud", "a legal SVM instruction of L1 raises #UD, and L1 goes on", static s => s.IsL1 && s.IsSvmeSet && IsSvmInstruction(s.Code) && s.Code != SvmExitCode.Vmrun && s.Code != SvmExitCode.Vmmcall && s.Code != SvmExitCode.Skinit && !s.Record.Has(Kind.InjectException), static r => { r.Add(Kind.InjectException, ExceptionVector.UD, 0, 0, 0); r.EnterAt(r.Exit.Rip); }),

        // Interrupts and GIF.
        new("gif-left-set", "an interrupt is delivered to L1 right behind its VMRUN, with GIF clear", static s => s.IsL2 && s.IsReflected && !s.Record.Has(Kind.InjectInterrupt), static r => r.Add(Kind.InjectInterrupt, 0x31, 0, 0)),
        new("injected-twice", "two events are staged for one entry", static s => s.Record.Has(Kind.InjectInterrupt) && !s.IsReflected, static r => r.Add(Kind.InjectException, ExceptionVector.GP, 1, 0, 0)),
        new("nmi-into-gif-0", "an interrupt is delivered behind a VMRUN that failed", static s => s.Record.Has(Kind.NestedVmenterFailed) && !s.Record.Has(Kind.InjectInterrupt), static r => r.Add(Kind.InjectInterrupt, 0x31, 0, 0)),

        // VMRUN.
        new("vmrun-skipped", "VMRUN does nothing", static s => s.IsL1 && s.IsVmrun && s.Code == SvmExitCode.Vmrun, static r => { r.Remove(Kind.NestedVmenter); r.Remove(Kind.NestedIntercepts); r.EnterAt(r.Exit.Rip + 3); }),
        new("vmrun-without-intercept", "VMRUN accepts a vmcb12 that does not intercept VMRUN", static s => s.IsVmrun, static r => r.Change(Kind.NestedIntercepts, NestedIntercepts.Word4Slot, static word => word & ~1UL)),
        new("vmrun-event-type", "VMRUN accepts an EVENTINJ of a type that does not exist", static s => s.IsVmrun, static r => r.Change(Kind.NestedVmenter, NestedVmenter.EventInjSlot, static _ => 0x8000_0506)),
        new("vmrun-event-vector", "VMRUN accepts vector 2 as an exception", static s => s.IsVmrun, static r => r.Change(Kind.NestedVmenter, NestedVmenter.EventInjSlot, static _ => 0x8000_0302)),
        new("vmrun-ncr3", "VMRUN accepts an nCR3 beyond physical addresses", static s => s.IsVmrun && s.Record.Value(Kind.NestedVmenter, NestedVmenter.NestedPagingSlot) != 0, static r => r.Change(Kind.NestedVmenter, NestedVmenter.Cr3Slot, static root => root | (1UL << 60))),
        new("vmrun-vmcb-misaligned", "VMRUN accepts an address within a page", static s => s.IsVmrun, static r => r.Change(Kind.NestedVmenter, NestedVmenter.Vmcb12Slot, static address => address | 0x10)),
        new("vmrun-event-lost", "an event that L1 injects is not delivered", static s => s.IsL2 && s.Record.Exit.Interrupted.Valid && !s.Record.Has(Kind.NestedVmenter), static r => r.ChangeExit(static exit => exit with { IntInfo = Observed<uint>.Of(0) })),
        new("vmrun-event-not-staged", "the event that L1 injects is not in the VMCB that is entered", static s => s.IsVmrun && !s.IsReflected && s.Record.Entry.EventInj is { IsKnown: true } staged && new EventInfo(staged.Value).Valid && new EventInfo((uint)s.Record.Value(Kind.NestedVmenter, NestedVmenter.EventInjSlot)).Valid, static r => r.Entry = r.Entry with { EventInj = Observed<uint>.Of(0) }),
        new("vmrun-failed-rip", "L1 goes on in the wrong place behind a VMRUN that failed", static s => s.Record.Has(Kind.NestedVmenterFailed) && s.Code == SvmExitCode.Vmrun && !s.Record.Has(Kind.NestedVmenter), static r => r.EnterAt(r.Exit.Rip)),
        new("vmexit-rip", "L1 goes on in the wrong place behind its VMRUN", static s => s.IsL2 && s.IsReflected && s.Record.Entry.Rip.IsKnown, static r => r.EnterAt(r.Entry.Rip.Value + 1)),
        new("vmrun-nested", "L2 is started while it runs", static s => s.IsL2 && !s.IsReflected && s.Code == SvmExitCode.Npf, static r => r.Add(Kind.NestedVmenter, r.Exit.Rip, 0x5000, r.Exit.Rip, 0, 0, 0, 0x1000)),

        // Model-specific registers.
        new("efer-svme-cleared", "guests run although EFER.SVME was never set", static s => IsWrite(s, Efer) && !s.IsSvmeSet && (s.Record.Value(Kind.MsrAccess, MsrAccess.ValueSlot) & Svme) != 0, static r => r.Change(Kind.MsrAccess, MsrAccess.ValueSlot, static value => value & ~Svme)),
        new("hsave-accepted", "VM_HSAVE_PA takes an address within a page", static s => IsWrite(s, HsavePa), static r => r.Change(Kind.MsrAccess, MsrAccess.ValueSlot, static value => value | 0x10)),
        new("hsave-never-set", "VMRUN runs although VM_HSAVE_PA is 0", static s => IsWrite(s, HsavePa), static r => r.Change(Kind.MsrAccess, MsrAccess.ValueSlot, static _ => 0)),
        new("vmcr-accepted", "VM_CR takes reserved bits", static s => IsWrite(s, Efer) || IsWrite(s, VmCr), static r => { r.Change(Kind.MsrAccess, MsrAccess.IndexSlot, static _ => VmCr); r.Change(Kind.MsrAccess, MsrAccess.ValueSlot, static _ => 0x100); }),
        new("svmdis-accepted", "VM_CR.SVMDIS is set although EFER.SVME is", static s => s.IsSvmeSet && s.Code == SvmExitCode.Msr && IsWrite(s), static r => { r.Change(Kind.MsrAccess, MsrAccess.IndexSlot, static _ => VmCr); r.Change(Kind.MsrAccess, MsrAccess.ValueSlot, static _ => 0x10); }),
        new("tsc-ratio-accepted", "TSC_RATIO takes reserved bits", static s => IsWrite(s, Efer), static r => { r.Change(Kind.MsrAccess, MsrAccess.IndexSlot, static _ => TscRatio); r.Change(Kind.MsrAccess, MsrAccess.ValueSlot, static _ => 1UL << 50); }),
        new("msr-and-reflected", "L0 carries out an access that L1 is shown too", static s => s.IsDirect && s.Code == SvmExitCode.Msr, static r => r.Events.Insert(0, MsrWrite(r, 0x277, 0))),

        // The processor, and what L0 makes of its exits.
        new("exit-code-undefined", "the processor reports an exit code that does not exist", static s => s.IsL1 && s.Code == SvmExitCode.Cpuid, static r => r.ChangeExit(static exit => exit with { Code = new SvmExitCode(0x3ff) })),
        new("ioio-two-sizes", "EXITINFO1 of I/O names two sizes", static s => s.Code == SvmExitCode.Ioio, static r => r.ChangeExit(static exit => exit with { Info1 = exit.Info1 | 0x70 })),
        new("ioio-next-rip", "EXITINFO2 of I/O is not behind the instruction", static s => s.Code == SvmExitCode.Ioio, static r => r.ChangeExit(static exit => exit with { Info2 = exit.Rip - 1 })),
        new("msr-info1", "EXITINFO1 of an MSR exit is neither read nor write", static s => s.Code == SvmExitCode.Msr, static r => r.ChangeExit(static exit => exit with { Info1 = 2 })),
        new("npf-both-stages", "the processor reports both stages of a nested page fault", static s => s.Code == SvmExitCode.Npf && s.IsL1, static r => r.ChangeExit(static exit => exit with { Info1 = exit.Info1 | FinalStage | TableStage })),
        new("exit-intinfo-type", "the processor reports EXITINTINFO of a type that does not exist", static s => s.Record.Exit.Interrupted.Valid, static r => r.ChangeExit(static exit => exit with { IntInfo = Observed<uint>.Of((exit.IntInfo.Value & ~0x700u) | 0x500) })),
        new("skip-too-far", "L0 skips more than the instruction", static s => s.IsL1 && s.Code == SvmExitCode.Cpuid && s.Record.Entry.Rip.IsKnown, static r => r.EnterAt(r.Exit.Rip + 3)),
        new("skip-missing", "L0 answers CPUID and does not step over it", static s => s.IsL1 && s.Code == SvmExitCode.Cpuid && s.Record.Has(Kind.Cpuid), static r => r.EnterAt(r.Exit.Rip)),
        new("shutdown-not-shown", "a shutdown of L2 that L1 intercepts ends the whole machine", static s => s.IsL2 && s.IsReflected && s.Code == SvmExitCode.Shutdown, static r => { r.Remove(Kind.NestedVmexitInject); r.Add(Kind.UserspaceExit, UserspaceExit.ShutdownReason, 0); }),
        new("invlpga-executed", "INVLPGA is executed where it must raise #UD", static s => s.Code == SvmExitCode.Invlpga && s.Record.Has(Kind.InjectException), static r => { r.Remove(Kind.InjectException); r.Add(Kind.Invlpga, r.Exit.Rip, 1, 0); r.EnterAt(r.Exit.Rip + 3); }),
    ];

    // What L1 is shown in place of these depends on what else was pending.
    private static bool IsAsynchronous(SvmExitCode code) =>
        code == SvmExitCode.Intr || code == SvmExitCode.Nmi || code == SvmExitCode.Smi || code == SvmExitCode.Init || code == SvmExitCode.VIntr;

    private static bool IsIntrForL1(FaultSite site) =>
        site.IsL2 && site.IsReflected && site.Record.Value(Kind.NestedVmexitInject, NestedVmexitInject.ExitCodeSlot) == SvmExitCode.Intr.Value;

    private static bool IsSvmInstruction(SvmExitCode code) => code.Value is >= 0x80 and <= 0x86 || code == SvmExitCode.Invlpga;

    private static bool IsWrite(FaultSite site, uint index) =>
        IsWrite(site) && site.Record.Value(Kind.MsrAccess, MsrAccess.IndexSlot) == index;

    private static bool IsWrite(FaultSite site) =>
        site.IsL1 && site.Record.Has(Kind.MsrAccess) && site.Record.Value(Kind.MsrAccess, MsrAccess.WriteSlot) != 0 && site.Record.Value(Kind.MsrAccess, MsrAccess.FaultedSlot) == 0;

    private static KvmEvent MsrWrite(MutableRecord record, uint index, ulong value)
    {
        var values = new FieldValues();
        values.Set(MsrAccess.WriteSlot, 1);
        values.Set(MsrAccess.IndexSlot, index);
        values.Set(MsrAccess.ValueSlot, value);
        values.Set(MsrAccess.FaultedSlot, 0);
        return new KvmEvent(Kind.MsrAccess, record.Exit.Time, values);
    }
}
