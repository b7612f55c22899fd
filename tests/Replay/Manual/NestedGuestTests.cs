using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.RuleState;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group L, in the order of the rules.</summary>
public sealed class NestedGuestTests : RuleTests<NestedGuestTests>, IRuleCases
{
    private const string Default = "SVM-L-REFLECT-DEFAULT", Immediate = "SVM-L-REFLECT-IMMEDIATE", BitMap = "SVM-C1-CODE-BIT-MAP";
    private const ulong OtherPort = 0x61_0011;
    private const uint VIrq = 1 << 8, VIntrMasking = 1 << 24, VnmiEnable = 1 << 26;
    private static readonly SvmExitCode UD = OfException(6), GP = OfException(13), PF = OfException(14);
    private static readonly uint Irq = Event(EventType.Interrupt, 0x31);

    public static IReadOnlyList<RuleCase> All => [.. Reflection, .. Exceptions, .. Instructions, .. Events, .. Rest];

    private static IReadOnlyList<RuleCase> Reflection =>
    [
        // "bit=1 -> L1 is shown it before the entry; bit=0 -> never"
        new(Default,
            Breaks(L2().L2Exit(Cpuid).Reflects(Cpuid), BitMap),
            Breaks(L2(Cpuid).L2Exit(Cpuid), Immediate),
            Keeps(L2().L2Exit(Cpuid)),
            Keeps(L2(Cpuid).L2Exit(Cpuid).Reflects(Cpuid)),
            Undecided(Evidence.Vmcb12Controls, new RunStory().L2Exit(Cpuid)),
            Undecided(Evidence.Tracepoint, L2(Cpuid).Without(KvmEventKind.NestedVmexitInject).L2Exit(Cpuid)),
            Undecided(Evidence.RecordingEnd, L2(Cpuid).L2Exit(Cpuid).Ends()),
            Breaks(L2(Cpuid).L2Exit(Cpuid).Happens(KvmEventKind.Cpuid, 0, 0, 0, 0, 0, 0, 1).Ends()),
            Breaks(L2(Cpuid).L2Exit(Cpuid).AsksUserspace(2).Ends()),
            Breaks(L2(Hlt).L2Exit(Hlt).AsksUserspace(UserspaceExit.InternalErrorReason).Ends()),
            Breaks(L2().L2Exit(Cpuid).AsksUserspace(UserspaceExit.InternalErrorReason).Ends()),
            Keeps(L2(Cpuid).L2Exit(Cpuid).AsksUserspace(UserspaceExit.ShutdownReason).Ends()),
            Undecided(Evidence.RecordingEnd, L2(Cpuid).L2Exit(Cpuid).AcceptsInterrupt(0x31).Ends())),
        new(Immediate,
            Breaks(L2(Cpuid).L2Exit(Cpuid), Default),
            Keeps(L2(Cpuid).L2Exit(Cpuid).Reflects(Cpuid)),
            Silent("it is not intercepted", L2().L2Exit(Cpuid))),

        // "c'=c, or c' justified"
        new("SVM-L-NI-CODE-EQ",
            Breaks(L2().L2Exit(Npf).Reflects(Cpuid), BitMap),
            Keeps(L2(PF).L2Exit(Npf).Reflects(PF)),
            Keeps(L2(Cpuid).L2Exit(Npf).Emulates("0f a2").Reflects(Cpuid)),
            Silent("emulated instructions are not recorded", L2(Cpuid).Without(KvmEventKind.EmulateInstruction).L2Exit(Npf).Reflects(Cpuid))),
        new("SVM-L-NI-INFO-EQ",
            Breaks(L2(Ioio).L2Exit(Ioio).Reflects(Ioio, info1: OtherPort)),
            Breaks(L2().L2Exit(Npf, info1: 0x1_0000_0006).Reflects(Npf, info1: 0x1_0000_0004)),
            Breaks(L2(PF).L2Exit(PF, info2: 0x111).Reflects(PF, info2: 0x222), "SVM-15.12-PF-INFO2"),
            Undecided(Evidence.HostPaging, Unpaged(PF).L2Exit(PF, info2: 0x111).Reflects(PF, info2: 0x222)),
            Keeps(L2(Ioio).L2Exit(Ioio).Reflects(Ioio)),
            Silent("L0 emulated an instruction", L2(Ioio).L2Exit(Ioio).Emulates("e4 60").Reflects(Ioio, info1: OtherPort)),
            Silent("the manual defines neither", L2(Cpuid).L2Exit(Cpuid, info1: 1).Reflects(Cpuid))),
        new("SVM-L-NI-INTINFO-EQ",
            Breaks(L2().L2Exit(Npf).Reflects(Npf, intInfo: Irq), "SVM-15.6-EXITINTINFO-INVALID-CLEAR"),
            Breaks(L2().L2Exit(Npf, intInfo: Irq).Reflects(Npf, intInfo: Event(EventType.Interrupt, 0x32))),
            Keeps(L2().L2Exit(Npf).Reflects(Npf)),
            Keeps(L2().L2Exit(Npf, intInfo: Event(EventType.Nmi, 2)).Reflects(Npf, intInfo: Event(EventType.Nmi, 2))),
            Silent("the kernel does not show EXITINTINFO", L2().L2Exit(Npf, intInfo: null).Reflects(Npf, intInfo: Irq))),

        // "stale guest data would be an information leak"; up to 5.7 KVM does so with NMI.
        new("SVM-L-SIMPLE-INFO-ZERO",
            Breaks(L2(Intr).L2Exit(Intr).Announced().Reflects(Intr, info1: 5)),
            Departs(L2(Nmi).L2Exit(Intr).Reflects(Nmi, info1: 5)),
            Keeps(L2(Intr).L2Exit(Intr).Announced().Reflects(Intr)),
            Keeps(L2(Ioio).L2Exit(Ioio).Reflects(Ioio))),

        // "requires kvm_nested_intr_vmexit and a pending interrupt of L1"
        new("SVM-L-L0-OWNED",
            BreaksAssuming(Evidence.PendingInterrupts, L2(Intr).L2Exit(Intr).Reflects(Intr)),
            Keeps(L2(Intr).L2Exit(Intr).Announced().Reflects(Intr)),
            Silent("the announcement is not recorded", L2(Intr).Without(KvmEventKind.NestedIntrVmexit).L2Exit(Intr).Reflects(Intr))),
    ];

    private static IReadOnlyList<RuleCase> Exceptions =>
    [
        // "must be re-delivered to L2 or L1, not swallowed"
        new("SVM-L-EXC-OWNER",
            Breaks(L2().L2Exit(UD).Stays()),
            Keeps(L2().L2Exit(UD).Raises(6)),
            Keeps(L2().L2Exit(GP)),
            Undecided(Evidence.Vmcb12Controls, new RunStory().L2Exit(UD).Stays()),
            Silent("it is L1's", L2(UD).L2Exit(UD).Reflects(UD))),
        new("SVM-L-EXC-REFLECT-FIRST",
            Breaks(L2(GP).L2Exit(GP).Raises(13, 0)),
            Breaks(L2(UD).L2Exit(Npf).Raises(6)),
            Breaks(L2(PF).L2Exit(PF)),
            Breaks(Unpaged(PF).L2Exit(Npf).L2Exit(PF)),
            Undecided(Evidence.HostPaging, Unpaged(PF).L2Exit(PF)),
            Undecided(Evidence.ShadowPageTables, L1().L1Exit(PF).Vmrun([PF], nestedPaging: false).L2Exit(PF)),
            Undecided(Evidence.ShadowPageTables, L1().L1Exit(Invlpg).Vmrun([PF], nestedPaging: false).L2Exit(PF)),
            Undecided(Evidence.ShadowPageTables, L1().L1Sees(0x8000_000a).Vmrun([PF], nestedPaging: false).L2Exit(PF)),
            Breaks(L1().L1Sees(0x8000_000a).L1Exit(Npf).Vmrun([PF], nestedPaging: false).L2Exit(PF)),
            Keeps(L2(GP).L2Exit(GP).Reflects(GP)),
            Keeps(L2(GP).L2Exit(GP).Emulates("0f 01 da")),
            Silent("it is delivered again", L2(UD).L2Exit(Npf, intInfo: Event(EventType.Exception, 6)).Raises(6, again: true))),

        // "the nested exit must be synthesised with the right code"
        new("SVM-L-EMU-CHECK",
            Breaks(L2(Cpuid).L2Exit(Npf).Emulates("0f a2")),
            Keeps(L2(Cpuid).L2Exit(Npf).Emulates("0f a2").Reflects(Cpuid)),
            Keeps(L2(Cpuid).L2Exit(Npf).Emulates("0f a2").Stays()),
            Keeps(L2(Cpuid).L2Exit(Npf).Emulates("0f a2", failed: true)),
            Silent("it is not intercepted", L2().L2Exit(Npf).Emulates("0f a2"))),
        new("SVM-L-EMU-NOSPURIOUS",
            Breaks(L2().L2Exit(Npf).Emulates("0f a2").Reflects(Cpuid), BitMap),
            Keeps(L2().L2Exit(Npf).Emulates("0f a2"))),
        new("SVM-L-GP-INSN-CONDITIONAL",
            Breaks(L2().L2Exit(GP).Emulates("0f 01 da").Reflects(Vmload), BitMap, "SVM-L-EMU-NOSPURIOUS"),
            Keeps(L2().L2Exit(GP).Emulates("0f 01 da")),
            Silent("it is intercepted", L2(Vmload).L2Exit(GP).Emulates("0f 01 da").Reflects(Vmload))),
    ];

    private static IReadOnlyList<RuleCase> Instructions =>
    [
        // "a second guest run without an exit to L1 = violation"
        new("SVM-L-VMRUN-L2",
            Breaks(L2().L2Exit(Vmrun).Raises(6), Default, Immediate),
            Breaks(L2().L2Exit(Vmrun).StartsL2(), "SVM-15.6-EXIT-ONCE", Default, Immediate),
            Keeps(L2().L2Exit(Vmrun).Reflects(Vmrun))),
        new("SVM-L-VMLOADSAVE-L2",
            BreaksAssuming(Evidence.Rax, L2().L2Exit(Vmload).Stays(), "SVM-15.7-NRIP-INSN"),
            Keeps(L2().L2Exit(Vmload)),
            Keeps(L2().L2Exit(Vmsave).Raises(13, 0)),
            Silent("it is intercepted", L2(Vmload).L2Exit(Vmload).Reflects(Vmload))),
        new("SVM-L-STGI-CLGI-L2",
            Breaks(L2(Stgi).L2Exit(Stgi), "SVM-15.33-VGIF-INTERCEPT", Default, Immediate),
            Keeps(L2(Stgi).L2Exit(Stgi).Reflects(Stgi))),
        new("SVM-L-INVLPGA-L2",
            Breaks(L2(Invlpga).L2Exit(Invlpga).Happens(KvmEventKind.Invlpga).Reflects(Invlpga)),
            Breaks(L2(Invlpga).L2Exit(Invlpga), Default, Immediate),
            Keeps(L2(Invlpga).L2Exit(Invlpga).Reflects(Invlpga))),
        new("SVM-L-SKINIT-L2",
            Breaks(L2(Skinit).L2Exit(Skinit).Happens(KvmEventKind.Skinit).Reflects(Skinit)),
            Breaks(L2(Skinit).Knowing(static v => v.Profile.Set(CpuFeature.Skinit, true)).L2Exit(Skinit).Raises(6), Default, Immediate),
            Keeps(L2(Skinit).L2Exit(Skinit).Reflects(Skinit))),
        new("SVM-L-IOIO-UNION",
            Breaks(L2(Ioio).Knowing(static v => v.PortIntercepted = Truth.No).L2Exit(Ioio).Reflects(Ioio), "SVM-15.10-IOIO-BYTES"),
            Keeps(L2(Ioio).Knowing(static v => v.PortIntercepted = Truth.No).L2Exit(Ioio)),
            Silent("no recording shows the map", L2(Ioio).L2Exit(Ioio).Reflects(Ioio))),
        new("SVM-L-MSR-UNION",
            Breaks(L2(Msr).L2Exit(Msr).Msr(false, 0x10, 0).Reflects(Msr)),
            Keeps(L2(Msr).L2Exit(Msr).Msr(false, 0x10, 0)),
            Keeps(L2(Msr).L2Exit(Msr).Reflects(Msr))),

        // "write_cr8 not expected": that it exits at all is the departure.
        new("SVM-L-CR8-INTERCEPT",
            Breaks(L1().Vmrun(intCtl: VIntrMasking).L2Exit(Cr8Write)),
            Silent("L1 intercepts it", L1().Vmrun([Cr8Write], intCtl: VIntrMasking).L2Exit(Cr8Write).Reflects(Cr8Write))),
    ];

    private static IReadOnlyList<RuleCase> Events =>
    [
        new("SVM-L-PENDING-PRIO",
            BreaksAssuming(Evidence.PendingInterrupts, L2(GP, Intr).L2Exit(GP).Announced().Reflects(Intr), "SVM-L-EXC-REFLECT-FIRST"),
            Keeps(L2(GP, Intr).L2Exit(GP).Reflects(GP))),

        // "at least one hardware entry into L2 must happen before"
        new("SVM-L-RUN-PENDING",
            Breaks(L2(Intr).Announced().Reflects(Intr)),
            Breaks(L1().Vmrun([Intr], eventInj: Irq).Announced().Reflects(Intr)),
            Keeps(L1().Vmrun([Intr], eventInj: Irq).Announced().Reflects(Intr, intInfo: Irq)),
            Keeps(L2(Intr).Reflects(Invalid)),
            Keeps(L2(Intr))),
        new("SVM-L-INJ-BLOCK",
            Breaks(L2(Hlt).L2Exit(Npf).Interrupts(0x31).Reflects(Npf)),
            Keeps(L2(Hlt).L2Exit(Npf).Interrupts(0x31).Reflects(Npf, intInfo: Irq)),
            Silent("nothing was begun", L2().L2Exit(Npf).Reflects(Npf))),

        // "in bounded time once unmasked"; what masks it is never recorded.
        new("SVM-L-IRQ-NOT-LOST",
            Undecided(Evidence.PendingInterrupts, L1().Vmrun([Intr], intCtl: VIntrMasking).Knowing(InterruptsOn).L2Exit(Npf).AcceptsInterrupt(0x31)),
            Undecided(Evidence.Rflags, L2(Intr).Knowing(InterruptsOn).L2Exit(Npf).AcceptsInterrupt(0x31)),
            Undecided(Evidence.Rflags, L1().Vmrun([Intr], intCtl: VIntrMasking).L2Exit(Npf).AcceptsInterrupt(0x31)),
            Silent("it is L2's", L2().L2Exit(Npf).AcceptsInterrupt(0x31))),
        new("SVM-L-VINTR-L0-WINDOW",
            Breaks(L1().Vmrun(intCtl: VIrq).L2Exit(VIntr).Reflects(VIntr), BitMap, Default),
            Keeps(L2().L2Exit(VIntr))),

        // "a storm of VINTR = violation sign"
        new("SVM-L-VINTR-NO-SPURIOUS",
            Breaks(WindowStorm().Knowing(static v => v.Rflags = Bits64.Of(0)).L2Exit(VIntr)),
            Undecided(Evidence.Rflags, WindowStorm().L2Exit(VIntr)),
            Silent("a few windows are chance", WindowStorm(7).Knowing(static v => v.Rflags = Bits64.Of(0)).L2Exit(VIntr)),
            Silent("the last window led to an interrupt", WindowStorm().L2Exit(VIntr).Interrupts(0x31).L2Exit(VIntr))),
        new("SVM-L-HLT-L2-WAKE",
            BreaksAssuming(Evidence.PendingInterrupts, L2(Intr).L2Exit(Hlt).Announced().Reflects(Intr).Happens(KvmEventKind.VcpuWakeup)),
            Keeps(L2(Intr).L2Exit(Hlt).Happens(KvmEventKind.VcpuWakeup).Announced().Reflects(Intr))),
        new("SVM-L-SMM-ROUNDTRIP",
            Breaks(Smm().L1Exit(Rsm).LeavesSmm().L1Exit(Hlt)),
            Breaks(Smm().L1Exit(Rsm).LeavesSmm().L1Exit(Cpuid)),
            Keeps(Smm().L1Exit(Rsm).LeavesSmm().L2Exit(Npf)),
            Silent("it is seen to start L2", Smm().L1Exit(Rsm).LeavesSmm().StartsL2().Intercepts(Vmrun).L2Exit(Npf)),
            Silent("the VMM was asked", Smm().L1Exit(Rsm).LeavesSmm().AsksUserspace(10).L1Exit(Hlt))),

        // "rules of group B on that guest run"
        new("SVM-L-SMM-RECHECK",
            Breaks(Smm().L1Exit(Rsm).LeavesSmm().StartsL2(eventInj: Event((EventType)1, 0x31)).Intercepts(Vmrun)),
            Breaks(Smm().L1Exit(Rsm).LeavesSmm().StartsL2().Intercepts()),
            Keeps(Smm().L1Exit(Rsm).LeavesSmm().StartsL2().Intercepts().Reflects(Invalid)),
            Silent("vmcb12 is legal", Smm().L1Exit(Rsm).LeavesSmm().StartsL2().Intercepts(Vmrun))),
    ];

    private static IReadOnlyList<RuleCase> Rest =>
    [
        new("SVM-L-TDP-FLAG", Silent("a rule of decoding that Vmcb12 follows", L2())),

        // "Single-stepped VMRUN: the #DB is for L1 after the #VMEXIT"
        new("SVM-L-DB-VMRUN",
            Breaks(L2(Hlt).Knowing(SingleStep).L2Exit(Hlt).Reflects(Hlt), "SVM-15.5-VMRUN-TF"),
            Keeps(L2(Hlt).Knowing(SingleStep).L2Exit(Hlt).Reflects(Hlt).Raises(1).Entry(RunStory.L1Rip + 3)),
            Silent("no recording shows RFLAGS.TF", L2(Hlt).L2Exit(Hlt).Reflects(Hlt))),
        new("SVM-L-PF-L0-ASYNC",
            BreaksAssuming(Evidence.HostPaging, L2().L2Exit(PF).Happens(KvmEventKind.AsyncPageFault).Reflects(PF),
                BitMap, "SVM-15.12-EXC-CODE", "SVM-15.25-PF-NOT-L1"),
            Keeps(L2().L2Exit(PF).Happens(KvmEventKind.AsyncPageFault))),
        new("SVM-L-TRIPLE-ERR",
            Breaks(L2().L2Exit(Invalid)),
            Keeps(L2().L2Exit(Invalid).Reflects(Invalid))),

        // "outside L2 it is a bug of the hypervisor": the exit itself is the violation.
        new("SVM-L-ERR-L0",
            Breaks(L1().L1Exit(Invalid)),
            Undecided(Evidence.ProcessorFault, L1().Knowing(static v => v.ProcessorDeparted = true).L1Exit(Invalid))),
        new("SVM-L-HV-TLBFLUSH",
            Departs(L2(Vmmcall).L2Exit(Vmmcall).Happens(KvmEventKind.HypervHypercall)),
            Keeps(L2(Vmmcall).L2Exit(Vmmcall).Happens(KvmEventKind.HypervFlushTlb).Reflects(Vmmcall))),
        new("SVM-L-PAUSE-OWNER",
            Breaks(L2().L2Exit(Pause).Reflects(Pause), BitMap, "SVM-15.14-PAUSE-COUNT", Default),
            Keeps(L2().L2Exit(Pause))),

        // "if 1: the rules of EXITINFO1 apply to synthesised exits"
        new("SVM-L-L1-DECODE",
            Departs(Decodes().L2Exit(Npf).Emulates("0f 22 c0").Reflects(CrWrite)),
            Keeps(Decodes().L2Exit(Npf).Emulates("0f 22 c0").Reflects(CrWrite, info1: 1UL << 63)),
            Silent("decode assists are not offered", L2(CrWrite).L2Exit(Npf).Emulates("0f 22 c0").Reflects(CrWrite))),

        // Whether a virtual NMI is delivered, no tracepoint shows.
        new("SVM-L-CPUID-LIMITS",
            Undecided(Evidence.NmiInjection, L1().L1Sees(0x8000_000a).Vmrun([Nmi], intCtl: VnmiEnable).L2Exit(Nmi)),
            Silent("the virtual CPU has it", L1().L1Sees(0x8000_000a, edx: 1 << 25).Vmrun([Nmi], intCtl: VnmiEnable).L2Exit(Nmi))),

        // "SBZ and must be ignored"
        new("SVM-L-INT-CTL-RESERVED",
            Breaks(L1().Vmrun(intCtl: 1 << 4).KnowingTheRest().L2Exit(Invalid).Reflects(Invalid)),
            Keeps(L1().Vmrun(intCtl: 1 << 4).KnowingTheRest().L2Exit(Cpuid)),
            Undecided(Evidence.VmcbSaveArea, L1().Vmrun(intCtl: 1 << 4).L2Exit(Invalid).Reflects(Invalid))),
    ];

    // An event of a type that does not exist shows that the processor departed, and what comes next may be its fault too.
    [Fact]
    public void A_fault_of_the_processor_excuses_an_entry_that_fails()
    {
        StoryResult result = StoryResult.Of(L1().L1Exit(Npf, intInfo: Event((EventType)1, 0x31)).L1Exit(Invalid));
        Assert.Equal(Saying.Undecided, result.Says("SVM-L-ERR-L0"));
        Assert.Equal(Saying.Broken, StoryResult.Of(L1().L1Exit(Npf, intInfo: Irq).L1Exit(Invalid)).Says("SVM-L-ERR-L0"));
    }

    // Table 8-1: #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC and #SX push an error code, which EXITINFO1 tells (15.12).
    [Fact]
    public void The_error_code_that_L1_is_shown_is_that_of_the_exception()
    {
        byte[] compared = [.. Enumerable.Range(0, 32).Select(static vector => (byte)vector).Where(static vector =>
        {
            SvmExitCode code = OfException(vector);
            return StoryResult.Of(L2(code).L2Exit(code, info1: 2).Reflects(code, info1: 0)).Says("SVM-L-NI-INFO-EQ") == Saying.Broken;
        })];
        Assert.Equal([8, 10, 11, 12, 13, 14, 17, 21, 29, 30], compared);
    }

    private static RunStory L1() => new RunStory().SvmeOn();

    // Nothing tells whether the host uses nested paging.
    private static RunStory Unpaged(params SvmExitCode[] intercepts) => L1().Vmrun(intercepts, nestedPaging: false);

    private static RunStory L2(params SvmExitCode[] intercepts) => L1().Vmrun(intercepts);

    private static RunStory Decodes() => L1().L1Sees(0x8000_000a, edx: 1 << 7).Vmrun([CrWrite]);

    // L2 was left for System Management Mode by the kernel's own code.
    private static RunStory Smm() => L2().L2Exit(Smi).Reflects(HostUse).EntersSmm();

    private static RunStory WindowStorm(int windows = 8)
    {
        RunStory story = L1().Vmrun(intCtl: VIntrMasking);
        for (int i = 0; i < windows; i++)
        {
            story.L2Exit(VIntr);
        }

        return story;
    }

    private static void InterruptsOn(Vcpu vcpu) => vcpu.Rflags = Bits64.Of(1 << 9);

    private static void SingleStep(Vcpu vcpu) => vcpu.Rflags = Bits64.Of(1 << 8);
}
