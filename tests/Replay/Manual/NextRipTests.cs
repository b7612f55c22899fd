using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group H, in the order of the rules.</summary>
public sealed class NextRipTests : RuleTests<NextRipTests>, IRuleCases
{
    private const ulong Rip = RunStory.L1Rip;
    private const uint Io = 2, Shutdown = 8;
    private const ulong InByte = 0x60_0011, StringIo = 1 << 2;

    public static IReadOnlyList<RuleCase> All =>
    [
        // "nRIP is saved for instruction intercepts": RIP goes on behind the instruction, once.
        new("SVM-15.7-NRIP-INSN",
            Breaks(L1(SvmExitCode.Cpuid).Stays()),
            Breaks(L1(SvmExitCode.Cpuid).Entry(Rip + 1)),
            Breaks(L1(SvmExitCode.Cpuid).Entry(Rip + 16)),
            Breaks(L1(SvmExitCode.Cpuid).Emulates("0f a2").Entry(Rip + 4)),
            Breaks(L2(SvmExitCode.Hlt).Entry(RunStory.L2Rip)),
            Breaks(L1(SvmExitCode.Cpuid).AsksUserspace(Io).Stays()),
            Breaks(L1(SvmExitCode.Msr).Msr(false, 0x10, 0).Stays()),
            Keeps(L1(SvmExitCode.Cpuid).Entry(Rip + 3)),
            Keeps(L1(SvmExitCode.Cpuid).Emulates("66 0f a2").Entry(Rip + 3)),
            Keeps(L1(SvmExitCode.Cpuid, 0xffff).Entry(1)),
            Keeps(L1(SvmExitCode.Cpuid, 0xffff_ffff).Entry(1)),
            Keeps(L1(SvmExitCode.Hlt).Entry(0xfff0)),
            Keeps(L1(SvmExitCode.Cpuid).AsksUserspace(Io).Entry(0x9000)),
            Keeps(L1(SvmExitCode.Cpuid).Emulates("0f a2", failed: true).Stays()),

            // The kernel carries out such a write before it records the exit.
            Keeps(L1(SvmExitCode.Msr, info1: 1).Msr(true, 0x830, 0xfd).Stays()),
            Undecided(Evidence.Tracepoint, L1(SvmExitCode.Cpuid).Without(KvmEventKind.InjectException).Stays()),
            Silent("the state may be encrypted, RIP never moves", new RunStory().L1Exit(SvmExitCode.Hlt).Stays()),
            Silent("RIP is where it is expected", L1(SvmExitCode.Cpuid).Entry(Rip + 2)),
            Silent("the kernel does not show RIP", L1(SvmExitCode.Cpuid).Entry(null)),
            Silent("an exception explains it", L1(SvmExitCode.Cpuid).Raises(ExceptionVector.GP, 0)),
            Silent("L1 goes on", new RunStory().SvmeOn().Vmrun([SvmExitCode.Hlt]).L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt)),
            Silent("INTn is delivered again", L1(SvmExitCode.Cpuid, intInfo: Event(EventType.SoftwareInterrupt, 0x80)).Interrupts(0x80, soft: true, again: true).Stays())),

        // "Instruction intercepts are fault-like": RIP of the exit is the instruction's. AVIC's traps have it behind them.
        new("SVM-15.7-RIP-FAULTLIKE",
            Breaks(Decoded(Rip + 2).Entry(Rip + 4), "SVM-15.7-NRIP-INSN"),
            Breaks(L1(SvmExitCode.AvicNoAccel).Entry(Rip + 3)),
            Keeps(Decoded(Rip).Entry(Rip + 3)),
            Keeps(L1(SvmExitCode.AvicNoAccel).Emulates("89 08").Entry(Rip + 2)),
            Undecided(Evidence.Tracepoint, L1(SvmExitCode.AvicNoAccel).Without(KvmEventKind.EmulateInstruction).Entry(Rip + 3)),
            Silent("RIP stays", L1(SvmExitCode.AvicNoAccel).Stays())),

        // "For NPF, INTR, NMI and VINTR exits RIP is unchanged at re-entry unless emulated."
        new("SVM-15.7-RETRY",
            Breaks(L1(SvmExitCode.Intr).Entry(Rip + 3)),
            Breaks(Fault().Entry(Rip + 3)),
            Breaks(L2(SvmExitCode.Nmi).Entry(RunStory.L2Rip + 3)),
            Breaks(L1(SvmExitCode.VIntr).AsksUserspace(Io).Entry(Rip + 3)),
            Keeps(Fault().Emulates("89 08").Entry(Rip + 2)),
            Keeps(L1(SvmExitCode.Intr).AsksUserspace(Io).Entry(0x9000)),
            Keeps(L1(SvmExitCode.Intr).EntersSmm()),
            Keeps(L1(SvmExitCode.Intr).Interrupts(0x80).Entry(Rip + 3)),
            Undecided(Evidence.Tracepoint, Fault().Without(KvmEventKind.EmulateInstruction).Entry(Rip + 3)),
            Silent("the access only wakes a device", Fault().Happens(KvmEventKind.MmioAccess, null, null, 0xfe00_0000).Entry(Rip + 3)),
            Silent("RIP stays", L1(SvmExitCode.Intr).Stays()),
            Silent("what is missing may explain it", L1(SvmExitCode.Intr).Entry(Rip + 3).LostInside())),

        // "After an IN or OUT handled in user space RIP must equal EXITINFO2."
        new("SVM-15.8-RIP-AFTER-IO",
            Breaks(Port(0).AsksUserspace(Io).Stays()),
            Breaks(Port(0).Entry(Rip + 1), "SVM-15.10-IOIO-INFO2"),
            Breaks(Port(0).Entry(0x9000), "SVM-15.10-IOIO-INFO2"),
            Keeps(Port(0).AsksUserspace(Io).Entry(0x9000)),
            Keeps(Port(0).AsksUserspace(Shutdown).Entry(0xfff0)),
            Undecided(Evidence.Tracepoint, Port(0).Without(KvmEventKind.UserspaceExit).Entry(0x9000)),
            Silent("RIP is EXITINFO2", Port(0).AsksUserspace(Io).Entry(Rip + 2)),
            Silent("a string instruction may stay", Port(StringIo).Stays())),
    ];

    private static RunStory L1(SvmExitCode code, ulong rip = Rip, ulong? info1 = null, uint intInfo = 0) =>
        new RunStory().L1Exit(SvmExitCode.Cpuid, 0x100).L1Exit(code, rip, info1: info1, intInfo: intInfo);

    private static RunStory L2(SvmExitCode code) => new RunStory().SvmeOn().Vmrun([]).L2Exit(code);

    private static RunStory Fault() => L1(SvmExitCode.Npf);

    private static RunStory Port(ulong also) => new RunStory().L1Exit(SvmExitCode.Ioio, info1: InByte | also, info2: Rip + 2);

    private static RunStory Decoded(ulong rip) => L1(SvmExitCode.Cpuid)
        .Happens(KvmEventKind.EmulateInstruction, rip, 0, rip == Rip ? 3 : 2UL, rip == Rip ? 0xa2_0f66UL : 0xa2_0fUL, 0, (ulong)DecodeMode.Long64, 0);
}
