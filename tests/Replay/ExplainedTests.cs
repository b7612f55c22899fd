using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Schemas.Vocabulary.SvmExitCode;
using static Differ.Tests.Replay.Support.StoryWords;

namespace Differ.Tests.Replay;

/// <summary>Stories that look like a departure, and that something no tracepoint of the recording shows explains.</summary>
public sealed class ExplainedTests
{
    private const ulong ResetVector = 0xfff0, SmmEntry = 0x8000, Far = 0x9_0000;
    private const uint Lme = 1 << 8, VNmi = 1 << 11, VNmiEnable = 1 << 26;

    private static readonly uint NmiEvent = Event(EventType.Nmi, 2);

    private static readonly (string Name, RunStory Story)[] Stories =
    [
        ("RSM of a guest whose System Management Mode is not recorded",
            Booted(new RunStory().Without(KvmEventKind.SmmTransition)).L1Exit(Rsm).Emulates("0f aa")),
        ("the handler of an SMI sets EFER of its own", L1().L1Exit(Intr).EntersSmm().Entry(SmmEntry).L1Sets(EferIndex, Lme)
            .L1Exit(Rsm).Emulates("0f aa").LeavesSmm().Entry(RunStory.L1Rip).Vmrun([Cpuid]).L2Exit(Cpuid).Reflects(Cpuid)),
        ("the same, not recorded", L1().Without(KvmEventKind.SmmTransition).L1Exit(Intr).Entry(SmmEntry).L1Exit(Msr, SmmEntry, info1: 1)
            .Msr(true, EferIndex, Lme, false).L1Exit(Rsm, SmmEntry + 0x10).Emulates("0f aa").Entry(RunStory.L1Rip).Vmrun([Cpuid]).L2Exit(Cpuid).Reflects(Cpuid)),
        ("an SMI takes L2 away, and the kernel shows the code that stood there", L2().L2Exit(Hlt).Reflects(Hlt).EntersSmm().Entry(SmmEntry)),
        ("the same, told in the other order", L2().L2Exit(Hlt).EntersSmm().Reflects(Hlt).Entry(SmmEntry)),
        ("the same, and an interrupt stood there", L2(Intr).L2Exit(Intr).Reflects(Intr, 0x10, 0x20).EntersSmm().Entry(SmmEntry)),
        ("the I/O of L2 is shown to L1, which is not recorded", L2(Ioio).Without(KvmEventKind.NestedVmexitInject).L2Exit(Ioio).Entry(RunStory.L1Rip + 3)),
        ("INIT ends the blocking of NMIs", new RunStory().L1Exit(Nmi).Entry(RunStory.L1Rip, NmiEvent).L1Exit(Hlt).Entry(0).L1Exit(Hlt, 5).Entry(6, NmiEvent)),
        ("INIT clears EFER", L1().L1Exit(Hlt).Entry(0).L1Sets(0xc001_0114, 0x10)),
        ("INIT takes L2 away, which is not recorded", L2().Without(KvmEventKind.ApicAcceptIrq).L2Exit(Npf).Entry(null).L1Exit(Cpuid)),
        ("INIT takes L2 away, and RIP shows it", L2().L2Exit(Npf).Entry(0).L1Exit(Npf, 0)),
        ("the VMM resets the vCPU, which is not recorded", L2().Without(KvmEventKind.UserspaceExit).L2Exit(Npf).Entry(ResetVector).L1Exit(Npf, ResetVector)),
        ("the VMM resets the vCPU, and nothing of it is recorded", L2().Without(KvmEventKind.UserspaceExit).L2Exit(Npf).Entry(null).L1Exit(Npf)),
        ("the VMM loads another state while L2 runs", L2().L2Exit(Intr).AsksUserspace(10).Entry(Far).L1Exit(Cpuid, Far)),
        ("the VMM sets RIP behind a #VMEXIT, which is not recorded", L2(Cpuid).Without(KvmEventKind.UserspaceExit).L2Exit(Cpuid).Reflects(Cpuid).Entry(Far)),
        ("the VMM sets an event", L1().L1Exit(Intr).AsksUserspace(10).Raises(14, 0, true).Stays()),
        ("vmcb12 is illegal for another reason", L1().Vmrun(intCtl: 1 << 4, eventInj: Event(EventType.Nmi, 5), cr3: RunStory.NestedCr3 | 8).L2Exit(Invalid).Reflects(Invalid)),
        ("a physical NMI has waited for the VMRUN", L1().Vmrun([Nmi, Intr], VNmiEnable | VNmi).L2Exit(Intr).Reflects(Nmi).Entry(RunStory.L1Rip + 3)),
        ("an older kernel leaves EXITINFO of an NMI as it was", Older().L2Exit(Intr).BehindEntry().Reflects(Nmi, 0x10, 0x20)),
        ("an older kernel shows EXITINTINFO before it completes it",
            Older().L2Exit(Npf).BehindEntry().Interrupts(0x31, null, null).Reflects(OfException(6)).Entry(RunStory.L1Rip + 3)),
        ("an older kernel leaves L2 for an interrupt before it runs", new RunStory()
            .BeforeReinjectionIsShown().BeforeChecksAreNamed().SvmeOn().Vmrun([Intr]).BehindEntry().Happens(KvmEventKind.NestedIntrVmexit, RunStory.L2Rip).Reflects(Intr)),
        ("RSM brings L2 back, and the handler had cleared EFER", L2(Intr).L2Exit(Intr).Reflects(HostUse).EntersSmm().Entry(SmmEntry).L1Sets(EferIndex, Lme)
            .L1Exit(Rsm).Emulates("0f aa").LeavesSmm().StartsL2().Intercepts(SvmExitCode.Vmrun, Intr)),
        ("Hyper-V's flush of a TLB is not recorded", L2(Vmmcall).Without(KvmEventKind.HypervHypercall).L2Exit(Vmmcall)),
        ("L2 clears EFER.SVME, and L1 shuts down", L2(Shutdown).L2Exit(Msr, info1: 1).Msr(true, EferIndex, 0, false).AsksUserspace(UserspaceExit.ShutdownReason).Entry(ResetVector)),
        ("vmcb12 cannot be written, and L1 shuts down", L2(Shutdown, Cpuid).L2Exit(Cpuid).AsksUserspace(UserspaceExit.ShutdownReason).Entry(ResetVector)),
        ("L0 emulates and meets another fault, which is not recorded",
            L2(Cpuid).Without(KvmEventKind.EmulateInstruction).L2Exit(Npf, info1: 0x1_0000_0006, info2: 0x1000).Reflects(Npf, 0x1_0000_0004, 0x2000)),
        ("L0 has begun to deliver an event, which is not recorded",
            L2(OfException(6)).Without(KvmEventKind.InjectInterrupt).L2Exit(Npf).Reflects(OfException(6), intInfo: Event(EventType.Interrupt, 0x31))),
    ];

    public static TheoryData<string> Names => [.. Stories.Select(story => story.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_something_unseen_explains_is_no_departure(string name) =>
        Assert.Empty(StoryResult.Of(Stories.Single(story => story.Name == name).Story).Broken);

    private static RunStory Booted(RunStory story) =>
        story.Starts().Entry(ResetVector).L1Exit(Npf, ResetVector).Stays().L1Exit(Cpuid, ResetVector).Entry(ResetVector + 2);

    private static RunStory L1() => new RunStory().SvmeOn();

    private static RunStory L2(params SvmExitCode[] intercepts) => L1().Vmrun(intercepts);

    private static RunStory Older() => new RunStory().BeforeReinjectionIsShown().BeforeChecksAreNamed().SvmeOn().Vmrun([Nmi, OfException(6)]);
}
