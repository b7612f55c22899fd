using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.EndToEnd.BugHistory.PastBugWords;
using static Differ.Tests.Support.Stories;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>SVM instructions and registers: what is available, and what an instruction is answered with.</summary>
internal static class InstructionBugs
{
    private const byte UD = ExceptionVector.UD, GP = ExceptionVector.GP;

    private static readonly SvmExitCode UdExit = OfException(UD), GpExit = OfException(GP), Vmmcall = SvmExitCode.Vmmcall;

    public static IReadOnlyList<PastBug> All { get; } =
    [
        new("BUG-001", "SVM-15.4-SVME-UD-INVLPGA",
            static s => WithoutSvme(s, Invlpga).Event("kvm_invlpga", ("rip", L1Rip), ("asid", 1), ("address", 0x1000)).Entry(L1Rip + 3).L1GoesOn(),
            static s => WithoutSvme(s, Invlpga).Exception(UD).Entry(L1Rip).L1GoesOn()),
        new("BUG-003", "SVM-15.18-VMMCALL-UNINT-UD",
            static s => s.RunsL2(Intr).ExitFromL2(Vmmcall.Value, L2Rip).Event("kvm_hypercall", ("nr", 1)).Entry(L2Rip + 3).L2GoesOn(),
            static s => s.RunsL2(Intr).ExitFromL2(Vmmcall.Value, L2Rip).Exception(UD).Entry(L2Rip).L2GoesOn()),
        new("BUG-004", "SVM-15.18-VMMCALL-UNINT-UD",
            static s => Repeated(s.RunsL2(Intr), static s => s.ExitFromL2(UdExit.Value, L2Rip).Emulates("0f 01 d9").Entry(L2Rip)),
            static s => s.RunsL2(Intr).ExitFromL2(UdExit.Value, L2Rip).Emulates("0f 01 d9").Exception(UD).Entry(L2Rip).L2GoesOn()),
        new("BUG-004", "SVM-L-EXC-OWNER",
            static s => Repeated(s.RunsL2(Intr), static s => s.ExitFromL2(UdExit.Value, L2Rip).Entry(L2Rip)),
            static s => s.RunsL2(Intr).ExitFromL2(UdExit.Value, L2Rip).Exception(UD).Entry(L2Rip).L2GoesOn())
            { Form = "without its instruction", From = "5.10", Unrecorded = "kvm_emulate_insn" },
        new("BUG-005", "SVM-15.4-STGI-SKINIT-AVAIL",
            static s => WithoutSvme(s.L1Sees(0x8000_0001, ecx: 1 << 12), Stgi).Exception(UD).Entry(L1Rip).L1GoesOn(),
            static s => s.L1Sets(Efer, Svme).Exit(Stgi.Value, L1Rip).Entry(L1Rip + 3).L1GoesOn()) { AsKnown = true },
        new("BUG-006", "SVM-15.4-SVME-UD-VMMCALL",
            static s => WithoutSvme(s, Vmmcall).Event("kvm_hypercall", ("nr", 1)).Entry(L1Rip + 3).L1GoesOn(),
            static s => s.L1Sets(Efer, Svme).Exit(Vmmcall.Value, L1Rip).Event("kvm_hypercall", ("nr", 1)).Entry(L1Rip + 3).L1GoesOn()) { AsKnown = true },
        new("BUG-010", "SVM-15.4-UD-OVER-GP",
            static s => WithoutSvme(s, GpExit).Emulates("0f 01 d8", L1Rip).Exception(GP, 0).Entry(L1Rip).L1GoesOn(),
            static s => WithoutSvme(s, GpExit).Emulates("0f 01 d8", L1Rip).Exception(UD).Entry(L1Rip).L1GoesOn()) { AsKnown = true },
        new("BUG-009", "SVM-C1-CODE-BIT-MAP",
            static s => s.RunsL2(Intr).ExitFromL2(GpExit.Value, L2Rip).Emulates("0f 01 da").Shows(Vmload).L1GoesOn(),
            static s => s.RunsL2(Intr).ExitFromL2(GpExit.Value, L2Rip).Emulates("0f 01 da").Exception(GP, 0).Entry(L2Rip).L2GoesOn()),
        new("BUG-009", "SVM-C1-CODE-BIT-MAP",
            static s => s.RunsL2(Intr).ExitFromL2(GpExit.Value, L2Rip).Emulates("0f 01 db").Shows(Vmsave).L1GoesOn(),
            static s => s.RunsL2(Vmsave).ExitFromL2(GpExit.Value, L2Rip).Emulates("0f 01 db").Shows(Vmsave).L1GoesOn()) { Form = "VMSAVE" },
        new("BUG-011", "SVM-15.5-VMRUN-MAPFAIL-GP",
            static s => s.Exit(Vmrun.Value, L1Rip).Entry(L1Rip + 3).L1GoesOn(),
            static s => s.Exit(Vmrun.Value, L1Rip).Exception(GP, 0).Entry(L1Rip).L1GoesOn()) { From = "5.14" },
        new("BUG-036", "SVM-15.9-RDPRU-EXC",
            static s => s.L1Sees(0x8000_0008, ebx: 0, eax: 0x3030).RunsL2(Rdpru).ExitFromL2(Rdpru.Value, L2Rip).Shows(Rdpru).L1GoesOn(),
            static s => s.L1Sees(0x8000_0008, ebx: 0, eax: 0x3030).RunsL2(Rdpru).ExitFromL2(Rdpru.Value, L2Rip).Exception(UD).Entry(L2Rip).L2GoesOn()),
        new("BUG-036", "SVM-15.9-UNSUPPORTED-INSN",
            static s => s.L1Sees(7, ebx: 0).RunsL2(Invpcid).ExitFromL2(Invpcid.Value, L2Rip).Shows(Invpcid).L1GoesOn(),
            static s => s.L1Sees(7, ebx: 0).RunsL2(Invpcid).ExitFromL2(Invpcid.Value, L2Rip).Exception(UD).Entry(L2Rip).L2GoesOn()) { Form = "INVPCID" },
        new("BUG-104", "SVM-15.30.4-HSAVE-GP",
            static s => s.L1Sets(HsavePa, 0x1234_5678).L1GoesOn(),
            static s => s.L1Sets(HsavePa, 0x1234_5678, faulted: true).L1GoesOn()),
        new("BUG-104", "SVM-15.30.4-HSAVE-SET",
            static s => Restarted(s).L1Sets(Efer, Svme).RunsL2(Intr).L2GoesOn(),
            static s => Restarted(s).L1Sets(Efer, Svme).Exit(Vmrun.Value, L1Rip).Exception(GP, 0).Entry(L1Rip).L1GoesOn()) { Form = "never set", From = "5.10" },
        new("BUG-109", "SVM-15.9-CR-EXC-FIRST",
            static s => s.Exit(Cr0Write, L1Rip).Emulates("0f 22 c0", L1Rip, Protected32).Event("kvm_cr", ("rw", 1), ("cr", 0), ("val", 0xffff_ffff_8000_0011)).Entry(L1Rip + 3).L1GoesOn(),
            static s => s.Exit(Cr0Write, L1Rip).Emulates("0f 22 c0", L1Rip, Protected32).Event("kvm_cr", ("rw", 1), ("cr", 0), ("val", 0x8000_0011)).Entry(L1Rip + 3).L1GoesOn()),
        new("BUG-093", "SVM-15.17-GIF0-INTR",
            static s => s.L1Sets(Efer, Svme).Exit(Clgi.Value, L1Rip).Entry(L1Rip + 3).Exit(Hlt.Value, L1Rip + 8).Interrupt(0x31).Entry(L1Rip + 9).L1GoesOn(),
            static s => s.L1Sets(Efer, Svme).Exit(Clgi.Value, L1Rip).Entry(L1Rip + 3).Exit(Stgi.Value, L1Rip + 8).Interrupt(0x31).Entry(L1Rip + 11).L1GoesOn()) { From = "5.10" },
        new("BUG-052", "SVM-15.25-PAT-SEPARATE",
            static s => SharesPat(s).Msr(write: false, Pat, 0x0606).Entry(L1Rip + 0x52).L1GoesOn(),
            static s => SharesPat(s).Msr(write: false, Pat, 0x0706).Entry(L1Rip + 0x52).L1GoesOn()) { AsKnown = true },
        new("BUG-066", "SVM-15.23-DBGCTL-RESERVED",
            static s => s.L1Sets(DebugCtl, 1 << 6).L1GoesOn(), static s => s.L1Sets(DebugCtl, 1 << 6, faulted: true).L1GoesOn()),
        new("BUG-117", "SVM-15.4-SVME-UD-VMRUN",
            static s => s.L1Sets(Efer, NoSvme).RunsL2(Intr).L2GoesOn(),
            static s => s.L1Sets(Efer, NoSvme).L1Sets(Efer, Svme).RunsL2(Intr).L2GoesOn()),
        new("BUG-122", "SVM-15.9-RDTSC-PMC-EXC-FIRST",
            static s => s.Exit(Invd.Value, L1Rip).Emulates("0f 08", L1Rip, failed: true).Userspace(17).Entry(L1Rip).L1GoesOn(),
            static s => s.Exit(Invd.Value, L1Rip).Entry(L1Rip + 2).L1GoesOn()),
        new("BUG-137", "SVM-15.25-NP-HOST-PG",
            static s => Paging(s.L1Sets(Efer, Svme), 0x11).Exit(Vmrun.Value, L1Rip).Exception(UD).Entry(L1Rip).L1GoesOn(),
            static s => Paging(s.L1Sets(Efer, Svme), 0x8000_0011).RunsL2(Intr).L2GoesOn()) { AsKnown = true },
    ];

    private static ulong Cr0Write => CrWrite.Value;

    private static KvmStory WithoutSvme(KvmStory story, SvmExitCode instruction) => story.L1Sets(Efer, NoSvme).Exit(instruction.Value, L1Rip);

    // L1 and L2 each write IA32_PAT, and L1 reads it.
    private static KvmStory SharesPat(KvmStory story) => story.L1Sets(Pat, 0x0706).RunsL2(Cpuid)
        .ExitFromL2(Msr.Value, L2Rip, 1).Msr(write: true, Pat, 0x0606).Entry(L2Rip + 2).ExitFromL2(Cpuid.Value, L2Rip + 2).Shows(Cpuid)
        .Exit(Msr.Value, L1Rip + 0x50);

    private static KvmStory Paging(KvmStory story, ulong cr0) => story.Exit(Cr0Write, L1Rip - 0x30)
        .Event("kvm_cr", ("rw", 1), ("cr", 0), ("val", cr0)).Entry(L1Rip - 0x2d);

    // The virtual machine monitor resets the vCPU, which then runs from the reset vector.
    private static KvmStory Restarted(KvmStory story) => story
        .Exit(Hlt.Value, L1Rip).Userspace(24).Entry(0xfff0).Exit(Npf.Value, 0xfff0, UserRead, 0xffff_fff0).Entry(0xfff0);

    private static KvmStory Repeated(KvmStory story, Action<KvmStory> turn)
    {
        for (int i = 0; i < 4; i++)
        {
            turn(story);
        }

        return story.L2GoesOn();
    }
}
