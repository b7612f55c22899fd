using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Tests.Replay.Support.RuleState;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group I, in the order of the rules.</summary>
public sealed class NestedPagingTests : RuleTests<NestedPagingTests>, IRuleCases
{
    private const uint Pat = 0x277, Mtrr = 0x2ff;
    private const ulong Present = 1, Write = 2, User = 4, Reserved = 8, Fetch = 16, Final = 1UL << 32, Table = 1UL << 33;

    private static readonly SvmExitCode PF = SvmExitCode.OfException(ExceptionVector.PF);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "A nested page fault belongs to L1 if and only if L1's tables deny the access."
        new("SVM-15.25-NP-TRANSLATE-OWNER",
            Breaks(L2(paging: false).L2Exit(SvmExitCode.Npf, info1: User | Final).Reflects(SvmExitCode.Npf, User | Final)),
            Keeps(L2(paging: false, PF).L2Exit(SvmExitCode.Npf, info1: User | Final).Emulates("89 08").Reflects(PF)),
            Undecided(Evidence.NestedPageTables, L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Stays()),
            Silent("L2's tables are L0's own", L2(paging: false).L2Exit(SvmExitCode.Npf, info1: User | Final).Stays())),

        // "For one access: faults of the guest's tables, then #PF, then the final one."
        new("SVM-15.25-FAULT-ORDER",
            Undecided(Evidence.InstructionBytes,
                L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Stays().L2Exit(SvmExitCode.Npf, info1: User | Write | Table).Stays()),
            Silent("they come in order",
                L2().L2Exit(SvmExitCode.Npf, info1: User | Write | Table).Stays().L2Exit(SvmExitCode.Npf, info1: User | Final).Stays())),

        // "With nested paging and no #PF intercept in vmcb12, guest #PF must be delivered in L2."
        new("SVM-15.25-PF-NOT-L1",
            Breaks(L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Emulates("89 08").Reflects(PF), "SVM-C1-CODE-BIT-MAP", "SVM-15.12-EXC-CODE"),
            Keeps(L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Reflects(SvmExitCode.Npf, User | Final)),
            Silent("L1 intercepts #PF", L2(paging: true, PF).L2Exit(SvmExitCode.Npf, info1: User | Final).Emulates("89 08").Reflects(PF))),

        // "Nested table accesses are user accesses."
        new("SVM-15.25-USER-BIT",
            Breaks(new RunStory().L1Exit(SvmExitCode.Npf, info1: Final).Stays()),
            Breaks(L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Reflects(SvmExitCode.Npf, Final)),
            Keeps(L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Reflects(SvmExitCode.Npf, User | Final)),
            Keeps(L2(paging: true, PF).L2Exit(SvmExitCode.Npf, info1: User | Final).Emulates("89 08").Reflects(PF)),
            Silent("it is as usual", new RunStory().L1Exit(SvmExitCode.Npf, info1: User | Final).Stays()),
            Silent("a supervisor shadow stack", new RunStory().L1Exit(SvmExitCode.Npf, info1: (1UL << 37) | Final).Stays()),
            Silent("an access to a shadow stack", new RunStory().L1Exit(SvmExitCode.Npf, info1: (1UL << 6) | Final).Stays()),
            Silent("GMET tells fetches of the supervisor apart", new RunStory().L1Exit(SvmExitCode.Npf, info1: Fetch | Final).Stays())),

        // "Guest table walks are treated as writes unless Read-Only Guest Page Tables is enabled."
        new("SVM-15.25-ROGPT-WRITE",
            BreaksAssuming(Evidence.VmcbControlArea, new RunStory().L1Exit(SvmExitCode.Npf, info1: User | Table).Stays()),
            Keeps(L2().L2Exit(SvmExitCode.Npf, info1: User | Write | Table).Stays()),
            Silent("it is no table", L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Stays())),

        // "nCR3[4:0] is ignored for legacy PAE hosts."
        new("SVM-15.25-NCR3-LOW-IGN",
            Undecided(Evidence.VmcbSaveArea, Root(0x7008).Reflects(SvmExitCode.Invalid)),
            Silent("the bits are 0", Root(0x7000).L2Exit(SvmExitCode.Hlt))),

        // "The address is below 2^32 outside 64-bit mode."
        new("SVM-15.16-INVLPGA-OPERANDS",
            BreaksAssuming(Evidence.OperatingMode, Invlpga(DecodeMode.Protected32, 1UL << 32)),
            Keeps(Invlpga(DecodeMode.Protected32, 0xffff_f000)),
            Silent("64-bit mode", Invlpga(DecodeMode.Long64, 1UL << 32))),

        // "L2's WRMSR PAT changes gPAT only."
        new("SVM-15.25-PAT-SEPARATE",
            Departs(SharedPat(read: 6)),
            Keeps(SharedPat(read: 5)),
            Silent("without nested paging there is one PAT", SharedPat(read: 6, paging: false)),
            Silent("what the VMM did in between is not L2's doing", new RunStory().L1Reads(Pat, 5).L1Reads(Pat, 6))),

        // "MTRRs are not replicated."
        new("SVM-15.25-MTRR-SHARED",
            BreaksAssuming(Evidence.VmcbControlArea, MtrrOfL2(6)),
            Keeps(MtrrOfL2(5)),
            Silent("the value was never seen", new RunStory().L1Reads(Mtrr, 5))),

        // "U bit in info1 tells user from supervisor": only a fetch may lack it.
        new("SVM-15.25-GMET",
            Keeps(new RunStory().L1Exit(SvmExitCode.Npf, info1: Fetch | Final).Stays()),
            Silent("the bit is set", L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Stays())),

        // "Reserved bit in L1's nPT: NPF with RSV=1, P=1."
        new("SVM-15.25-RSVD-BIT",
            Breaks(L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Reflects(SvmExitCode.Npf, Reserved | User | Final)),
            Keeps(L2().L2Exit(SvmExitCode.Npf, info1: User | Final).Reflects(SvmExitCode.Npf, Reserved | Present | User | Final))),
    ];

    private static RunStory L2(bool paging = true, params SvmExitCode[] intercepts) =>
        new RunStory().SvmeOn().Vmrun([SvmExitCode.Shutdown, .. intercepts], nestedPaging: paging);

    private static RunStory Root(ulong cr3) => new RunStory().SvmeOn().Vmrun([], cr3: cr3);

    private static RunStory Invlpga(DecodeMode mode, ulong address) => new RunStory().SvmeOn().L1Exit(SvmExitCode.Invlpga)
        .Emulates("0f 01 df", mode).Happens(KvmEventKind.Invlpga, RunStory.L1Rip, 1, address);

    private static RunStory SharedPat(ulong read, bool paging = true) => new RunStory().SvmeOn().L1Sets(Pat, 5)
        .Vmrun([SvmExitCode.Hlt], nestedPaging: paging).L2Exit(SvmExitCode.Msr, info1: 1).Msr(true, Pat, 6)
        .L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt).L1Reads(Pat, read);

    private static RunStory MtrrOfL2(ulong read) => new RunStory().SvmeOn().L1Sets(Mtrr, 5).Vmrun([]).L2Exit(SvmExitCode.Msr).Msr(false, Mtrr, read);
}
