using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.EndToEnd.BugHistory.PastBugWords;
using static Differ.Tests.Support.Stories;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>What VMRUN accepts and what it refuses.</summary>
internal static class VmrunBugs
{
    private const uint VNmiEnable = 1 << 26;

    private static readonly uint Irq = Event(EventType.Interrupt, 0x31);

    public static IReadOnlyList<PastBug> All { get; } =
    [
        new("BUG-008", "SVM-15.5-VMRUN-RAX-ALIGN",
            static s => RunsAt(s.L1Sees(0x8000_0008, eax: 0x3028), 1UL << 44), static s => RunsAt(s.L1Sees(0x8000_0008, eax: 0x3030), 1UL << 44)),
        new("BUG-015", "SVM-15.17-GIF0-INTR",
            static s => RefusedWithoutInterrupts(s).Interrupt(0x31).Entry(L1Rip + 3).L1GoesOn(),
            static s => RefusedWithoutInterrupts(s).Entry(L1Rip + 3).Exit(Stgi.Value, L1Rip + 8).Interrupt(0x31).Entry(L1Rip + 11).L1GoesOn()) { From = "5.14" },
        new("BUG-016", "SVM-15.6-EVENTINJ-CLEAR",
            static s => RunsAgain(s.RunsL2With(0, Irq, Cpuid), Irq), static s => RunsAgain(s.RunsL2With(0, Irq, Cpuid), 0)) { OnRequest = true },
        new("BUG-019", "SVM-15.25-NCR3-MBZ",
            static s => RunsWithRoot(s, 1UL << 60), static s => s.Exit(Vmrun.Value, L1Rip).Refused("!kvm_vcpu_is_legal_gpa(vcpu, control->nested_cr3)").L1GoesOn())
            { From = "6.1" },
        new("BUG-019", "SVM-15.25-NCR3-MBZ",
            static s => RunsWithRoot(s.L1Sees(0x8000_0008, eax: 0x3028), 1UL << 44), static s => RunsWithRoot(s.L1Sees(0x8000_0008, eax: 0x3030), 1UL << 44))
            { From = "6.1", Form = "above the width that L1 saw" },
        Injects("type 1", 0x8000_0131),
        Injects("type 5", 0x8000_0531),
        Injects("type 7", 0x8000_0731),
        Injects("vector 2", 0x8000_0302, "SVM-15.20-INJ-VEC2"),
        Injects("vector 40", 0x8000_0328, "SVM-15.20-INJ-VEC2"),
        Refuses("BUG-021", "SVM-15.5-NONARCH-CHECK-NP", "(control->nested_ctl & SVM_NESTED_CTL_NP_ENABLE) && !npt_enabled"),
        Refuses("BUG-069", "SVM-15.16-TLBCTL-RSVD", "!nested_svm_check_tlb_ctl(vcpu, control->tlb_ctl)"),
        new("BUG-079", "SVM-15.21.10-VNMI-NEEDS-NMI",
            static s => SeesVirtualNmi(s).RunsL2With(VNmiEnable, 0, Intr).L2GoesOn(), static s => SeesVirtualNmi(s).RunsL2With(VNmiEnable, 0, Intr, Nmi).L2GoesOn()),
        new("BUG-111", "SVM-15.5-VMRUN-INTERCEPT",
            static s => s.Exit(Vmrun.Value, L1Rip).Vmenter(L1Rip + 3, Vmcb12, L2Rip).Intercepts(0, 0, 1, 0).Entry(L2Rip).L2GoesOn(), static s => s.RunsL2(Intr).L2GoesOn()),
        new("BUG-112", "SVM-L-ERR-L0",
            static s => s.RunsL2(Cpuid).ExitFromL2(Cpuid.Value, L2Rip).Shows(Cpuid).Exit(Invalid.Value, L1Rip + 3).Userspace(9).Entry(L1Rip + 3).L1GoesOn(),
            static s => s.RunsL2(Cpuid).ExitFromL2(Cpuid.Value, L2Rip).Shows(Cpuid).L1GoesOn()) { Instead = "L0's own VMCB failed, whatever in it was wrong" },
        new("BUG-119", "SVM-15.5-VMRUN-CR3-MBZ",
            static s => RunsWithRoot(s, 1UL << 60, nestedPaging: false), static s => RunsWithRoot(s, 0x8000, nestedPaging: false)) { From = "6.1" },
    ];

    private static PastBug Injects(string form, uint eventInj, string rule = "SVM-15.20-INJ-TYPE") => new(
        "BUG-020", rule,
        s => s.RunsL2With(0, eventInj, Intr).L2GoesOn(),
        static s => s.RunsL2With(0, Event(EventType.Interrupt, 0x31), Intr).L2GoesOn())
    {
        Form = form,
    };

    private static PastBug Refuses(string id, string rule, string check) => new(
        id, rule,
        s => s.Exit(Vmrun.Value, L1Rip).Refused(check).L1GoesOn(),
        static s => s.RunsL2(Intr).L2GoesOn())
    {
        From = "5.14",
    };

    private static void RunsWithRoot(KvmStory story, ulong root, bool nestedPaging = true) => story.Exit(Vmrun.Value, L1Rip)
        .Vmenter(L1Rip + 3, Vmcb12, L2Rip, root: root, nestedPaging: nestedPaging).Intercepting(Intr).Entry(L2Rip).L2GoesOn();

    private static void RunsAt(KvmStory story, ulong vmcb12) => story.Exit(Vmrun.Value, L1Rip)
        .Vmenter(L1Rip + 3, vmcb12, L2Rip).Intercepting(Intr).Entry(L2Rip).L2GoesOn();

    private static void RunsAgain(KvmStory story, uint eventInj) => story
        .ExitFromL2(Cpuid.Value, L2Rip + 0x20).Shows(Cpuid).Exit(Stgi.Value, L1Rip - 3).Entry(L1Rip).RunsL2With(0, eventInj, Cpuid).L2GoesOn();

    private static KvmStory RefusedWithoutInterrupts(KvmStory story)
    {
        story.L1Sets(Efer, Svme).Exit(Clgi.Value, L1Rip - 8).Entry(L1Rip - 5).Exit(Vmrun.Value, L1Rip);
        return story.Add(story.Record("kvm_nested_vmenter_failed").With("msg", "!vmcb12->control.asid"));
    }

    private static KvmStory SeesVirtualNmi(KvmStory story) => story.L1Sees(0x8000_000a, edx: 1 << 25, eax: 1);
}
