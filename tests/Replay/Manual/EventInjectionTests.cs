using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group F, in the order of the rules.</summary>
public sealed class EventInjectionTests : RuleTests<EventInjectionTests>, IRuleCases
{
    // L2 in the handler of the event, and L2 where VMRUN started it.
    private const ulong Handler = 0x8000, Start = RunStory.L2Rip;
    private const string Unconditional = "SVM-15.20-INJ-UNCOND";
    private static readonly SvmExitCode GpExit = OfException(ExceptionVector.GP);
    private static readonly uint Irq = Event(EventType.Interrupt, 0x31), GP = Event(EventType.Exception, 13) | EventInfo.ErrorCodeBit,
        NmiEvent = Event(EventType.Nmi, 2);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "rip==nested_rip and intr_info V=0 (and not INVALID) = lost injection"
        new(Unconditional,
            Breaks(Injects(Irq).Forced().L2Exit(Intr, Start)),
            Undecided(Evidence.GuestRun, Injects(Irq).L2Exit(Cpuid, Start)),
            Undecided(Evidence.GuestRun, Injects(Irq).Forced().L2Exit(Cpuid, Start)),
            Undecided(Evidence.GuestRun, Injects(Irq).L2Exit(Intr, Start)),
            Breaks(Injects(Irq).Entry(Start, 0)),
            Breaks(Injects(Irq).Entry(Start, NmiEvent)),
            Keeps(Injects(Irq).Entry(Start, Irq)),
            Keeps(Injects(Event(EventType.Nmi, 0)).Entry(Start, NmiEvent)),
            Keeps(Injects(Irq).Forced().L2Exit(Intr, Handler)),
            Keeps(Injects(Irq).Forced().L2Exit(Npf, Start, intInfo: Irq).Interrupts(0x31, again: true)),
            Keeps(Injects(Irq).L2Exit(Invalid, Start).Reflects(Invalid)),
            Silent("the kernel does not show EXITINTINFO", Injects(Irq).L2Exit(Cpuid, Start, intInfo: null)),
            Silent("nothing is injected", Injects(0).L2Exit(Cpuid, Start))),

        // "Injected events are not subject to intercept checks."
        new("SVM-15.20-INJ-NOINTERCEPT",
            Breaks(Injects(GP, GpExit).Reflects(GpExit), "SVM-L-RUN-PENDING"),
            Keeps(Injects(GP, GpExit).Reflects(Invalid)),
            Undecided(Evidence.GuestRun, Injects(GP, GpExit).L2Exit(GpExit, Start).Reflects(GpExit)),
            Undecided(Evidence.GuestRun, Injects(GP, GpExit).L2Exit(GpExit, Handler).Reflects(GpExit)),
            Silent("it is another exception", Injects(GP, GpExit).L2Exit(OfException(6), Handler)),
            Silent("it is not intercepted", Injects(GP).L2Exit(GpExit, Handler))),

        // "intr_info vector/type == event_inj vector/type"
        new("SVM-15.20-INJ-RECORDED",
            Breaks(Injects(Irq).Forced().L2Exit(Npf, Start, intInfo: Event(EventType.Interrupt, 0x32)).Interrupts(0x32, again: true)),
            Undecided(Evidence.GuestRun, Injects(Irq).L2Exit(Npf, Start, intInfo: Event(EventType.Interrupt, 0x32)).Interrupts(0x32, again: true)),
            Keeps(Injects(Irq).Forced().L2Exit(Npf, Start, intInfo: Irq).Interrupts(0x31, again: true)),
            Keeps(Injects(Irq).Forced().L2Exit(Npf, Start, intInfo: GP).Raises(13, 0, again: true)),
            Keeps(Injects(Event(EventType.Nmi, 7)).Forced().L2Exit(Npf, Start, intInfo: NmiEvent).Entry(Start, NmiEvent))),

        // What L0's own NMI window is for cannot be told from what L1 injected.
        new("SVM-15.20-INJ-NMI-NOBLOCK",
            Undecided(Evidence.NmiInjection, Injects(NmiEvent).L2Exit(Iret, Handler)),
            Silent("L1 intercepts IRET", Injects(NmiEvent, Iret).L2Exit(Iret, Handler).Reflects(Iret))),
        new("SVM-15.20-INJ-NMI-VEC",
            Breaks(Injects(Event(EventType.Nmi, 5)).KnowingTheRest().L2Exit(Invalid, Start).Reflects(Invalid)),
            Keeps(Injects(Event(EventType.Nmi, 5)).KnowingTheRest().L2Exit(Cpuid, Handler)),
            Undecided(Evidence.VmcbSaveArea, Injects(Event(EventType.Nmi, 5)).L2Exit(Invalid, Start).Reflects(Invalid))),

        // No tracepoint carries nRIP of vmcb12, so the return address cannot be checked.
        new("SVM-15.20-INJ-SOFT-NRIP",
            Undecided(Evidence.NextRip, Injects(Event(EventType.SoftwareInterrupt, 0x80)).L2Exit(Cpuid, Handler)),
            Silent("it is no software interrupt", Injects(Irq).L2Exit(Cpuid, Handler))),

        // "plausible; do not flag"
        new("SVM-15.20-INJ-BP-DPL",
            Undecided(Evidence.Cpl, Injects(Event(EventType.Exception, 3)).L2Exit(GpExit, Handler)),
            Silent("it did not fault", Injects(Event(EventType.Exception, 3)).L2Exit(Cpuid, Handler))),

        // "L1's own affair, never a finding"
        new("SVM-15.20-INJ-ICEBP",
            Silent("L1 injects a #DB", Injects(Event(EventType.Exception, ExceptionVector.DB)).L2Exit(Cpuid, Handler))),

        // "vectors 8,10-14,17,21,29,30 has_error=1 (protected mode), others 0"
        new("SVM-15.20-INJ-EV-ERR",
            Breaks(L1().L1Exit(Npf).Raises(6, error: 0)),
            Breaks(L1().L1Exit(Npf).Emulates("0f a2").Raises(13)),
            Keeps(L1().L1Exit(Npf).Raises(6)),
            Keeps(L1().L1Exit(Npf).Emulates("0f a2").Raises(13, 0)),
            Breaks(L1().L1Exit(Vmload).Raises(13)),
            Keeps(L1().L1Exit(Vmload).Raises(13, 0)),
            Breaks(L1().L1Exit(Npf, rip: 0xffff_ffff_8100_0000).Raises(13)),
            Keeps(L1().L1Exit(Npf, rip: 0xffff_ffff_8100_0000).Raises(13, 0)),
            Undecided(Evidence.OperatingMode, L1().L1Exit(Npf).Raises(13)),
            Breaks(L1().L1Exit(Npf).Raises(13).State(StateMoment.L1AtEntry, VmcbField.Cr0Register, 0x11)),
            Keeps(L1().L1Exit(Npf).Raises(13, 0).State(StateMoment.L1AtEntry, VmcbField.Cr0Register, 0x11)),
            Undecided(Evidence.OperatingMode, L1().L1Exit(Npf).Emulates("0f a2", DecodeMode.Real).Raises(13))),

        // "no INVALID attributable to them"
        new("SVM-15.20-INJ-RESERVED-BITS",
            Breaks(Injects(1 << 12).KnowingTheRest().L2Exit(Invalid).Reflects(Invalid)),
            Keeps(Injects(1 << 12).KnowingTheRest().L2Exit(Cpuid)),
            Undecided(Evidence.VmcbSaveArea, Injects(1 << 12).L2Exit(Invalid).Reflects(Invalid))),
        new("SVM-15.20-INJ-ONE",
            BreaksAssuming(Evidence.QueuedEvent, L1().L1Exit(Npf).Interrupts(0x31).Raises(6)),
            Keeps(L1().L1Exit(Npf).Interrupts(0x31)),
            Keeps(L1().L1Exit(Npf).Interrupts(0x31).Interrupts(0x31))),
    ];

    private static RunStory L1() => new RunStory().SvmeOn();

    private static RunStory Injects(uint eventInj, params SvmExitCode[] intercepts) => L1().Vmrun(intercepts, eventInj: eventInj);
}
