using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Tests.Replay.Support.RuleState;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group J, in the order of the rules.</summary>
public sealed class ExtensionTests : RuleTests<ExtensionTests>, IRuleCases
{
    private const uint DebugCtl = 0x1d9, TscRatio = 0xc000_0104;
    private const ulong Eoi = 0xb0 | (1UL << 32), Sce = 1, Nxe = 1 << 11, Svme = 1 << 12;
    private const uint Avic = 1u << 31;

    public static IReadOnlyList<RuleCase> All =>
    [
        // "VMRUN and #VMEXIT swap DBGCTL": L1 finds it as it was.
        new("SVM-15.23-LBRV-SWITCH",
            Breaks(Swapped(read: 3, lbr: true)),
            Undecided(Evidence.VmcbControlArea, Swapped(read: 3, lbr: null)),
            Silent("L1 finds it as it was", Swapped(read: 1, lbr: null)),
            Silent("L2 and L1 share it", Swapped(read: 3, lbr: false)),
            Silent("L2 did not run", new RunStory().L1Sets(DebugCtl, 1).L1Reads(DebugCtl, 3))),

        // "6:3 Reserved MBZ", "63:13 Reserved RAZ", "10:7 Reserved RAZ"; of older revisions "PBi, bits 5:2, read/write".
        new("SVM-15.23-DBGCTL-RESERVED",
            BreaksAssuming(Evidence.GuestCpuid, new RunStory().L1Sets(DebugCtl, 1 << 6)),
            Breaks(HasBusLockTrap().L1Sets(DebugCtl, 1 << 6)),
            Breaks(HasBusLockTrap().L1Sets(DebugCtl, 1 << 3)),
            Keeps(new RunStory().L1Sets(DebugCtl, 1 << 6, faulted: true)),
            Undecided(Evidence.GuestCpuid, new RunStory().L1Sets(DebugCtl, 1 << 5)),
            Silent("they are pins", new RunStory().L1Sees(7).L1Sets(DebugCtl, 0x3c)),
            Silent("they read as zero", HasBusLockTrap().L1Sets(DebugCtl, ~0x1fffUL | 0x780)),
            Silent("nothing is said of them where they are not supported", new RunStory().L1Sees(0x8000_0022).L1Sets(DebugCtl, 0x1800)),
            Silent("the bits are defined", HasBusLockTrap().L1Sets(DebugCtl, 0x1807))),

        // "TSC_RATIO bits 63:40 are MBZ: #GP; absent feature: #GP."
        new("SVM-15.30.5-TSCRATIO-MBZ",
            Breaks(new RunStory().L1Sets(TscRatio, 1UL << 40)),
            Breaks(new RunStory().L1Sees(0x8000_000a).L1Reads(TscRatio, 1UL << 32)),
            Keeps(new RunStory().L1Sets(TscRatio, 1UL << 40, faulted: true)),
            Silent("the value is legal", new RunStory().L1Sets(TscRatio, 1UL << 32))),

        // "L2 TSC = scaled L1 TSC + TSC_OFFSET": no tracepoint shows any of them.
        new("SVM-15.30.5-TSC-L2",
            Undecided(Evidence.VmcbControlArea, L2().L2Exit(SvmExitCode.Rdtsc).Entry(RunStory.L2Rip + 2))),

        // "Virtual VMLOAD/VMSAVE": without it and without L1's intercept L0 emulates.
        new("SVM-15.33-VLS-COND",
            BreaksAssuming(Evidence.VmcbControlArea, L2().L2Exit(SvmExitCode.Vmload).Raises(ExceptionVector.UD)),
            Keeps(L2().L2Exit(SvmExitCode.Vmload).Entry(RunStory.L2Rip + 3)),
            Silent("L1 intercepts it", L2(SvmExitCode.Vmload).L2Exit(SvmExitCode.Vmload).Reflects(SvmExitCode.Vmload))),

        // "A fault translating the VMCB address of a virtual VMLOAD/VMSAVE is an NPF exit."
        new("SVM-15.33-VLS-NPF",
            Undecided(Evidence.VmcbControlArea, L2().L2Exit(SvmExitCode.Npf).Emulates("0f 01 da").Raises(ExceptionVector.GP, 0)),
            Silent("another instruction", L2().L2Exit(SvmExitCode.Npf).Emulates("89 08").Entry(RunStory.L2Rip + 2))),

        // "With AVIC active V_IRQ fields are ignored."
        new("SVM-15.29-AVIC-IGNORES-VIRQ",
            BreaksAssuming(Evidence.PendingInterrupts, AvicInhibited(0).L1Exit(SvmExitCode.VIntr).Stays()),
            Silent("AVIC is inhibited", AvicInhibited(1).L1Exit(SvmExitCode.VIntr).Stays()),
            Silent("nothing tells of AVIC", new RunStory().L1Exit(SvmExitCode.VIntr).Stays())),

        // "Invalid interrupt type: VMM must emulate the IPI."
        new("SVM-15.29-AVIC-IPI-ID0",
            Breaks(Ipi(0)),
            Keeps(Ipi(0).Happens(KvmEventKind.ApicIpi, 0x400, 1)),
            Undecided(Evidence.Tracepoint, Ipi(0).Without(KvmEventKind.ApicIpi))),

        // "Target not running: VMM must not send again."
        new("SVM-15.29-AVIC-IPI-ID1",
            BreaksAssuming(Evidence.PendingInterrupts, Ipi(1).Happens(KvmEventKind.ApicIpi, 0xfd, 1)),
            Keeps(Ipi(1))),

        // "Invalid target: VMM must process the ICR write for the valid targets."
        new("SVM-15.29-AVIC-IPI-ID2",
            Breaks(Ipi(2)),
            Keeps(Ipi(2).Happens(KvmEventKind.ApicIpi, 0xfd, 1))),

        // "Vector below 16: illegal vector error, no crash."
        new("SVM-15.29-AVIC-IPI-ID4",
            BreaksAssuming(Evidence.PendingInterrupts, Ipi(4).AsksUserspace(17)),
            Keeps(Ipi(4))),

        // "EOI of a level-triggered in-service vector exits 0x402 with the vector in EXITINFO2."
        new("SVM-15.29-AVIC-EOI-LEVEL",
            Breaks(EndsInterrupt(Eoi, 0x31).Happens(KvmEventKind.Eoi, 0, 0x41)),
            Breaks(EndsInterrupt(Eoi, 0x31)),
            Keeps(EndsInterrupt(Eoi, 0x31).Happens(KvmEventKind.Eoi, 0, 0x31)),
            Silent("another register", EndsInterrupt(0xd0, 0))),

        // "AVIC state in vmcb12 must not reach hardware."
        new("SVM-15.29-AVIC-NESTED-OFF",
            Breaks(L2WithAvic().L2Exit(SvmExitCode.AvicNoAccel).Stays()),
            Undecided(Evidence.VmcbControlArea, L2WithAvic()),
            Breaks(L2().L2Exit(SvmExitCode.AvicNoAccel).Stays()),
            Silent("nothing of AVIC happens", L2().L2Exit(SvmExitCode.Hlt))),

        // "Pairs match."
        new("SVM-15.35-VMGEXIT-ONLY-SEVES",
            Breaks(SevEs().L1Exit(SvmExitCode.Vmgexit).Happens(KvmEventKind.VmgexitEnter, 0x72, 0, 0)),
            Keeps(SevEs()),
            Keeps(SevEs().L1Exit(SvmExitCode.Vmgexit))),

        // "Hardware advances RIP for PAUSE, HLT, Idle HLT": RIP is encrypted.
        new("SVM-15.35-AE-RIP",
            Undecided(Evidence.NextRip, SevEs().L1Exit(SvmExitCode.Hlt).Entry(RunStory.L1Rip + 1)),
            Silent("not a guest with encrypted state", new RunStory().L1Exit(SvmExitCode.Hlt).Entry(RunStory.L1Rip + 1))),

        // "Non-automatic exits raise #VC in the guest instead of exiting."
        new("SVM-15.35-NAE-VC",
            Breaks(SevEs().L1Exit(SvmExitCode.Cpuid).Entry(RunStory.L1Rip + 2)),
            Silent("an automatic exit", SevEs().L1Exit(SvmExitCode.Intr).Stays()),
            Silent("not a guest with encrypted state", new RunStory().L1Exit(SvmExitCode.Cpuid).Entry(RunStory.L1Rip + 2))),

        // "SEV-ES writes to EFER.SVME are ignored."
        new("SVM-15.35-EFER-SVME-IGN",
            Breaks(SevEs().L1Exit(SvmExitCode.EferWriteTrap, info1: Sce | Svme).Raises(ExceptionVector.GP, 0)),
            Breaks(SevEs().Knowing(static v => v.Profile.Set(CpuFeature.NoExecute, true)).L1Exit(SvmExitCode.EferWriteTrap, info1: Nxe | Svme).Raises(ExceptionVector.GP, 0)),
            BreaksAssuming(Evidence.GuestCpuid, SevEs().L1Exit(SvmExitCode.EferWriteTrap, info1: Nxe | Svme).Raises(ExceptionVector.GP, 0)),
            Keeps(SevEs().L1Exit(SvmExitCode.EferWriteTrap, info1: Sce | Svme).Stays()),
            Silent("the bit is not set", SevEs().L1Exit(SvmExitCode.EferWriteTrap, info1: Sce).Stays()),
            Silent("another bit must be zero", SevEs().L1Exit(SvmExitCode.EferWriteTrap, info1: Svme | (1 << 16)).Raises(ExceptionVector.GP, 0)),
            Silent("the virtual CPU lacks another bit", SevEs().Knowing(static v => v.Profile.Set(CpuFeature.NoExecute, false)).L1Exit(SvmExitCode.EferWriteTrap, info1: Nxe | Svme).Raises(ExceptionVector.GP, 0))),
    ];

    private static RunStory L2(params SvmExitCode[] intercepts) => new RunStory().SvmeOn().Vmrun(intercepts);

    private static RunStory HasBusLockTrap() => new RunStory().L1Sees(7, ecx: 1 << 24);

    private static RunStory L2WithAvic() => new RunStory().SvmeOn().Vmrun([], intCtl: Avic);

    private static RunStory AvicInhibited(ulong reasons) =>
        new RunStory().L1Exit(SvmExitCode.Intr).Happens(KvmEventKind.ApicvInhibit, 0, reasons, reasons).Stays();

    private static RunStory Ipi(ulong reason) => new RunStory().L1Exit(SvmExitCode.AvicIncompleteIpi, info2: reason << 32).Stays();

    private static RunStory EndsInterrupt(ulong info1, ulong vector) =>
        new RunStory().L1Exit(SvmExitCode.AvicNoAccel, info1: info1, info2: vector).Stays();

    private static RunStory SevEs() => new RunStory().L1Exit(SvmExitCode.Vmgexit)
        .Happens(KvmEventKind.VmgexitEnter, 0x72, 0, 0).Happens(KvmEventKind.VmgexitExit, 0x72, 0, 0);

    private static RunStory Swapped(ulong read, bool? lbr)
    {
        RunStory story = new RunStory().SvmeOn().L1Sets(DebugCtl, 1).Vmrun([SvmExitCode.Hlt]).L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt);
        if (lbr is { } swaps)
        {
            story.Knowing(vcpu => Runs(vcpu.Shared, swaps));
        }

        return story.L1Reads(DebugCtl, read);
    }

    // What the run of L2 did is known: forget the one of which it is not.
    private static void Runs(SharedMsrs shared, bool swaps)
    {
        shared.Forget();
        shared.Learn(new MsrAccess(true, DebugCtl, 1, false), byL2: false, Truth.Yes);
        shared.Ran(Truth.Of(swaps));
    }
}
