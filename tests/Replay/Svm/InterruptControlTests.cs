using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Svm;

/// <summary>Group G, in the order of the rules.</summary>
public sealed class InterruptControlTests : RuleTests<InterruptControlTests>, IRuleCases
{
    private const string Default = "SVM-L-REFLECT-DEFAULT", Immediate = "SVM-L-REFLECT-IMMEDIATE";
    private const uint VIrq = 1 << 8, VIntrMasking = 1 << 24, VGif = 1 << 25;
    private const byte Vector = 0x31;
    private static readonly uint NmiEvent = Event(EventType.Nmi, 2), Irq = Event(EventType.Interrupt, Vector);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "no interrupt at L1 while GIF=0": between a #VMEXIT or CLGI and STGI.
        new("SVM-15.17-GIF0-INTR",
            Breaks(L2(Hlt).L2Exit(Hlt).Reflects(Hlt).Interrupts(Vector)),
            Breaks(L1().L1Exit(Clgi).L1Exit(Npf).Interrupts(Vector)),
            Keeps(L1().L1Exit(Clgi).L1Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true)),
            Undecided(Evidence.Gif, L2(Hlt).L2Exit(Hlt).Reflects(Hlt).L1Exit(Npf, RunStory.L1Rip + 3).Interrupts(Vector)),
            Silent("STGI set GIF", L1().L1Exit(Clgi).L1Exit(Stgi).L1Exit(Npf).Interrupts(Vector)),
            Silent("L2 takes it", L2().L2Exit(Npf).Interrupts(Vector))),
        new("SVM-15.17-GIF0-NMI",
            Breaks(L2(Hlt).L2Exit(Hlt).Reflects(Hlt).Entry(RunStory.L1Rip + 3, NmiEvent)),
            Breaks(L1().L1Exit(Clgi).L1Exit(Npf).Entry(RunStory.L1Rip, NmiEvent)),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt).Entry(RunStory.L1Rip + 3, 0)),
            Silent("the kernel does not show EVENTINJ", L2(Hlt).L2Exit(Hlt).Reflects(Hlt))),

        // SMM is entered at once, or not before GIF is set: that it is entered is the violation.
        new("SVM-15.17-GIF0-SMI-INIT",
            BreaksAssuming(Evidence.Gif, L2(Hlt).L2Exit(Hlt).Reflects(Hlt).EntersSmm()),
            BreaksAssuming(Evidence.Gif, L1().L1Exit(Clgi).L1Exit(Npf).EntersSmm()),
            Silent("GIF is set or not known", L1().L1Exit(Smi).EntersSmm()),
            Silent("the kernel leaves L2 for it", L2().L2Exit(Smi).Reflects(HostUse).EntersSmm())),

        // "INTR intercept clear: taken directly inside L2."
        new("SVM-15.21-INTR-NOINTERCEPT",
            Breaks(L2().L2Exit(Intr).Announced().Reflects(Intr)),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("INTR is intercepted", L2(Intr).L2Exit(Intr).Announced().Reflects(Intr))),

        // "INTR intercept set: an interrupt while L2 runs is L1's."
        new("SVM-15.13-INTR-INTERCEPT",
            Breaks(L2(Intr).L2Exit(Intr).Interrupts(Vector)),
            Keeps(L2(Intr).L2Exit(Npf).Raises(6)),
            Undecided(Evidence.Vmcb12Controls, Blank().L2Exit(Intr).Interrupts(Vector)),
            Silent("INTR is not intercepted", L2().L2Exit(Intr).Interrupts(Vector)),
            Silent("it was being delivered already", L2(Intr).L2Exit(Npf, intInfo: Irq).Interrupts(Vector, again: true))),
        new("SVM-15.13-INTR-PRECEDED-TRACE",
            Breaks(L2(Hlt).L2Exit(Hlt).Announced().Reflects(Hlt)),
            Keeps(L2(Intr).L2Exit(Intr).Announced().Reflects(Intr))),
        new("SVM-15.13-NMI-INTERCEPT",
            Breaks(L2().L2Exit(Nmi).Reflects(Nmi)),
            Breaks(L2(Nmi).L2Exit(Nmi).Entry(RunStory.L2Rip, NmiEvent)),
            Keeps(L2(Nmi).L2Exit(Nmi).Entry(RunStory.L2Rip, 0)),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("NMI is intercepted", L2(Nmi).L2Exit(Nmi).Reflects(Nmi))),

        // "bit2=1 -> SMI before kvm_smm_transition"
        new("SVM-15.13-SMI-INTERCEPT",
            Breaks(L2().L2Exit(Smi).Reflects(Smi)),
            BreaksAssuming(Evidence.Smm, L2(Smi).L2Exit(Smi).EntersSmm()),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("SMI is intercepted", L2(Smi).L2Exit(Smi).Reflects(Smi))),
        new("SVM-15.13-INIT-INTERCEPT",
            Breaks(L2().L2Exit(Init).Reflects(Init)),
            Keeps(L2(Hlt).L2Exit(Hlt).Reflects(Hlt)),
            Silent("INIT is intercepted", L2(Init).L2Exit(Init).Reflects(Init))),

        // "taken iff V_IRQ": without it the window is L0's own, whatever L1 intercepts.
        new("SVM-15.21-VIRQ-CONDITIONS",
            BreaksAssuming(Evidence.VmcbControlArea, L2(VIntr).L2Exit(VIntr).Reflects(VIntr)),
            Keeps(L2().L2Exit(VIntr)),
            Keeps(L2(VIntr).L2Exit(VIntr)),
            Silent("L1 requests one", L1().Vmrun([VIntr], intCtl: VIrq).L2Exit(VIntr).Reflects(VIntr))),

        // "L2 CR8 accesses only touch V_TPR, never L1's APIC TPR."
        new("SVM-15.21-CR8-VTPR",
            BreaksAssuming(Evidence.VmcbControlArea,
                L1().L1Exit(Vmrun).StartsL2(VIntrMasking).L2Exit(Cr8Write).Happens(HappeningKind.ApicAccess, 1, ApicAccess.TaskPriority, 5)),
            Keeps(L1().Vmrun([Cr8Write], intCtl: VIntrMasking).L2Exit(Cr8Write).Reflects(Cr8Write)),
            Keeps(L1().L1Exit(Vmrun).StartsL2(VIntrMasking).L2Exit(Cr8Write)),
            Silent("CR8 of L2 is L1's", L2().L2Exit(Cr8Write).Happens(HappeningKind.ApicAccess, 1, ApicAccess.TaskPriority, 5))),
        new("SVM-15.33-VGIF-INTERCEPT",
            Breaks(L1().Vmrun([Stgi], intCtl: VGif).L2Exit(Stgi), "SVM-L-STGI-CLGI-L2", Default, Immediate),
            Keeps(L1().Vmrun([Stgi], intCtl: VGif).L2Exit(Stgi).Reflects(Stgi))),
        new("SVM-15.33-VGIF-NOT-INTERCEPTED",
            Breaks(L2().L2Exit(Clgi).Reflects(Clgi), Default),
            Keeps(L2().L2Exit(Clgi)),
            Silent("L1 uses virtual GIF", L1().Vmrun(intCtl: VGif).L2Exit(Clgi))),
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
}
