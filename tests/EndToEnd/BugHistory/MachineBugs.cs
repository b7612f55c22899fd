using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.EndToEnd.BugHistory.PastBugWords;
using static Differ.Tests.Support.Stories;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>The virtual interrupt controller, System Management Mode, shutdown.</summary>
internal static class MachineBugs
{
    private static readonly uint DoubleFault = Event(EventType.Exception, ExceptionVector.DF) | EventInfo.ErrorCodeBit;
    private static readonly SvmExitCode PfExit = OfException(ExceptionVector.PF);

    public static IReadOnlyList<PastBug> All { get; } =
    [
        new("BUG-031", "SVM-15.29-AVIC-NESTED-OFF",
            static s => s.RunsL2(Intr).ExitFromL2(AvicNoAccel.Value, L2Rip, 0x80).Entry(L2Rip).L2GoesOn(), static s => s.RunsL2(Intr).L2GoesOn()),
        new("BUG-102", "SVM-15.29-AVIC-NESTED-OFF",
            static s => s.RunsL2With(1u << 31, 0, Intr).ExitFromL2(AvicNoAccel.Value, L2Rip, 0x80).Entry(L2Rip).L2GoesOn(),
            static s => s.RunsL2With(1u << 31, 0, Intr).L2GoesOn()),
        new("BUG-042", "SVM-15.20-INJ-TYPE",
            static s => Resumes(s).Vmenter(L1Rip + 3, Vmcb12, L2Rip, eventInj: 0x8000_0131).Intercepting(Intr).Entry(L2Rip, 0x8000_0131).L2GoesOn(),
            static s => Resumes(s).Vmenter(L1Rip + 3, Vmcb12, L2Rip).Intercepting(Intr).Entry(L2Rip).L2GoesOn()) { Consequences = ["SVM-L-SMM-RECHECK"] },
        new("BUG-041", "SVM-15.29-VTPR-SYNC-AVIC",
            static s => WithAvic(s, 0).Exit(Cr8Write.Value, L1Rip).Entry(L1Rip + 4).L1GoesOn(),
            static s => WithAvic(s, 1).Exit(Cr8Write.Value, L1Rip).Entry(L1Rip + 4).L1GoesOn()) { From = "5.18", OnRequest = true },
        new("BUG-073", "SVM-15.29-AVIC-IPI-ID4",
            static s => Ipi(s, 4).Userspace(17).Entry(L1Rip).L1GoesOn(),
            static s => Ipi(s, 4).Entry(L1Rip).L1GoesOn()),
        new("BUG-082", "SVM-15.29-AVIC-IPI-ID2",
            static s => Ipi(s, 2).Entry(L1Rip).L1GoesOn(),
            static s => Ipi(s, 2).Event("kvm_apic_ipi", ("icr_low", 0xfd), ("dest_id", 1)).Entry(L1Rip).L1GoesOn()),
        new("BUG-097", "SVM-L-RUN-PENDING",
            static s => Resumes(s).Vmenter(L1Rip + 3, Vmcb12, L2Rip).Intercepting(Intr).Event("kvm_nested_intr_vmexit", ("rip", L2Rip)).Shows(Intr).L1GoesOn(),
            static s => Resumes(s).Vmenter(L1Rip + 3, Vmcb12, L2Rip).Intercepting(Intr).Entry(L2Rip).ExitFromL2(Intr.Value, L2Rip)
                .Event("kvm_nested_intr_vmexit", ("rip", L2Rip)).Shows(Intr).L1GoesOn()),
        new("BUG-105", "SVM-15.6-RESUME-RIP",
            static s => Resumes(s).Vmenter(L1Rip + 3, Vmcb12, L2Rip).Intercepting(Cpuid).Entry(L2Rip).ExitFromL2(Cpuid.Value, L2Rip).Inject(Cpuid.Value).Entry(0x8010).L1GoesOn(0x8010),
            static s => Resumes(s).Vmenter(L1Rip + 3, Vmcb12, L2Rip).Intercepting(Cpuid).Entry(L2Rip).ExitFromL2(Cpuid.Value, L2Rip).Shows(Cpuid).L1GoesOn())
            { From = "5.10", Instead = "what L1 finds is that it goes on in the wrong place" },
        new("BUG-133", "SVM-L-SMM-ROUNDTRIP",
            static s => Resumes(s).Entry(L2Rip).Exit(Hlt.Value, L2Rip).Entry(L2Rip + 1).L1GoesOn(), static s => Resumes(s).Entry(L2Rip).L2GoesOn(L2Rip + 1)),
        new("BUG-110", "SVM-15.14-SHUTDOWN-L1",
            static s => s.RunsL2(Shutdown).ExitFromL2(PfExit.Value, L2Rip, 2, 0x1000, DoubleFault).Userspace(8).Entry(0xfff0),
            static s => s.RunsL2(Shutdown).ExitFromL2(PfExit.Value, L2Rip, 2, 0x1000, DoubleFault).Shows(Shutdown).L1GoesOn()),
        new("BUG-110", "SVM-15.14-SHUTDOWN-L1",
            static s => s.RunsL2(Shutdown).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000, DoubleFault).Userspace(8).Entry(0xfff0),
            static s => s.RunsL2(Shutdown).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000, DoubleFault).Shows(Shutdown).L1GoesOn())
            { Form = "behind a nested page fault", From = "5.10" },
    ];

    private static KvmStory WithAvic(KvmStory story, ulong inhibits) => story.Exit(Hlt.Value, L1Rip - 0x40)
        .Event("kvm_apicv_inhibit_changed", ("reason", 1), ("set", inhibits), ("inhibits", inhibits)).Entry(L1Rip - 0x3f);

    private static KvmStory Ipi(KvmStory story, ulong id) => story.Exit(AvicIncompleteIpi.Value, L1Rip, 0x1_0000_00fd, id << 32)
        .Event("kvm_avic_incomplete_ipi", ("vcpu", 0), ("icrh", 1), ("icrl", 0xfd), ("id", id), ("index", 0));

    // An SMI takes L2's place, and its handler ends.
    private static KvmStory Resumes(KvmStory story) => story.RunsL2(Intr)
        .ExitFromL2(Smi.Value, L2Rip).Smm(entering: true).Inject(HostUse.Value).Entry(0x8000)
        .Exit(Rsm.Value, 0x8010).Smm(entering: false);
}
