using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Svm;

/// <summary>Rules of groups B, E and G whose conditions recordings seldom show, in the order of the rules.</summary>
public sealed class RareConditionTests : RuleTests<RareConditionTests>, IRuleCases
{
    private const uint VIrq = 1 << 8, VGif = 1 << 9, VNmi = 1 << 11, VIntrMasking = 1 << 24, VGifEnable = 1 << 25, VNmiEnable = 1 << 26;
    private const ulong L2Rip = RunStory.L2Rip;

    private static readonly SvmExitCode DF = SvmExitCode.OfException(ExceptionVector.DF);
    private static readonly uint Nmi = Event(EventType.Nmi, 2), Interrupt = Event(EventType.Interrupt, 0x31);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "SEV enabled: NP must be on, ... else INVALID": L0 sees to it.
        new("SVM-15.34-SEV-CHECKS",
            BreaksAssuming(Evidence.VmcbControlArea, SevEs().L1Exit(SvmExitCode.Invalid), "SVM-L-ERR-L0"),
            Silent("it is L1's VMRUN", L2(0).L2Exit(SvmExitCode.Invalid).Reflects(SvmExitCode.Invalid))),

        // "SSSCheckEn=1 with nested paging off: INVALID."
        new("SVM-15.5-SSS-NP",
            Breaks(Controls(1 << 4).L2Exit(SvmExitCode.Hlt)),
            Keeps(Controls(1 << 4).L2Exit(SvmExitCode.Invalid).Reflects(SvmExitCode.Invalid)),
            Silent("nested paging is on", Controls((1 << 4) | 1).L2Exit(SvmExitCode.Hlt)),
            Undecided(Evidence.VmcbControlArea, new RunStory().SvmeOn().Vmrun([]))),

        // "EVENTINJ is cleared in the VMCB on every #VMEXIT including INVALID."
        new("SVM-15.5-VMRUN-INVALID-EVENTINJ",
            Undecided(Evidence.VmcbControlArea, Rejected().Vmrun([], eventInj: Interrupt)),
            Silent("L1 wrote another event", Rejected().Vmrun([], eventInj: Event(EventType.Interrupt, 0x32)))),

        // "A #DF that itself is intercepted: the earlier exception is what EXITINTINFO records."
        new("SVM-15.7-INTINFO-DF-DIRECT",
            Undecided(Evidence.QueuedEvent, L2(0, DF).L2Exit(DF).Reflects(DF)),
            Silent("L1 is shown nothing", L2(0).L2Exit(DF).Raises(ExceptionVector.DF, 0))),

        // "GIF=0: #DB of a breakpoint register is discarded."
        new("SVM-15.17-GIF0-DB",
            Departs(DebugFault().Knowing(static vcpu => vcpu.BreakpointAtRip = Truth.Yes).L1Exit(SvmExitCode.Cpuid, 0x1003).Raises(ExceptionVector.DB)),
            Undecided(Evidence.DebugRegisters, DebugFault().L1Exit(SvmExitCode.Cpuid, 0x1003).Raises(ExceptionVector.DB)),
            Silent("GIF is 1", new RunStory().L1Exit(SvmExitCode.Cpuid).Raises(ExceptionVector.DB))),

        // "V_INTR_MASKING=1: the host IF at VMRUN gates physical interrupts."
        new("SVM-15.21-VINTRMASK-IF",
            Breaks(L2(VIntrMasking, SvmExitCode.Intr).Knowing(static vcpu => vcpu.Rflags = Bits64.Of(0)).Intr().ReflectsIntr()),
            Undecided(Evidence.Rflags, L2(VIntrMasking, SvmExitCode.Intr).Intr().ReflectsIntr()),
            Silent("L2 goes on", L2(VIntrMasking, SvmExitCode.Intr).Intr())),

        // "V_INTR_MASKING=0: guest IF controls both."
        new("SVM-15.21-NOVINTRMASK-IF",
            Breaks(L2(0, SvmExitCode.Intr).Knowing(static vcpu => vcpu.Vmcb12[VmcbField.RflagsRegister] = Bits64.Of(0)).Intr().ReflectsIntr()),
            Undecided(Evidence.Rflags, L2(0, SvmExitCode.Intr).Intr().ReflectsIntr()),
            Silent("L2 goes on", L2(0, SvmExitCode.Intr).Intr())),

        // "Physical interrupts take priority over virtual ones."
        new("SVM-15.21-PHYS-OVER-VIRT",
            Breaks(BothPending().Knowing(static vcpu => vcpu.Rflags = Bits64.Of(1 << 9)).L2Exit(SvmExitCode.VIntr).Stays()
                .AcceptsInterrupt(0x31).Reflects(SvmExitCode.VIntr)),
            Undecided(Evidence.PendingInterrupts, BothPending().L2Exit(SvmExitCode.VIntr).Stays().AcceptsInterrupt(0x31).Reflects(SvmExitCode.VIntr)),
            Silent("none is pending", BothPending().L2Exit(SvmExitCode.VIntr).Stays().Reflects(SvmExitCode.VIntr))),

        // "An intercepted INTR exit is not blocked by the interrupt shadow."
        new("SVM-15.21-SHADOW-NOBLOCK-EXIT",
            Undecided(Evidence.InterruptShadow, L2(0, SvmExitCode.Intr).Intr().AcceptsInterrupt(0x31)),
            Silent("L1 gets it", L2(0, SvmExitCode.Intr).Intr().AcceptsInterrupt(0x31).ReflectsIntr())),

        // "V_INTR_MASKING=0: CR8 writes affect both APIC TPR and V_TPR."
        new("SVM-15.21-CR8-BOTH",
            Undecided(Evidence.VmcbControlArea, L2(0).L2Exit(SvmExitCode.Cr8Write)),
            Silent("V_INTR_MASKING is 1", L2(VIntrMasking, SvmExitCode.Cr8Write).L2Exit(SvmExitCode.Cr8Write).Reflects(SvmExitCode.Cr8Write))),

        // "V_TPR must track the task priority also when AVIC is active": no CR8 write exits then.
        new("SVM-15.29-VTPR-SYNC-AVIC",
            Undecided(Evidence.PendingInterrupts, WithAvic(0).L1Exit(SvmExitCode.Cr8Write)),
            Silent("AVIC is inhibited", WithAvic(1).L1Exit(SvmExitCode.Cr8Write))),

        // "VMRUN with VGIF enable loads V_GIF from bit 9; saved back on #VMEXIT."
        new("SVM-15.33-VGIF-INIT",
            Undecided(Evidence.VirtualGif, Twice(VGifEnable | VGif, VGifEnable)),
            Silent("it is as it was", Twice(VGifEnable, VGifEnable))),

        // "V_NMI_MASK set when the vNMI is recognised": L1 may have made another pending.
        new("SVM-15.21-VNMI-MASK",
            Undecided(Evidence.VmcbControlArea, Twice(VNmiEnable | VNmi, VNmiEnable | VNmi)),
            Silent("none was pending", Twice(VNmiEnable, VNmiEnable))),

        // "With vNMI on, the NMI intercept applies to physical NMIs only."
        new("SVM-15.21-VNMI-PHYS-ONLY",
            BreaksAssuming(Evidence.PendingInterrupts, L2(VNmiEnable | VNmi, SvmExitCode.Nmi).Intr().Reflects(SvmExitCode.Nmi)),
            Keeps(L2(VNmiEnable | VNmi, SvmExitCode.Nmi, SvmExitCode.Hlt).L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt)),
            Silent("the NMI is physical", L2(VNmiEnable | VNmi, SvmExitCode.Nmi).L2Exit(SvmExitCode.Nmi).Stays().Reflects(SvmExitCode.Nmi))),

        // "After KVM injects an NMI without vNMI, NMIs stay blocked until IRET completes."
        new("SVM-15.21-NMI-IRET",
            BreaksAssuming(Evidence.NmiInjection, NmiTaken().L1Exit(SvmExitCode.Hlt).Entry(0x1001, Nmi)),
            Keeps(NmiTaken().L1Exit(SvmExitCode.Hlt).Entry(0x1001, Interrupt)),
            Silent("IRET was seen", NmiTaken().L1Exit(SvmExitCode.Iret).Entry(0x1000, 0).L1Exit(SvmExitCode.Hlt).Entry(0x1001, Nmi)),
            Silent("it is the same NMI", NmiTaken().L1Exit(SvmExitCode.Npf, info1: 4, intInfo: Nmi).Entry(0x1000, Nmi)),
            Silent("the VMM may have unblocked it", NmiTaken().L1Exit(SvmExitCode.Hlt).AsksUserspace(10).Entry(0x1001, Nmi))),
    ];

    private static RunStory L2(uint intCtl, params SvmExitCode[] intercepts) => new RunStory().SvmeOn().Vmrun(intercepts, intCtl);

    private static RunStory Controls(ulong value) =>
        new RunStory().SvmeOn().Vmrun([], nestedPaging: null).Knowing(vcpu => vcpu.Vmcb12[VmcbField.NestedControl] = Bits64.Of(value));

    private static RunStory Rejected() =>
        new RunStory().SvmeOn().Vmrun([], eventInj: Interrupt).Reflects(SvmExitCode.Invalid).L1Exit(SvmExitCode.Stgi, 0x1003);

    private static RunStory DebugFault() => L2(0, SvmExitCode.Hlt).L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt)
        .Knowing(static vcpu =>
        {
            vcpu.Gif = Truth.No;
            vcpu.GifInstructionsExit = Truth.Yes;
        });

    private static RunStory BothPending() => L2(VIrq | VIntrMasking, SvmExitCode.Intr, SvmExitCode.VIntr);

    private static RunStory WithAvic(ulong reasons) =>
        new RunStory().L1Exit(SvmExitCode.Intr).Happens(HappeningKind.ApicvInhibit, 0, reasons, reasons).Stays();

    private static RunStory Twice(uint first, uint second) => L2(first, SvmExitCode.Hlt, SvmExitCode.Nmi).L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt)
        .Vmrun([SvmExitCode.Hlt, SvmExitCode.Nmi], second);

    private static RunStory NmiTaken() => new RunStory().L1Exit(SvmExitCode.Nmi).Entry(RunStory.L1Rip, Nmi);

    private static RunStory SevEs() => new RunStory().L1Exit(SvmExitCode.Vmgexit)
        .Happens(HappeningKind.VmgexitEnter, 0x72, 0, 0).Happens(HappeningKind.VmgexitExit, 0x72, 0, 0);
}

/// <summary>Words of these rules.</summary>
internal static class RareConditionWords
{
    /// <summary>L2 exits for a physical interrupt and stays where it was.</summary>
    public static RunStory Intr(this RunStory story) => story.L2Exit(SvmExitCode.Intr).Stays();

    /// <summary>L0 announces that it reflects INTR, and does.</summary>
    public static RunStory ReflectsIntr(this RunStory story) =>
        story.Happens(HappeningKind.NestedIntrVmexit, RunStory.L2Rip).Reflects(SvmExitCode.Intr);
}
