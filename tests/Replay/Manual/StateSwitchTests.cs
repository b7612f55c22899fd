using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group C, in the order of the rules.</summary>
public sealed class StateSwitchTests : RuleTests<StateSwitchTests>, IRuleCases
{
    private const uint VIrq = 1 << 8, VIntrMasking = 1 << 24;
    private const string GifClear = "SVM-15.6-GIF-CLEAR", ExitOnce = "SVM-15.6-EXIT-ONCE", Gif0Intr = "SVM-15.17-GIF0-INTR";
    private static readonly SvmExitCode DB = OfException(1);
    private static readonly uint Irq = Event(EventType.Interrupt, 0x31);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "A successful VMRUN sets GIF=1."
        new("SVM-15.5-GIF-SET",
            Breaks(L2().State(StateMoment.L2AtEntry, VmcbField.Gif, 0)),
            Keeps(L2().State(StateMoment.L2AtEntry, VmcbField.Gif, 1)),
            Undecided(Evidence.PendingInterrupts, Pending().Knowing(static v => v.Rflags = v.Rflags.Set(9)).L2Exit(Cpuid)),
            Silent("L1 holds interrupts back", Pending().Knowing(static v => v.Rflags = v.Rflags.Clear(9)).L2Exit(Cpuid)),
            Keeps(Pending().L2Exit(Intr).Happens(KvmEventKind.NestedIntrVmexit, RunStory.L2Rip).Reflects(Intr)),
            Undecided(Evidence.Rflags, Pending().L2Exit(Cpuid)),
            Silent("nothing is pending", L2(Intr).L2Exit(Npf)),
            Silent("L1 does not intercept interrupts", new RunStory().SvmeOn().L1Exit(Cpuid).AcceptsInterrupt(0x31).Vmrun().L2Exit(Cpuid))),

        // "#VMEXIT clears GIF"
        new(GifClear,
            Breaks(Left().Interrupts(0x31), Gif0Intr),
            Breaks(Left().Entry(RunStory.L1Rip + 3, Event(EventType.Nmi, 2)), "SVM-15.17-GIF0-NMI"),
            Breaks(Left().L1Exit(Npf, RunStory.L1Rip + 3).Interrupts(0x31)),
            Breaks(Left().L1Exit(Cpuid, RunStory.L1Rip + 3).Interrupts(0x31)),
            BreaksAssuming(Evidence.Gif, Left().L1Exit(Npf, 0x3000).L1Exit(Npf, RunStory.L1Rip + 3).Interrupts(0x31)),
            BreaksAssuming(Evidence.Gif, Left().AsksUserspace(10).L1Exit(Npf, RunStory.L1Rip + 3).Interrupts(0x31)),
            Keeps(Left()),
            Keeps(Left().L1Exit(Npf, 0x3000).L1Exit(Cpuid, RunStory.L1Rip + 3).Interrupts(0x31)),
            Keeps(Left().L1Exit(Stgi, RunStory.L1Rip + 3).Interrupts(0x31)),
            Silent("L1 has moved on", Left().L1Exit(Cpuid, RunStory.L1Rip + 6).Interrupts(0x31))),

        // "After #VMEXIT L1 resumes at the instruction following VMRUN"
        new("SVM-15.6-RESUME-RIP",
            Breaks(Left().Entry(RunStory.L1Rip)),
            Breaks(Prefixed().Entry(RunStory.L1Rip + 3)),
            Keeps(Prefixed().Entry(RunStory.L1Rip + 4)),
            Keeps(Left()),
            Undecided(Evidence.Vmcb12Controls, new RunStory().L2Exit(Cpuid).Reflects(Cpuid)),
            Undecided(Evidence.RecordingEnd, Left().Ends()),
            Silent("the VMM was asked", Left().AsksUserspace(10).Entry(0x9000)),
            Silent("System Management Mode is entered", L2().L2Exit(Intr).Reflects(HostUse).EntersSmm())),

        // "Host in PAE mode with illegal PDPEs on #VMEXIT: shutdown."
        new("SVM-15.6-HOST-PDPE-SHUTDOWN",
            BreaksAssuming(Evidence.ControlRegisters, Left().FailsCheck("load_pdptrs(vcpu, cr3)")),
            Keeps(Left().FailsCheck("load_pdptrs(vcpu, cr3)").AsksUserspace(UserspaceExit.ShutdownReason)),
            Silent("L1 is not entered", L2().L2Exit(Npf).FailsCheck("asid"))),

        // "V_TPR is written back": a guess, for L1 may write it too.
        new("SVM-15.6-VTPR-SAVED",
            Undecided(Evidence.VmcbControlArea, WritesCr8().Reflects(Cpuid).Vmrun([Cpuid], VIntrMasking | 4)),
            Keeps(WritesCr8().Reflects(Cpuid).Vmrun([Cpuid], VIntrMasking | 7)),
            Silent("another vmcb12", WritesCr8().Reflects(Cpuid).Vmrun([Cpuid], VIntrMasking | 4, vmcb: 0x6000))),

        // "V_IRQ is never set by the hypervisor's own bookkeeping": L1 may set it.
        new("SVM-15.6-VIRQ-SAVED",
            Undecided(Evidence.VmcbControlArea, Window().Vmrun([Cpuid], VIrq)),
            Undecided(Evidence.VmcbControlArea, Window().Vmrun([Cpuid, VIntr], VIrq)),
            Undecided(Evidence.VmcbControlArea, Left().Vmrun([Cpuid], VIrq)),
            Breaks(Left().State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, VIrq)),
            Keeps(Left().State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, 0)),
            Breaks(Asks(pending: true).State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, 0)),
            Keeps(Asks(pending: true).State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, VIrq)),
            Breaks(Asks(pending: false).State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, VIrq)),
            Keeps(Asks(pending: false).State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, 0)),
            Silent("L0 has a window of its own", Asks(pending: true).State(StateMoment.L2AtExit, VmcbField.InterceptMisc1, 0x10).State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, 0)),
            Silent("what the #VMEXIT left is judged there", Asks(pending: true).State(StateMoment.Vmcb12AfterExit, VmcbField.IntCtl, VIrq).Vmrun([Cpuid], VIrq)),
            Silent("neither run has a virtual interrupt", Left().Vmrun([Cpuid]))),

        // "EVENTINJ reads as cleared after #VMEXIT": a guess, for L1 may inject the same event again.
        new("SVM-15.6-EVENTINJ-CLEAR",
            Undecided(Evidence.VmcbControlArea, Injected().Reflects(Cpuid).Vmrun([Cpuid], eventInj: Irq)),
            Keeps(Injected().Reflects(Cpuid).Vmrun([Cpuid])),
            Breaks(Injected().Reflects(Cpuid).State(StateMoment.Vmcb12AfterExit, VmcbField.EventInj, Irq)),
            Keeps(Injected().Reflects(Cpuid).State(StateMoment.Vmcb12AfterExit, VmcbField.EventInj, Irq & 0xffff)),
            Silent("the event was in delivery", new RunStory().SvmeOn().Vmrun([Cpuid], eventInj: Irq).L2Exit(Npf, intInfo: Irq).Reflects(Npf, intInfo: Irq)
                .Vmrun([Cpuid], eventInj: Irq))),

        // "EXITINTINFO.V=0 when the exit did not happen during delivery."
        new("SVM-15.6-EXITINTINFO-INVALID-CLEAR",
            Breaks(L2().L2Exit(Cpuid).Reflects(Cpuid, intInfo: Irq), "SVM-L-NI-INTINFO-EQ"),
            Keeps(Left()),
            Silent("an event was being delivered", L2().L2Exit(Cpuid, intInfo: Irq).Reflects(Cpuid, intInfo: Irq))),

        // "TSC_OFFSET is cleared inside the processor on #VMEXIT": only the VMCB that L1 is entered with shows it.
        new("SVM-15.6-TSC-OFFSET-CLEAR",
            Breaks(TscOffset(0x100).State(StateMoment.L2AtExit, VmcbField.TscOffset, 0x300).State(StateMoment.L1AtEntry, VmcbField.TscOffset, 0x300)),
            Silent("L2 wrote to the TSC", L2().State(StateMoment.L1AtExit, VmcbField.TscOffset, 1).State(StateMoment.Vmcb12AtVmrun, VmcbField.TscOffset, 0)
                .L2Exit(Msr, info1: 1).Msr(true, 0x10, 5).L2Exit(Cpuid).Reflects(Cpuid)
                .State(StateMoment.L2AtExit, VmcbField.TscOffset, 2).State(StateMoment.L1AtEntry, VmcbField.TscOffset, 2)),
            Keeps(TscOffset(0x100).State(StateMoment.L2AtExit, VmcbField.TscOffset, 0x300).State(StateMoment.L1AtEntry, VmcbField.TscOffset, 0x100)),

            // L0 moves the offset itself where the TSC of the host is not stable.
            Keeps(TscOffset(0x100).State(StateMoment.L2AtExit, VmcbField.TscOffset, 0x300).State(StateMoment.L1AtEntry, VmcbField.TscOffset, 0xf0)),
            Silent("L2 has the offset of L1", TscOffset(0x100).State(StateMoment.L2AtExit, VmcbField.TscOffset, 0x100).State(StateMoment.L1AtEntry, VmcbField.TscOffset, 0x100)),
            Undecided(Evidence.MachineStates, TscOffset(0x100).State(StateMoment.L1AtEntry, VmcbField.TscOffset, 0x300)),
            Silent("the VMM was asked", L2().State(StateMoment.L1AtExit, VmcbField.TscOffset, 1).State(StateMoment.Vmcb12AtVmrun, VmcbField.TscOffset, 0)
                .L2Exit(Cpuid).AsksUserspace(2).Reflects(Cpuid).State(StateMoment.L1AtEntry, VmcbField.TscOffset, 2)),
            Undecided(Evidence.VmcbControlArea, L2())),

        // "After #VMEXIT no L1 intercept may fire for L1's own execution."
        new("SVM-15.6-INTERCEPTS-CLEAR",
            Breaks(Left().L2Exit(Cpuid)),
            Breaks(Left().L1Exit(Cpuid).Reflects(Cpuid)),
            Undecided(Evidence.Level, Left().AsksUserspace(2).L2Exit(Cpuid)),
            Undecided(Evidence.Level, Left().Without(KvmEventKind.SmmTransition).L2Exit(Cpuid)),
            Silent("a VMRUN came between", Left().Vmrun([Cpuid]).L2Exit(Npf)),
            Silent("events were lost", Left().L2Exit(Cpuid).LostBefore())),

        // "Host EFLAGS.TF on VMRUN causes a #DB trap after the VMRUN completes"
        new("SVM-15.5-VMRUN-TF",
            Breaks(L2().Knowing(static v => v.Rflags = v.Rflags.Clear(8)).L2Exit(Cpuid).Reflects(Cpuid).Raises(1).Entry(RunStory.L1Rip + 3)),
            Undecided(Evidence.Rflags, Left().Raises(1).Entry(RunStory.L1Rip + 3)),
            Silent("TF is seen, whoever set it", L2().State(StateMoment.L1AtExit, VmcbField.RflagsRegister, 0x102).L2Exit(Cpuid).Reflects(Cpuid).Raises(1).Entry(RunStory.L1Rip + 3)),
            Silent("TF is not known and no trap shows", Left())),

        // "Guest TF loaded by VMRUN traps after, not before, the first guest instruction."
        new("SVM-15.5-GUEST-TF",
            BreaksAssuming(Evidence.GuestRun, L2(DB).L2Exit(DB).Reflects(DB)),
            Silent("it is past the first instruction", L2(DB).L2Exit(DB, RunStory.L2Rip + 1).Reflects(DB))),

        // "Guest RF=1 suppresses an instruction breakpoint on the first guest instruction."
        new("SVM-15.5-GUEST-RF",
            Undecided(Evidence.GuestRun, L2(DB).Knowing(static v =>
            {
                v.Vmcb12[VmcbField.RflagsRegister] = Bits64.Of(1 << 16);
                v.Vmcb12[VmcbField.Dr7] = Bits64.Of(1);
            }).L2Exit(DB).Reflects(DB)),
            Silent("RF is clear", L2(DB).Knowing(static v => v.Vmcb12[VmcbField.RflagsRegister] = Bits64.Of(0)).L2Exit(DB, RunStory.L2Rip + 1).Reflects(DB))),

        // "Every VMRUN is closed by exactly one #VMEXIT"
        new(ExitOnce,
            Breaks(L2(Init).L2Exit(Intr).L1Exit(Hlt)),
            Breaks(L2().L2Exit(Intr).L1Exit(Hlt)),
            Breaks(L2().L2Exit(Intr).L1Exit(Hlt).Emulates("f4").Ends()),
            Undecided(Evidence.RecordingEnd, L2().L2Exit(Intr).L1Exit(Hlt).AcceptsInterrupt(0x31).Ends()),
            Breaks(ClearsSvme().L2Exit(Cpuid).Reflects(Cpuid).Vmrun([Init]).L2Exit(Npf).L1Exit(Hlt)),
            Breaks(Left().Reflects(Cpuid)),
            Silent("L1 is shown one", Left()),
            Undecided(Evidence.Level, L2(Init).L2Exit(Intr).AsksUserspace(2).L1Exit(Hlt)),
            Undecided(Evidence.Tracepoint, L2(Init).L2Exit(Intr).L1Exit(Hlt).Without(KvmEventKind.NestedVmexitInject)),
            Silent("events were lost", L2(Init).L2Exit(Intr).L1Exit(Hlt).LostBefore())),

        // "The hypervisor must not simply continue as the host."
        new("SVM-15.6-EFER-SVME-L2",
            Breaks(ClearsSvme().L1Exit(Hlt), ExitOnce),
            Silent("L1 is shown the access", L2(SvmExitCode.Msr).L2Exit(SvmExitCode.Msr, info1: 1).Reflects(SvmExitCode.Msr, info1: 1).L1Exit(Hlt)),
            Silent("L2 goes on", ClearsSvme().L2Exit(Hlt))),
    ];

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public void A_weak_rule_is_reported_on_request_only(bool speculative, int expected)
    {
        RunStory story = Injected().Reflects(Cpuid).Vmrun([Cpuid], eventInj: Irq);
        var comparison = new Comparison(story.Header, RuleBook.Statements, story.Texts, new Policy { Speculative = speculative });
        StoryResult.Play(story, comparison);
        Assert.Equal(expected, comparison.Finish(new RunSummary { ListIsSelective = true }).Likely.Count(found => found.Rule.Id == "SVM-15.6-EVENTINJ-CLEAR"));
    }

    private static RunStory L2(params SvmExitCode[] intercepts) => new RunStory().SvmeOn().Vmrun([Cpuid, .. intercepts]);

    private static RunStory TscOffset(ulong ofL1) => L2().State(StateMoment.L1AtExit, VmcbField.TscOffset, ofL1).State(StateMoment.Vmcb12AtVmrun, VmcbField.TscOffset, 0)
        .L2Exit(Cpuid).Reflects(Cpuid);

    private static RunStory Left() => L2().L2Exit(Cpuid).Reflects(Cpuid);

    // L1 asked for a virtual interrupt, and L2 has not taken it, or has.
    private static RunStory Asks(bool pending) => new RunStory().SvmeOn().Vmrun([Cpuid], VIrq).L2Exit(Cpuid).Reflects(Cpuid)
        .State(StateMoment.L2AtExit, VmcbField.InterceptMisc1, 0).State(StateMoment.L2AtExit, VmcbField.IntCtl, pending ? VIrq : 0);

    private static RunStory Pending() => new RunStory().SvmeOn().L1Exit(Cpuid).AcceptsInterrupt(0x31).Vmrun([Intr]);

    private static RunStory WritesCr8() => new RunStory().SvmeOn().Vmrun([Cpuid], VIntrMasking)
        .Knowing(static v => v.L2TaskPriority = Observed<ulong>.Of(7)).L2Exit(Cpuid);

    private static RunStory Window() => L2().L2Exit(VIntr).L2Exit(Cpuid).Reflects(Cpuid);

    private static RunStory Injected() => new RunStory().SvmeOn().Vmrun([Cpuid], eventInj: Irq).L2Exit(Cpuid, RunStory.L2Rip + 0x100);

    // VMRUN with a prefix, so that it is four bytes long.
    private static RunStory Prefixed() => new RunStory().SvmeOn().L1Exit(SvmExitCode.Vmrun)
        .Happens(KvmEventKind.NestedVmenter, RunStory.L1Rip + 4, RunStory.VmcbAddress, RunStory.L2Rip, 0, 0, 1, RunStory.NestedCr3).Entry(RunStory.L2Rip)
        .Intercepts(SvmExitCode.Vmrun, Cpuid).L2Exit(Cpuid).Reflects(Cpuid);

    private static RunStory ClearsSvme() => L2().L2Exit(SvmExitCode.Msr, info1: 1).Msr(true, EferIndex, 0);
}
