using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group E, in the order of the rules.</summary>
public sealed class ExitIntInfoTests : RuleTests<ExitIntInfoTests>, IRuleCases
{
    private const string ShownAsHardware = "SVM-L-NI-INTINFO-EQ", ShownNone = "SVM-15.6-EXITINTINFO-INVALID-CLEAR";
    private const uint HasError = EventInfo.ErrorCodeBit, Reserved = 1 << 12;
    private static readonly SvmExitCode DfExit = OfException(ExceptionVector.DF);
    private static readonly uint Irq = Event(EventType.Interrupt, 0x31), NmiEvent = Event(EventType.Nmi, 2),
        PF = Event(EventType.Exception, 14) | HasError, DF = Event(EventType.Exception, 8) | HasError, VC = Event(EventType.Exception, 29) | HasError,
        Int80 = Event(EventType.SoftwareInterrupt, 0x80), NoSuchType = Event((EventType)1, 0x31);

    public static IReadOnlyList<RuleCase> All => [.. Reported, .. DeliveredAgain];

    private static IReadOnlyList<RuleCase> Reported =>
    [
        // "violation = lost event (V=0)"
        new("SVM-15.7-INTINFO-VALID",
            Breaks(L2().L2Exit(Npf, intInfo: Irq).Reflects(Npf), ShownAsHardware),
            Keeps(L2().L2Exit(Npf, intInfo: Irq).Reflects(Npf, intInfo: Irq)),
            Silent("L0 handles the exit itself", L2().L2Exit(Npf, intInfo: Irq).Interrupts(0x31, again: true))),

        // "1,5,6,7 never appear"; what the processor reports is its own fault.
        new("SVM-15.7-INTINFO-TYPE",
            Breaks(L1().L1Exit(Npf, intInfo: NoSuchType)),
            Breaks(L1().L1Exit(Npf, intInfo: Event(EventType.Exception, 32))),
            Breaks(L2().L2Exit(Npf).Reflects(Npf, intInfo: NoSuchType), ShownAsHardware, ShownNone),
            Keeps(L1().L1Exit(Npf, intInfo: Irq).Interrupts(0x31, again: true)),
            Keeps(L2().L2Exit(Npf).Reflects(Npf))),

        // "EV=1 only with type 3 and a vector that pushes one; err equals hardware's"
        new("SVM-15.7-INTINFO-EV",
            Breaks(L1().L1Exit(Npf, intInfo: Irq | HasError).Interrupts(0x31, again: true)),
            Breaks(L2().L2Exit(Npf, intInfo: PF, intInfoError: 2).Reflects(Npf, intInfo: PF, intInfoError: 3)),
            Breaks(L2().L2Exit(Npf, intInfo: PF, intInfoError: 2).Reflects(Npf, intInfo: PF & ~HasError, intInfoError: 2)),
            Keeps(L2().L2Exit(Npf, intInfo: PF, intInfoError: 2).Reflects(Npf, intInfo: PF, intInfoError: 2)),
            Silent("the kernel does not show the error code", L2().L2Exit(Npf, intInfo: PF, intInfoError: null).Reflects(Npf, intInfo: PF))),

        // "For NMI the vector is 2 (KVM writes vector 0)."
        new("SVM-15.7-INTINFO-NMIVEC",
            Breaks(L2().L2Exit(Npf, intInfo: NmiEvent).Reflects(Npf, intInfo: Event(EventType.Nmi, 5))),
            Departs(L2().L2Exit(Npf, intInfo: NmiEvent).Reflects(Npf, intInfo: Event(EventType.Nmi, 0))),
            Keeps(L2().L2Exit(Npf, intInfo: NmiEvent).Reflects(Npf, intInfo: NmiEvent))),
        new("SVM-15.7-INTINFO-RESERVED",
            Breaks(L1().L1Exit(Npf, intInfo: Irq | Reserved).Interrupts(0x31, again: true)),
            Breaks(L2().L2Exit(Npf, intInfo: Irq).Reflects(Npf, intInfo: Irq | Reserved)),
            Keeps(L2().L2Exit(Npf, intInfo: Irq).Reflects(Npf, intInfo: Irq))),

        // "the combination of all but the intercepted one (e.g. #DF)"
        new("SVM-15.7-INTINFO-AGGREGATE",
            Breaks(L2().L2Exit(Npf, intInfo: DF).Reflects(Npf, intInfo: PF), ShownAsHardware),
            Keeps(L2().L2Exit(Npf, intInfo: DF).Reflects(Npf, intInfo: DF))),

        // "A #DF that itself is intercepted: the earlier exception is what EXITINTINFO records."
        new("SVM-15.7-INTINFO-DF-DIRECT",
            Undecided(Evidence.QueuedEvent, L2(DfExit).L2Exit(DfExit).Reflects(DfExit)),
            Silent("L1 is shown nothing", L2().L2Exit(DfExit).Raises(ExceptionVector.DF, 0))),

        // "must not describe the same event"
        new("SVM-15.7-INTINFO-DIRECT-EXIT",
            Breaks(L2(Intr).L2Exit(Intr).Announced().Reflects(Intr, intInfo: Irq), ShownAsHardware, ShownNone),
            Keeps(L2(Intr).L2Exit(Intr).Announced().Reflects(Intr)),
            Silent("the kernel does not show EXITINTINFO",
                L2(Intr).L2Exit(Intr, intInfo: null).Announced().Reflects(Intr, intInfo: Irq))),
    ];

    private static IReadOnlyList<RuleCase> DeliveredAgain =>
    [
        // "the event must be re-injected before the next guest instruction"
        new("SVM-15.7-REINJECT-L0",
            Breaks(L1().L1Exit(Npf, intInfo: Irq)),
            Breaks(L1().L1Exit(Npf, intInfo: Irq).Interrupts(0x32, again: true)),
            Breaks(L1().L1Exit(Npf, intInfo: NmiEvent).Entry(RunStory.L1Rip, 0)),
            Breaks(L2().L2Exit(Npf, intInfo: PF)),
            Keeps(L1().L1Exit(Npf, intInfo: Irq).Interrupts(0x31, again: true)),
            Keeps(L1().L1Exit(Npf, intInfo: NmiEvent).Entry(RunStory.L1Rip, NmiEvent)),
            Keeps(L1().L1Exit(Npf, intInfo: Irq).Raises(14, 0)),
            Keeps(L1().L1Exit(Shutdown, intInfo: PF).AsksUserspace(UserspaceExit.ShutdownReason)),
            Undecided(Evidence.RecordingEnd, L1().L1Exit(Npf, intInfo: Irq).AsksUserspace(UserspaceExit.InternalErrorReason).Ends()),
            Undecided(Evidence.NmiInjection, L1().L1Exit(Npf, intInfo: NmiEvent)),
            Undecided(Evidence.Reinjection, L1().BeforeReinjectionIsShown().L1Exit(Npf, intInfo: PF)),
            Undecided(Evidence.RecordingEnd, L1().L1Exit(Npf, intInfo: Irq).Ends()),
            Undecided(Evidence.Tracepoint, L1().Without(KvmEventKind.InjectInterrupt).L1Exit(Npf, intInfo: Irq))),

        // "no re-injection if V=0"
        new("SVM-15.7-REINJECT-ONCE",
            BreaksAssuming(Evidence.QueuedEvent, NothingOwed().L1Exit(Npf).Interrupts(0x31, again: true)),
            Keeps(NothingOwed().L1Exit(Npf).Interrupts(0x31)),
            Undecided(Evidence.QueuedEvent, L1().L1Exit(Npf).Interrupts(0x31, again: true)),
            Undecided(Evidence.QueuedEvent, NothingOwed().L1Exit(Npf).LostBefore().Interrupts(0x31, again: true)),
            Silent("it is still owed", L1().L1Exit(Npf, intInfo: Irq).Raises(14, 0).L1Exit(Npf).Interrupts(0x31, again: true)),
            Undecided(Evidence.Tracepoint, NothingOwed().L1Exit(Npf).Interrupts(0x31, soft: null, again: null))),

        // "re-injected with NextRIP, or retried; never dropped"
        new("SVM-15.7-REINJECT-SOFT",
            Breaks(L1().L1Exit(Npf, intInfo: Int80)),
            BreaksAssuming(Evidence.Reinjection, L1().BeforeReinjectionIsShown().L1Exit(Npf, intInfo: Int80).Entry(RunStory.L1Rip + 3)),
            Keeps(L1().L1Exit(Npf, intInfo: Int80).Interrupts(0x80, soft: true, again: true)),
            Keeps(L1().BeforeReinjectionIsShown().L1Exit(Npf, intInfo: Int80).Stays())),

        // "violation if RIP then skips that instruction"
        new("SVM-15.7-REINJECT-SOFT-INSN",
            BreaksAssuming(Evidence.InstructionBytes, L1().L1Exit(Npf, intInfo: Int80).Emulates("0f a2")
                .Interrupts(0x80, soft: true, again: true).Entry(RunStory.L1Rip + 2)),
            Keeps(L1().L1Exit(Npf, intInfo: Int80).Emulates("0f a2").Interrupts(0x80, soft: true, again: true).Stays()),
            Silent("it is the INTn itself", L1().L1Exit(Npf, intInfo: Int80).Emulates("cd 80")
                .Interrupts(0x80, soft: true, again: true).Entry(RunStory.L1Rip + 2))),
        new("SVM-15.7-NO-REINJECT-VC",
            Breaks(L1().L1Exit(Npf, intInfo: VC).Raises(29, 0, again: true)),
            Keeps(L1().L1Exit(Npf, intInfo: VC))),

        // "no event of L2's after the #VMEXIT at L1"
        new("SVM-15.7-NESTED-TRANSFER",
            Breaks(L2().L2Exit(Npf, intInfo: Irq).Reflects(Npf, intInfo: Irq).Interrupts(0x31, again: true)),
            Keeps(L2().L2Exit(Npf, intInfo: Irq).Reflects(Npf, intInfo: Irq))),

        // "if A, B combine, it must be #DF"
        new("SVM-15.7-DF-COMBINE",
            Breaks(L1().L1Exit(Npf, intInfo: PF).Raises(13, 0)),
            Breaks(L1().L1Exit(Npf, intInfo: Event(EventType.Exception, 0)).Raises(11, 0)),
            Silent("L0 raises #DF", L1().L1Exit(Npf, intInfo: PF).Raises(8, 0)),
            Silent("#BP combines with nothing", L1().L1Exit(Npf, intInfo: Event(EventType.Exception, 1)).Raises(13, 0))),
        new("SVM-15.7-TASKSW-GATE",
            Breaks(L1().L1Exit(TaskSwitch, intInfo: Irq).Interrupts(0x31, again: true)),
            Keeps(L1().L1Exit(TaskSwitch, intInfo: Irq))),
    ];

    private static RunStory L1() => new RunStory().SvmeOn();

    // An event was staged and delivered, so none is left from before.
    private static RunStory NothingOwed() => L1().L1Exit(Npf).Interrupts(0x30);

    private static RunStory L2(params SvmExitCode[] intercepts) => L1().Vmrun(intercepts);
}
