using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group G, in the order of the rules.</summary>
public sealed class InterruptControlTests : RuleTests<InterruptControlTests>, IRuleCases
{
    private const string Default = "SVM-L-REFLECT-DEFAULT", Immediate = "SVM-L-REFLECT-IMMEDIATE", BitMap = "SVM-C1-CODE-BIT-MAP",
        GifClear = "SVM-15.6-GIF-CLEAR";
    private const uint VIrq = 1 << 8, VGif = 1 << 9, VNmi = 1 << 11, VIntrMasking = 1 << 24, VGifEnable = 1 << 25, VNmiEnable = 1 << 26;
    private const byte Vector = 0x31;
    private static readonly uint NmiEvent = Event(EventType.Nmi, 2), Irq = Event(EventType.Interrupt, Vector);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "no interrupt at L1 while GIF=0": between a #VMEXIT or CLGI and STGI.
        new("SVM-15.17-GIF0-INTR",
            Breaks(L2(Hlt).L2Exit(Hlt).Reflects(Hlt).Interrupts(Vector), GifClear),
            Breaks(L1().L1Exit(Clgi).L1Exit(Npf).Interrupts(Vector)),
            Keeps(L1().L1Exit(Clgi).L1Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Undecided(Evidence.Gif, L2(Hlt).L2Exit(Hlt).Reflects(Hlt).L1Exit(Npf, RunStory.L1Rip + 6).Interrupts(Vector)),
            Breaks(L1().L1Exit(Stgi).Interrupts(Vector).State(StateMoment.L1AtEntry, VmcbField.Gif, 0)),
            Silent("GIF is seen to be set", L2(Hlt).L2Exit(Hlt).Reflects(Hlt).L1Exit(Npf, RunStory.L1Rip + 6).Interrupts(Vector).State(StateMoment.L1AtEntry, VmcbField.Gif, 1)),
            Silent("STGI set GIF", L1().L1Exit(Clgi).L1Exit(Stgi).L1Exit(Npf).Interrupts(Vector)),
            Silent("L2 takes it", L2().L2Exit(Npf).Interrupts(Vector))),
        new("SVM-15.17-GIF0-NMI",
            Breaks(L2(Hlt).L2Exit(Hlt).Reflects(Hlt).Entry(RunStory.L1Rip + 3, NmiEvent), GifClear),
            Breaks(L1().L1Exit(Clgi).L1Exit(Npf).Entry(RunStory.L1Rip, NmiEvent)),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt).Entry(RunStory.L1Rip + 3, 0)),
            Silent("the kernel does not show EVENTINJ", L2(Hlt).L2Exit(Hlt).Reflects(Hlt))),

        // SMM is entered at once, or not before GIF is set: that it is entered is the violation.
        new("SVM-15.17-GIF0-SMI-INIT",
            BreaksAssuming(Evidence.Gif, L2(Smi).L2Exit(Smi).Reflects(Smi).EntersSmm()),
            BreaksAssuming(Evidence.Gif, L1().L1Exit(Clgi).L1Exit(Npf).EntersSmm()),
            Silent("GIF is set or not known", L1().L1Exit(Smi).EntersSmm()),
            Silent("the kernel leaves L2 for it", L2().L2Exit(Smi).Reflects(HostUse).EntersSmm())),

        // "GIF=0: #DB of a breakpoint register is discarded."
        new("SVM-15.17-GIF0-DB",
            Departs(DebugFault().Knowing(static vcpu => vcpu.BreakpointAtRip = Truth.Yes).L1Exit(Cpuid, 0x1003).Raises(ExceptionVector.DB)),
            Undecided(Evidence.DebugRegisters, DebugFault().L1Exit(Cpuid, 0x1003).Raises(ExceptionVector.DB)),
            Silent("GIF is 1", new RunStory().L1Exit(Cpuid).Raises(ExceptionVector.DB))),

        // "V_INTR_MASKING=1: the host IF at VMRUN gates physical interrupts."
        new("SVM-15.21-VINTRMASK-IF",
            Breaks(Controlled(VIntrMasking, Intr).Knowing(static vcpu => vcpu.Rflags = Bits64.Of(0)).LeavesForIntr().ReflectsIntr()),
            Undecided(Evidence.Rflags, Controlled(VIntrMasking, Intr).LeavesForIntr().ReflectsIntr()),
            Silent("L2 goes on", Controlled(VIntrMasking, Intr).LeavesForIntr())),

        // "V_INTR_MASKING=0: guest IF controls both."
        new("SVM-15.21-NOVINTRMASK-IF",
            Breaks(Controlled(0, Intr).Forced().Knowing(static vcpu => vcpu.Vmcb12[VmcbField.RflagsRegister] = Bits64.Of(0)).LeavesForIntr().ReflectsIntr()),
            Undecided(Evidence.Rflags, Controlled(0, Intr).Knowing(static vcpu => vcpu.Vmcb12[VmcbField.RflagsRegister] = Bits64.Of(0)).LeavesForIntr().ReflectsIntr()),
            Undecided(Evidence.Rflags, Controlled(0, Intr).LeavesForIntr().ReflectsIntr()),
            Silent("L2 goes on", Controlled(0, Intr).LeavesForIntr())),

        // "INTR intercept clear: taken directly inside L2."
        new("SVM-15.21-INTR-NOINTERCEPT",
            Breaks(L2().L2Exit(Intr).Announced().Reflects(Intr), BitMap),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("INTR is intercepted", L2(Intr).L2Exit(Intr).Announced().Reflects(Intr))),

        // "INTR intercept set: an interrupt while L2 runs is L1's."
        new("SVM-15.13-INTR-INTERCEPT",
            Breaks(L2(Intr).L2Exit(Intr).Interrupts(Vector)),
            Keeps(L2(Intr).L2Exit(Npf).Raises(6)),
            Undecided(Evidence.Vmcb12Controls, Blank().L2Exit(Intr).Interrupts(Vector)),
            Silent("INTR is not intercepted", L2().L2Exit(Intr).Interrupts(Vector)),
            Breaks(L2(Intr).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Breaks(L2(Intr).L2Exit(Npf).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Undecided(Evidence.QueuedEvent, L2(Intr).L2Exit(Npf).AsksUserspace(10).Stays().L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Silent("V_IRQ lets the processor deliver one", Controlled(VIrq, Intr).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Silent("AVIC lets the processor deliver one", Controlled(1u << 31, Intr).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Silent("VMRUN injects it", Injecting(Irq, Intr).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Silent("it was being delivered already",
                Injecting(Irq, Intr).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Silent("it is an exception", L2(Intr).L2Exit(Npf, intInfo: Event(EventType.Exception, 6)).Raises(6, again: true))),
        new("SVM-15.13-INTR-PRECEDED-TRACE",
            Breaks(L2(Hlt).L2Exit(Hlt).Announced().Reflects(Hlt)),
            Breaks(L2(Intr).L2Exit(Npf).Announced()),
            Keeps(L2(Intr).L2Exit(Npf).Announced().AsksUserspace(UserspaceExit.ShutdownReason)),
            Keeps(L2(Intr).L2Exit(Intr).Announced().Reflects(Intr))),
        new("SVM-15.13-NMI-INTERCEPT",
            Breaks(L2().L2Exit(Nmi).Reflects(Nmi), BitMap),
            Breaks(L2(Nmi).L2Exit(Nmi).Entry(RunStory.L2Rip, NmiEvent)),
            Keeps(L2(Nmi).L2Exit(Nmi).Entry(RunStory.L2Rip, 0)),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Breaks(L2(Nmi).L2Exit(Npf, intInfo: NmiEvent)),
            Silent("VMRUN injects it", Injecting(NmiEvent, Nmi).L2Exit(Npf, intInfo: NmiEvent)),
            Silent("virtual NMIs are on", Controlled(1u << 26, Nmi).L2Exit(Npf, intInfo: NmiEvent)),
            Undecided(Evidence.QueuedEvent, L2(Nmi).L2Exit(Cpuid).AsksUserspace(2).L2Exit(Npf, intInfo: NmiEvent)),
            Silent("NMI is not intercepted", L2().L2Exit(Npf, intInfo: NmiEvent)),
            Silent("NMI is intercepted", L2(Nmi).L2Exit(Nmi).Reflects(Nmi))),

        // "bit2=1 -> SMI before kvm_smm_transition"
        new("SVM-15.13-SMI-INTERCEPT",
            Breaks(L2().L2Exit(Smi).Reflects(Smi), BitMap),
            BreaksAssuming(Evidence.Smm, L2(Smi).L2Exit(Smi).EntersSmm()),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("SMI is intercepted", L2(Smi).L2Exit(Smi).Reflects(Smi))),
        new("SVM-15.13-INIT-INTERCEPT",
            Breaks(L2().L2Exit(Init).Reflects(Init), BitMap),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("INIT is intercepted", L2(Init).L2Exit(Init).Reflects(Init))),

        // "taken iff V_IRQ": without it the window is L0's own, whatever L1 intercepts.
        new("SVM-15.21-VIRQ-CONDITIONS",
            BreaksAssuming(Evidence.VmcbControlArea, L2(VIntr).L2Exit(VIntr).Reflects(VIntr)),
            Keeps(L2().L2Exit(VIntr)),
            Keeps(L2(VIntr).L2Exit(VIntr)),
            Silent("L1 requests one", L1().Vmrun([VIntr], intCtl: VIrq).L2Exit(VIntr).Reflects(VIntr))),

        // "Physical interrupts take priority over virtual ones."
        new("SVM-15.21-PHYS-OVER-VIRT",
            Undecided(Evidence.PendingInterrupts, BothPending().Knowing(static vcpu => vcpu.Rflags = Bits64.Of(1 << 9)).L2Exit(VIntr).Stays()
                .AcceptsInterrupt(0x31).Reflects(VIntr)),
            Silent("L1 masks interrupts", BothPending().Knowing(static vcpu => vcpu.Rflags = Bits64.Of(0)).L2Exit(VIntr).Stays()
                .AcceptsInterrupt(0x31).Reflects(VIntr)),
            Undecided(Evidence.PendingInterrupts, BothPending().L2Exit(VIntr).Stays().AcceptsInterrupt(0x31).Reflects(VIntr)),
            Silent("none is pending", BothPending().L2Exit(VIntr).Stays().Reflects(VIntr))),

        // "An intercepted INTR exit is not blocked by the interrupt shadow."
        new("SVM-15.21-SHADOW-NOBLOCK-EXIT",
            Undecided(Evidence.InterruptShadow, Controlled(0, Intr).LeavesForIntr().AcceptsInterrupt(0x31)),
            Silent("L1 gets it", Controlled(0, Intr).LeavesForIntr().AcceptsInterrupt(0x31).ReflectsIntr())),

        // "L2 CR8 accesses only touch V_TPR, never L1's APIC TPR."
        new("SVM-15.21-CR8-VTPR",
            BreaksAssuming(Evidence.VmcbControlArea,
                L1().L1Exit(Vmrun).StartsL2(VIntrMasking).L2Exit(Cr8Write).Happens(KvmEventKind.ApicAccess, 1, ApicAccess.TaskPriority, 5)),
            Keeps(L1().Vmrun([Cr8Write], intCtl: VIntrMasking).L2Exit(Cr8Write).Reflects(Cr8Write)),
            Keeps(L1().L1Exit(Vmrun).StartsL2(VIntrMasking).L2Exit(Cr8Write)),
            Silent("CR8 of L2 is L1's", L2().L2Exit(Cr8Write).Happens(KvmEventKind.ApicAccess, 1, ApicAccess.TaskPriority, 5))),

        // "V_INTR_MASKING=0: CR8 writes affect both APIC TPR and V_TPR."
        new("SVM-15.21-CR8-BOTH",
            Undecided(Evidence.VmcbControlArea, Controlled(0).L2Exit(Cr8Write)),
            Silent("V_INTR_MASKING is 1", Controlled(VIntrMasking, Cr8Write).L2Exit(Cr8Write).Reflects(Cr8Write))),

        // "V_TPR must track the task priority also when AVIC is active": no CR8 write exits then.
        new("SVM-15.29-VTPR-SYNC-AVIC",
            Undecided(Evidence.PendingInterrupts, WithAvic(0).L1Exit(Cr8Write)),
            Silent("AVIC is inhibited", WithAvic(1).L1Exit(Cr8Write))),

        // "VMRUN with VGIF enable loads V_GIF from bit 9; saved back on #VMEXIT."
        new("SVM-15.33-VGIF-INIT",
            Undecided(Evidence.VirtualGif, Twice(VGifEnable | VGif, VGifEnable)),
            Silent("it is as it was", Twice(VGifEnable, VGifEnable))),
        new("SVM-15.33-VGIF-INTERCEPT",
            Breaks(L1().Vmrun([Stgi], intCtl: VGifEnable).L2Exit(Stgi), "SVM-L-STGI-CLGI-L2", Default, Immediate),
            Keeps(L1().Vmrun([Stgi], intCtl: VGifEnable).L2Exit(Stgi).Reflects(Stgi))),
        new("SVM-15.33-VGIF-NOT-INTERCEPTED",
            Breaks(L2().L2Exit(Clgi).Reflects(Clgi), BitMap, Default),
            Keeps(L2().L2Exit(Clgi)),
            Silent("L1 uses virtual GIF", L1().Vmrun(intCtl: VGifEnable).L2Exit(Clgi))),

        // "V_NMI_MASK set when the vNMI is recognised": L1 may have made another pending.
        new("SVM-15.21-VNMI-MASK",
            Undecided(Evidence.VmcbControlArea, Twice(VNmiEnable | VNmi, VNmiEnable | VNmi)),
            Silent("none was pending", Twice(VNmiEnable, VNmiEnable))),

        // "With vNMI on, the NMI intercept applies to physical NMIs only."
        new("SVM-15.21-VNMI-PHYS-ONLY",
            Undecided(Evidence.PendingInterrupts, Controlled(VNmiEnable | VNmi, Nmi).LeavesForIntr().Reflects(Nmi)),
            Silent("the NMI is physical", Controlled(VNmiEnable | VNmi, Nmi).L2Exit(Nmi).Stays().Reflects(Nmi))),

        // "After KVM injects an NMI without vNMI, NMIs stay blocked until IRET completes."
        new("SVM-15.21-NMI-IRET",
            BreaksAssuming(Evidence.NmiInjection, NmiTaken().L1Exit(Hlt).Entry(0x1001, NmiEvent)),
            Keeps(NmiTaken().L1Exit(Hlt).Entry(0x1001, Irq)),
            Silent("IRET was seen", NmiTaken().L1Exit(Iret).Entry(0x1000, 0).L1Exit(Hlt).Entry(0x1001, NmiEvent)),
            Silent("it is the same NMI", NmiTaken().L1Exit(Npf, intInfo: NmiEvent).Entry(0x1000, NmiEvent)),
            Silent("the VMM may have unblocked it", NmiTaken().L1Exit(Hlt).AsksUserspace(10).Entry(0x1001, NmiEvent))),
    ];

    [Fact]
    public void An_STGI_that_is_not_seen_may_have_set_GIF()
    {
        static void NoExit(Vcpu vcpu) => vcpu.GifInstructionsExit = Truth.No;
        RunStory story = L1().L1Exit(Clgi).Knowing(NoExit).L1Exit(Cpuid).L1Exit(Npf).Interrupts(Vector);
        Assert.Equal(Saying.Silent, StoryResult.Of(story).Says("SVM-15.17-GIF0-INTR"));
    }

    private static RunStory Blank() => new();

    private static RunStory L1() => new RunStory().SvmeOn();

    private static RunStory L2(params SvmExitCode[] intercepts) => L1().Vmrun(intercepts);

    private static RunStory Injecting(uint eventInj, params SvmExitCode[] intercepts) => L1().Vmrun(intercepts, eventInj: eventInj);

    private static RunStory Controlled(uint intCtl, params SvmExitCode[] intercepts) => L1().Vmrun(intercepts, intCtl);

    private static RunStory DebugFault() => L2(Hlt).L2Exit(Hlt).Reflects(Hlt)
        .Knowing(static vcpu =>
        {
            vcpu.Gif = Truth.No;
            vcpu.GifInstructionsExit = Truth.Yes;
        });

    private static RunStory BothPending() => Controlled(VIrq | VIntrMasking, Intr, VIntr);

    private static RunStory WithAvic(ulong reasons) =>
        new RunStory().L1Exit(Intr).Happens(KvmEventKind.ApicvInhibit, 0, reasons, reasons).Stays();

    private static RunStory Twice(uint first, uint second) => Controlled(first, Hlt, Nmi).L2Exit(Hlt).Reflects(Hlt).Vmrun([Hlt, Nmi], second);

    private static RunStory NmiTaken() => new RunStory().L1Exit(Nmi).Entry(RunStory.L1Rip, NmiEvent);
}

/// <summary>Words of these rules.</summary>
internal static class InterruptWords
{
    /// <summary>L2 exits for a physical interrupt and stays where it was.</summary>
    public static RunStory LeavesForIntr(this RunStory story) => story.L2Exit(Intr).Stays();

    /// <summary>L0 announces that it reflects INTR, and does.</summary>
    public static RunStory ReflectsIntr(this RunStory story) => story.Announced().Reflects(Intr);
}
