using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.EndToEnd.BugHistory.PastBugWords;
using static Differ.Tests.Support.Stories;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>A bug as a recording with probes shows it: what no tracepoint carries proves it.</summary>
/// <param name="Id">Its row in the table of known bugs.</param>
/// <param name="Rule">The rule that names it.</param>
/// <param name="Wrong">What the kernel with the bug does.</param>
/// <param name="Right">What the kernel without it does on the same occasion.</param>
internal sealed record ProbedBug(string Id, string Rule, Action<ProbedStory> Wrong, Action<ProbedStory> Right)
{
    /// <summary>What tells several recordings of one bug apart; empty where there is only one.</summary>
    public string Form { get; init; } = "";

    /// <summary>The first series whose tracepoints show the occasion.</summary>
    public string From { get; init; } = "4.14";

    /// <summary>Name of the recording.</summary>
    public string Name => Form.Length > 0 ? $"{Id} {Form}" : Id;
}

/// <summary>Every bug that a recording with probes proves and tracepoints alone do not, or only in another way.</summary>
internal static class ProbedBugs
{
    private const uint VIrq = 1 << 8;
    private const ulong OfSvm = 0x3c, Clgi = 1 << 5, VIntrBit = 1 << 4, AllClean = 0xff, VectorShift = 32;

    private static readonly uint Irq = Event(EventType.Interrupt, 0x31);

    public static IReadOnlyList<ProbedBug> All { get; } =
    [
        new("BUG-002", "SVM-15.4-SVME-UD-CLGI",
            static s => GivesUpSvm(HasSvm(s).L1(VmcbField.InterceptMisc2, OfSvm & ~Clgi)), static s => GivesUpSvm(HasSvm(s).L1(VmcbField.InterceptMisc2, OfSvm))),
        new("BUG-015", "SVM-15.5-VMRUN-INVALID-GIF", static s => Refuses(s, gif: true), static s => Refuses(s, gif: false)) { From = "5.14" },
        new("BUG-016", "SVM-15.6-EVENTINJ-CLEAR",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.EventInj, Irq), Irq)), static s => Leaves(Runs(s.Vmcb12(VmcbField.EventInj, Irq), Irq).Vmcb12(VmcbField.EventInj, 0x31))),
        new("BUG-022", "SVM-15.6-CR2-SAVED",
            static s => Leaves(Runs(s.L2(VmcbField.Cr2, 0x8000).Vmcb12(VmcbField.Cr2, 0x1000))),
            static s => Leaves(Runs(s.L2(VmcbField.Cr2, 0x8000).Vmcb12(VmcbField.Cr2, 0x1000)).Vmcb12(VmcbField.Cr2, 0x8000))),
        new("BUG-023", "SVM-15.15-CLEANBITS-HONOUR0",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.CleanBits, AllClean)).Vmcb12(VmcbField.CleanBits, AllClean & ~1UL)), static s => Leaves(Runs(s.Vmcb12(VmcbField.CleanBits, AllClean)))),
        new("BUG-026", "SVM-L-RESTORE-EQUIV",
            static s => Restored(s.L2(VmcbField.InterruptShadow, 1), static s => s.L2(VmcbField.InterruptShadow, 0)), static s => Restored(s.L2(VmcbField.InterruptShadow, 1), static s => s))
            { From = "5.10" },
        new("BUG-029", "SVM-15.15-CLEANBITS-L0",
            static s => Restored(s.L2(VmcbField.Dr7, 0x400).L2(VmcbField.CleanBits, AllClean), static s => s.L2(VmcbField.Dr7, 0x401)),
            static s => Restored(s.L2(VmcbField.Dr7, 0x400).L2(VmcbField.CleanBits, AllClean), static s => s.L2(VmcbField.Dr7, 0x401).L2(VmcbField.CleanBits, 0))),
        new("BUG-030", "SVM-15.15-CLEANBITS-L0", static s => Edits(s, VmcbField.InterceptMisc1, AllClean), static s => Edits(s, VmcbField.InterceptMisc1, AllClean & ~1UL)),
        new("BUG-058", "SVM-15.15-CLEANBITS-L0", static s => Edits(s, VmcbField.NCr3, AllClean), static s => Edits(s, VmcbField.NCr3, AllClean & ~0x10UL)),
        new("BUG-037", "SVM-15.17-GIF-SVME", static s => GivesUpSvm(s.Gif(false), static s => s.Gif(true)), static s => GivesUpSvm(s.Gif(false))),
        new("BUG-065", "SVM-15.6-NO-SHADOW-LEAK",
            static s => Leaves(Runs(s.L1(VmcbField.InterruptShadow, 1).Vmcb12(VmcbField.InterruptShadow, 0).L2(VmcbField.InterruptShadow, 1)).Vmcb12(VmcbField.InterruptShadow, 1)),
            static s => Leaves(Runs(s.L1(VmcbField.InterruptShadow, 1).Vmcb12(VmcbField.InterruptShadow, 0).L2(VmcbField.InterruptShadow, 0)))),
        new("BUG-076", "SVM-15.6-VIRQ-SAVED", static s => Leaves(OpensWindow(s).Vmcb12(VmcbField.IntCtl, VIrq)), static s => Leaves(OpensWindow(s))),
        new("BUG-100", "SVM-15.21-VIRQ-VECTOR", static s => Delivers(s, 0x52), static s => Delivers(s, 0x41)),
        new("BUG-107", "SVM-15.10-IOPM-RANGE",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.IopmBasePa, ~0xfffUL))), static s => Leaves(Runs(s.Vmcb12(VmcbField.IopmBasePa, 0x9000)))),
        new("BUG-107", "SVM-15.11-MSRPM-RANGE",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.MsrpmBasePa, ~0xfffUL))), static s => Leaves(Runs(s.Vmcb12(VmcbField.MsrpmBasePa, 0x9000)))) { Form = "of MSRs" },
        new("BUG-116", "SVM-15.6-SAVE-SUBSET",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.RflagsRegister, 2).L2(VmcbField.RflagsRegister, 2)).Vmcb12(VmcbField.RflagsRegister, 0x28)),
            static s => Leaves(Runs(s.Vmcb12(VmcbField.RflagsRegister, 2).L2(VmcbField.RflagsRegister, 2)))),
        new("BUG-119", "SVM-15.5-VMRUN-CR4-MBZ",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.Cr4Register, 1UL << 40))), static s => Leaves(Runs(s.Vmcb12(VmcbField.Cr4Register, 0x20)))),
        new("BUG-130", "SVM-15.5-VMRUN-CR0-CDNW",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.Cr0Register, 0xa000_0011))), static s => Leaves(Runs(s.Vmcb12(VmcbField.Cr0Register, 0x8000_0011)))),
        new("BUG-130", "SVM-15.5-VMRUN-CR0-HI",
            static s => Leaves(Runs(s.Vmcb12(VmcbField.Cr0Register, 0x1_8000_0011))), static s => Leaves(Runs(s.Vmcb12(VmcbField.Cr0Register, 0x8000_0011)))) { Form = "in the upper half" },
    ];

    private static ProbedStory HasSvm(ProbedStory s)
    {
        s.Story.L1Sets(Efer, Svme);
        return s;
    }

    // L1 clears EFER.SVME.
    private static void GivesUpSvm(ProbedStory s, Func<ProbedStory, ProbedStory>? meanwhile = null)
    {
        s.L1Exit(Msr.Value, L1Rip - 0x10, info1: 1).Story.Msr(write: true, Efer, NoSvme);
        (meanwhile?.Invoke(s) ?? s).L1Entry(L1Rip - 0xe).Story.L1GoesOn();
    }

    private static ProbedStory Runs(ProbedStory s, uint eventInj = 0, uint intCtl = 0)
    {
        s.L1Exit(Vmrun.Value, L1Rip).Found().Story.Vmenter(L1Rip + 3, Stories.Vmcb12, L2Rip, intCtl, eventInj).Intercepting(Cpuid, Npf, Intr);
        return s.L2Entry(L2Rip, eventInj);
    }

    private static void Leaves(ProbedStory s) => Leaves(s, Cpuid.Value);

    private static void Leaves(ProbedStory s, ulong code, ulong info1 = 0, ulong info2 = 0, uint intInfo = 0)
    {
        s.L2Exit(code, L2Rip + 0x20, info1, info2, intInfo).Left(Stories.Vmcb12).Story.Inject(code, info1, info2, intInfo);
        s.L1Entry(L1Rip + 3).Story.L1GoesOn();
    }

    private static void Refuses(ProbedStory s, bool gif)
    {
        s.Gif(true).L1Exit(Vmrun.Value, L1Rip).Story.Add(s.Story.Record("kvm_nested_vmenter_failed").With("msg", "!vmcb12->control.asid"));
        s.Gif(gif).L1Entry(L1Rip + 3).Story.L1GoesOn();
    }

    // The VMM is asked between an exit of L2 and its next entry, and may have saved and restored the guest.
    private static void Restored(ProbedStory s, Func<ProbedStory, ProbedStory> meanwhile)
    {
        Runs(s).L2Exit(Intr.Value, L2Rip).Story.Userspace(10);
        meanwhile(s).L2Entry(L2Rip).Story.L2GoesOn();
    }

    // L0 changes what the processor may have cached.
    private static void Edits(ProbedStory s, VmcbField field, ulong clean)
    {
        Runs(s.L2(field, 0x5000).L2(VmcbField.CleanBits, 0)).L2Exit(Intr.Value, L2Rip);
        s.L2(field, 0x6000).L2(VmcbField.CleanBits, clean).L2Entry(L2Rip).Story.L2GoesOn();
    }

    // L0 waits for a window of its own in L2, with the virtual interrupt of the VMCB that runs.
    private static ProbedStory OpensWindow(ProbedStory s) =>
        Runs(s.Vmcb12(VmcbField.IntCtl, 0).L2(VmcbField.IntCtl, VIrq).L2(VmcbField.InterceptMisc1, VIntrBit));

    // A virtual interrupt of L2 is interrupted in delivery.
    private static void Delivers(ProbedStory s, byte vector) => Leaves(
        Runs(s.Vmcb12(VmcbField.IntCtl, VIrq | (0x41UL << (int)VectorShift)), intCtl: VIrq), Npf.Value, UserRead, 0x8000, Event(EventType.Interrupt, vector));
}
