using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.EndToEnd.BugHistory.PastBugWords;
using static Differ.Tests.Support.Stories;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>Which exits of L2 become L1's, and what L1 is shown of them.</summary>
internal static class ReflectionBugs
{
    private const byte GP = ExceptionVector.GP, PF = ExceptionVector.PF;
    private const ulong TableWalk = 0x2_0000_0006, High = 0xffff_8880_0000_1000;
    private const uint OutString = 0x60_0014, InString = 0x60_0015, DataSegment = 3 << 10;

    private static readonly SvmExitCode Cr0Write = new(0x10), Cr3Write = new(0x13), DbExit = OfException(ExceptionVector.DB), PfExit = OfException(PF);

    public static IReadOnlyList<PastBug> All { get; } =
    [
        new("BUG-013", "SVM-L-REFLECT-DEFAULT",
            static s => s.RunsL2(Cpuid).ExitFromL2(Cpuid.Value, L2Rip).Exception(GP, 0).Entry(L2Rip).L2GoesOn(),
            static s => s.RunsL2(Cpuid).ExitFromL2(Cpuid.Value, L2Rip).Userspace(8).Entry(0xfff0)),
        new("BUG-032", "SVM-15.6-EFER-SVME-L2",
            static s => s.RunsL2(Cpuid).ExitFromL2(Msr.Value, L2Rip, 1).Msr(write: true, Efer, NoSvme).Entry(L2Rip + 2).L1GoesOn(L2Rip + 0x40),
            static s => s.RunsL2(Cpuid).ExitFromL2(Msr.Value, L2Rip, 1).Msr(write: true, Efer, NoSvme).Userspace(8).Entry(0xfff0)),
        new("BUG-051", "SVM-15.25-NPF-STAGE-KEEP",
            static s => s.RunsL2(Cpuid).ExitFromL2(Npf.Value, L2Rip, TableWalk, 0x8000).Shows(Npf, UserRead, 0x8000).L1GoesOn(),
            static s => s.RunsL2(Cpuid).ExitFromL2(Npf.Value, L2Rip, TableWalk, 0x8000).Shows(Npf, TableWalk, 0x8000).L1GoesOn()),
        new("BUG-055", "SVM-15.9-CR0-SEL-LMSW",
            static s => s.RunsL2(Cr0SelWrite).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Emulates("0f 01 f0").Entry(L2Rip + 3).L2GoesOn(),
            static s => s.RunsL2(Cr0SelWrite).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Emulates("0f 01 f0").Shows(Cr0SelWrite).L1GoesOn()) { From = "5.10" },
        new("BUG-056", "SVM-15.9-CR0-SEL-ONLY-CR0",
            static s => s.RunsL2(Cr0SelWrite).ExitFromL2(Cr3Write.Value, L2Rip).Emulates("0f 22 d8").Shows(Cr0SelWrite).L1GoesOn(),
            static s => s.RunsL2(Cr0SelWrite).ExitFromL2(Cr3Write.Value, L2Rip).Emulates("0f 22 d8").Entry(L2Rip + 3).L2GoesOn()),
        new("BUG-056", "SVM-15.9-CR0-SEL-CLTS",
            static s => s.RunsL2(Cr0SelWrite).ExitFromL2(Cr0Write.Value, L2Rip).Emulates("0f 06").Shows(Cr0SelWrite).L1GoesOn(),
            static s => s.RunsL2(Cr0SelWrite).ExitFromL2(Cr0Write.Value, L2Rip).Emulates("0f 06").Entry(L2Rip + 2).L2GoesOn()) { Form = "CLTS", Instead = "CLTS has a rule of its own" },
        new("BUG-060", "SVM-15.10-IOIO-NO-RECHECK",
            static s => Ports(s.RunsL2(Ioio)).Userspace(2).Shows(Ioio, InString, L2Rip + 1).L1GoesOn(),
            static s => Ports(s.RunsL2(Ioio)).Userspace(2).Entry(L2Rip + 1).L2GoesOn()),
        new("BUG-108", "SVM-15.12-PF-INFO2",
            static s => Faults(s, High).Shows(PfExit, 4, High & ~(1UL << 47)).L1GoesOn(), static s => Faults(s, High).Shows(PfExit, 4, High).L1GoesOn()),
        new("BUG-113", "SVM-L-EXC-REFLECT-FIRST",
            static s => s.RunsL2(PfExit).ExitFromL2(PfExit.Value, L2Rip, 4, 0x8000).Exception(PF, 4).Entry(L2Rip).L2GoesOn(),
            static s => s.RunsL2(PfExit).ExitFromL2(PfExit.Value, L2Rip, 4, 0x8000).Shows(PfExit, 4, 0x8000).L1GoesOn()),
        new("BUG-120", "SVM-15.25-NPF-P-KEEP",
            static s => s.RunsL2(Cpuid).ExitFromL2(Npf.Value, L2Rip, UserRead | 1, 0x8000).Shows(Npf, UserRead, 0x8000).L1GoesOn(),
            static s => s.RunsL2(Cpuid).ExitFromL2(Npf.Value, L2Rip, UserRead | 1, 0x8000).Shows(Npf, UserRead | 1, 0x8000).L1GoesOn()),
        new("BUG-134", "SVM-C1-CODE-BIT-MAP",
            static s => StepsOverIret(s).Shows(DbExit).L1GoesOn(),
            static s => StepsOverIret(s).Entry(L2Rip + 2).L2GoesOn()) { Instead = "what proves it is that L1 does not intercept #DB" },
        new("BUG-136", "SVM-15.10-IOIO-SEG",
            static s => s.RunsL2(Ioio).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Emulates("6e").Shows(Ioio, OutString, L2Rip + 1).L1GoesOn(),
            static s => s.RunsL2(Ioio).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Emulates("6e").Shows(Ioio, OutString | DataSegment, L2Rip + 1).L1GoesOn()),
        new("BUG-140", "SVM-L-L1-DECODE",
            static s => DecodesCr3(s.L1Sees(0x8000_000a, edx: 1 << 7, eax: 1)).Shows(Cr3Write).L1GoesOn(),
            static s => DecodesCr3(s.L1Sees(0x8000_000a, edx: 0, eax: 1)).Shows(Cr3Write).L1GoesOn()) { AsKnown = true },
    ];

    // On a host that is seen to use nested paging.
    private static KvmStory Faults(KvmStory story, ulong address) => story.RunsL2(PfExit)
        .ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Entry(L2Rip).ExitFromL2(PfExit.Value, L2Rip, 4, address);

    // L0 carries out a string instruction of L2.
    private static KvmStory Ports(KvmStory story) => story.ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Emulates("6c")
        .Event("kvm_pio", ("rw", 0), ("port", 0x60), ("size", 1), ("count", 1));

    // The host waits for the end of an NMI of its own by single steps.
    private static KvmStory StepsOverIret(KvmStory story) => story.RunsL2(Cpuid).ExitFromL2(Iret.Value, L2Rip).Entry(L2Rip).ExitFromL2(DbExit.Value, L2Rip + 2);

    private static KvmStory DecodesCr3(KvmStory story) => story.RunsL2(Cr3Write).ExitFromL2(Npf.Value, L2Rip, UserRead, 0x1000).Emulates("0f 22 d8");
}
