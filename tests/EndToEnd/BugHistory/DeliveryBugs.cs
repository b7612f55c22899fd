using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.EndToEnd.BugHistory.PastBugWords;
using static Differ.Tests.Support.Stories;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>Events: what is delivered, delivered again, handed over to L1, or combined.</summary>
internal static class DeliveryBugs
{
    private const byte GP = ExceptionVector.GP, PF = ExceptionVector.PF, DF = ExceptionVector.DF;

    private static readonly uint Soft = Event(EventType.SoftwareInterrupt, 0x80), Irq = Event(EventType.Interrupt, 0x31),
        Fault = Event(EventType.Exception, PF) | EventInfo.ErrorCodeBit;

    public static IReadOnlyList<PastBug> All { get; } =
    [
        new("BUG-059", "SVM-15.7-REINJECT-SOFT-INSN",
            static s => s.Exit(Npf.Value, L1Rip, UserRead, 0x1000, Int3).Emulates("48 89 c3", L1Rip).Exception(ExceptionVector.BP, reinjected: true).Entry(L1Rip + 3, Int3).L1GoesOn(),
            static s => s.Exit(Npf.Value, L1Rip, UserRead, 0x1000, Int3).Emulates("48 89 c3", L1Rip).Exception(ExceptionVector.BP, reinjected: true).Entry(L1Rip + 1, Int3).L1GoesOn())
            { From = "6.0" },
        new("BUG-087", "SVM-15.12-COMBINE-ORDER",
            static s => s.RunsL2(OfException(GP)).ExitFromL2(OfException(GP).Value, L2Rip, intInfo: Fault).Exception(DF, 0).Entry(L2Rip).L2GoesOn(),
            static s => s.RunsL2(OfException(GP)).ExitFromL2(OfException(GP).Value, L2Rip, intInfo: Fault).Shows(OfException(GP), intInfo: Fault).L1GoesOn())
            { From = "5.10" },
        new("BUG-089", "SVM-15.7-REINJECT-SOFT",
            static s => Interrupted(s).Exit(Npf.Value, L1Rip, UserRead, 0x1000, Soft).Entry(L1Rip).L1GoesOn(),
            static s => Interrupted(s).Exit(Npf.Value, L1Rip, UserRead, 0x1000, Soft).Interrupt(0x80, soft: true, again: true).Entry(L1Rip + 2, Soft).L1GoesOn()) { From = "6.0" },
        new("BUG-089", "SVM-15.7-REINJECT-SOFT",
            static s => s.RunsL2With(0, Soft, Intr).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000, Soft).Entry(L2Rip).L2GoesOn(),
            static s => s.RunsL2With(0, Soft, Intr).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000, Soft).Interrupt(0x80, soft: true, again: true).Entry(L2Rip, Soft).L2GoesOn())
            { From = "6.0", Form = "of L1's VMRUN" },
        new("BUG-091", "SVM-15.7-REINJECT-L0",
            static s => s.RunsL2With(0, Nmi, Intr).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000, Nmi).Entry(L2Rip).L2GoesOn(),
            static s => s.RunsL2With(0, Nmi, Intr).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000, Nmi).Entry(L2Rip, Nmi).L2GoesOn()) { From = "6.14" },
        new("BUG-123", "SVM-15.7-INTINFO-VALID",
            static s => s.RunsL2(Npf).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x8000, Irq).Shows(Npf, UserRead, 0x8000).L1GoesOn(),
            static s => s.RunsL2(Npf).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x8000, Irq).Shows(Npf, UserRead, 0x8000, Irq).L1GoesOn()),
        new("BUG-127", "SVM-15.13-INTR-PRECEDED-TRACE",
            static s => s.RunsL2(Intr).ExitFromL2(Intr.Value, L2Rip).Event("kvm_nested_intr_vmexit", ("rip", L2Rip)).Entry(L2Rip)
                .ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Shows(Intr).L1GoesOn(),
            static s => s.RunsL2(Intr).ExitFromL2(Intr.Value, L2Rip).Event("kvm_nested_intr_vmexit", ("rip", L2Rip)).Shows(Intr).L1GoesOn()),
        new("BUG-127", "SVM-15.13-INTR-PRECEDED-TRACE",
            static s => s.RunsL2(Intr).ExitFromL2(Intr.Value, L2Rip).Event("kvm_nested_intr_vmexit", ("rip", L2Rip)).Entry(L2Rip).L2GoesOn(),
            static s => s.RunsL2(Intr).L2GoesOn().ExitFromL2(Intr.Value, L2Rip).Event("kvm_nested_intr_vmexit", ("rip", L2Rip)).Shows(Intr).L1GoesOn())
            { Form = "never shown" },
        new("BUG-131", "SVM-L-HLT-L2-WAKE",
            static s => Wakes(s).Inject(Intr.Value).Event("kvm_vcpu_wakeup", ("ns", 1000), ("valid", 1)).Entry(L1Rip + 3).L1GoesOn(),
            static s => Wakes(s).Shows(Intr).L1GoesOn()),
        new("BUG-139", "SVM-15.7-INTINFO-NMIVEC",
            static s => s.RunsL2(Npf).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x8000, Event(EventType.Nmi, 2)).Shows(Npf, UserRead, 0x8000, Event(EventType.Nmi, 0)).L1GoesOn(),
            static s => s.RunsL2(Npf).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x8000, Event(EventType.Nmi, 2)).Shows(Npf, UserRead, 0x8000, Event(EventType.Nmi, 2)).L1GoesOn())
            { AsKnown = true },
    ];

    private static uint Int3 => Event(EventType.Exception, ExceptionVector.BP);

    private static uint Nmi => Event(EventType.Nmi, 2);

    // An interrupt of another kind shows that kvm_inj_virq was on.
    private static KvmStory Interrupted(KvmStory story) => story.Exit(VIntr.Value, L1Rip).Interrupt(0x31).Entry(L1Rip);

    // L2 halts without L1, and an interrupt of L1 ends that.
    private static KvmStory Wakes(KvmStory story) => story.RunsL2(Intr).ExitFromL2(Hlt.Value, L2Rip)
        .Event("kvm_vcpu_wakeup", ("ns", 1000), ("valid", 1)).Event("kvm_nested_intr_vmexit", ("rip", L2Rip + 1));
}
