using Differ.Capture.Vcpus;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Vcpus;

/// <summary>A tracepoint that is described and never occurs although what causes it does was off.</summary>
public sealed class SilentTracepointsTests
{
    private const uint InterruptInDelivery = 0x8000_0020;

    public static TheoryData<KvmEventKind> Causes => new(
        KvmEventKind.NestedVmenter, KvmEventKind.NestedVmexit, KvmEventKind.NestedVmexitInject, KvmEventKind.NestedIntercepts, KvmEventKind.MsrAccess,
        KvmEventKind.Cpuid, KvmEventKind.PortAccess, KvmEventKind.SmmTransition, KvmEventKind.InjectInterrupt, KvmEventKind.InjectException,
        KvmEventKind.ApicAcceptIrq);

    [Theory]
    [MemberData(nameof(Causes))]
    public void A_tracepoint_whose_cause_occurs_was_off(KvmEventKind effect) => Assert.True(OffAfter(CausesOf(effect)).Has(effect));

    [Theory]
    [MemberData(nameof(Causes))]
    public void One_that_occurs_was_on(KvmEventKind effect) =>
        Assert.False(OffAfter([.. CausesOf(effect), new RecordedExit { Level = effect == KvmEventKind.NestedVmexit ? GuestLevel.L2 : GuestLevel.L1 }.With(effect)]).Has(effect));

    [Theory]
    [MemberData(nameof(Causes))]
    public void One_that_is_not_listed_is_not_told(KvmEventKind effect) => Assert.False(OffAfter(CausesOf(effect), listed: default(TracepointSet)).Has(effect));

    [Fact]
    public void Less_than_that_proves_nothing()
    {
        Assert.True(OffAfter([L1(SvmExitCode.Msr), L1(SvmExitCode.Msr), L2(), L1(SvmExitCode.Rdtsc), L2()]).Has(KvmEventKind.NestedVmenter));
        Assert.False(OffAfter([L1(SvmExitCode.Msr), L1(SvmExitCode.Msr)]).Has(KvmEventKind.MsrAccess));
        Assert.False(OffAfter([L2(), L1(SvmExitCode.Rdtsc)]).Has(KvmEventKind.NestedVmexitInject));
        Assert.False(OffAfter([L2(), L2(), L2()]).Has(KvmEventKind.NestedVmenter));
        Assert.False(OffAfter([L1(SvmExitCode.VIntr), L1(SvmExitCode.VIntr)]).Has(KvmEventKind.InjectInterrupt));
    }

    [Fact]
    public void What_vcpus_do_is_counted_for_each_by_itself() =>
        Assert.False(OffAfter([L1(SvmExitCode.Rdtsc), new RecordedExit { Stream = 1 }, L1(SvmExitCode.Rdtsc)]).Has(KvmEventKind.NestedVmenter));

    [Fact]
    public void Nothing_follows_from_what_stands_behind_a_hole() =>
        Assert.False(OffAfter([L1(SvmExitCode.Rdtsc), new RecordedExit { Level = GuestLevel.Unknown, Flags = RecordFlags.LossInside }, L2()]).Has(KvmEventKind.NestedVmenter));

    [Fact]
    public void Nothing_follows_from_what_stands_before_a_marked_loss() =>
        Assert.False(OffAfter([L1(SvmExitCode.Rdtsc), new RecordedExit { Flags = RecordFlags.LossBefore }]).Has(KvmEventKind.NestedVmenter));

    [Fact]
    public void Avic_delivers_interrupts_that_L0_does_not_inject()
    {
        RecordedExit[] accepted = [.. Enumerable.Range(0, 10).Select(_ => L1(SvmExitCode.Rdtsc).With(KvmEventKind.ApicAcceptIrq, 0, 0, 0, 0x31))];
        Assert.True(OffAfter(accepted).Has(KvmEventKind.InjectInterrupt));
        Assert.False(OffAfter([L1(SvmExitCode.AvicNoAccel), .. accepted]).Has(KvmEventKind.InjectInterrupt));
        Assert.False(OffAfter([L1(SvmExitCode.AvicIncompleteIpi), .. accepted]).Has(KvmEventKind.InjectInterrupt));
    }

    [Fact]
    public void An_INIT_that_is_accepted_is_no_interrupt() =>
        Assert.False(OffAfter([.. Enumerable.Range(0, 10).Select(_ => L1(SvmExitCode.Rdtsc).With(KvmEventKind.ApicAcceptIrq, 0, AcceptedInterrupt.InitMode, 0, 0))])
            .Has(KvmEventKind.InjectInterrupt));

    [Fact]
    public void Such_a_tracepoint_is_named_and_its_silence_accuses_nobody()
    {
        // L2 exits, and no VMRUN is recorded.
        CommandResult result = CommandLine.RunWith(StoryFiles.TraceDat("6.12", Tell), "check", "-");
        Assert.Equal(4, result.Status);
        Assert.Matches(@"DIF0133 \(1\): [^\n]*first: kvm_nested_vmenter", result.Output);
        Assert.DoesNotContain("KVM diverges", result.Output, StringComparison.Ordinal);
    }

    private static void Tell(KvmStory story)
    {
        for (int i = 0; i < 3; i++)
        {
            story.Exit(0x80, 0x1000).Entry(0x2000).ExitFromL2(0x72, 0x2000).Inject(0x72).Entry(0x1003);
        }
    }

    private static RecordedExit[] CausesOf(KvmEventKind effect) => effect switch
    {
        KvmEventKind.NestedVmenter => [L1(SvmExitCode.Vmrun), L2()],
        KvmEventKind.NestedVmexit => [L1(SvmExitCode.Cpuid).With(KvmEventKind.NestedVmexitInject, 0x72, 0, 0, 0, 0)],
        KvmEventKind.NestedVmexitInject => [L2(), L1(SvmExitCode.Rdtsc), L2(), L1(SvmExitCode.Rdtsc)],
        KvmEventKind.NestedIntercepts => [L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter), L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter)],
        KvmEventKind.MsrAccess => [L1(SvmExitCode.Msr), L1(SvmExitCode.Msr), L1(SvmExitCode.Msr)],
        KvmEventKind.Cpuid => [L1(SvmExitCode.Cpuid), L1(SvmExitCode.Cpuid), L1(SvmExitCode.Cpuid)],
        KvmEventKind.PortAccess => [L1(SvmExitCode.Ioio), L1(SvmExitCode.Ioio), L1(SvmExitCode.Ioio)],
        KvmEventKind.SmmTransition => [L1(SvmExitCode.Rsm)],
        KvmEventKind.InjectInterrupt => [new RecordedExit { Level = GuestLevel.L1, Exit = L2().Exit with { IntInfo = Observed<uint>.Of(InterruptInDelivery) } }],
        KvmEventKind.InjectException => [.. Enumerable.Range(0, 3).Select(_ => L1(SvmExitCode.Msr).With(KvmEventKind.MsrAccess, 0, 0x1234, 0, 1))],
        _ => [.. Enumerable.Range(0, 3).Select(_ => L1(SvmExitCode.Rdtsc).With(KvmEventKind.Eoi, 0, 0x31))],
    };

    [Theory]
    [InlineData(0x8000_0020, true)]
    [InlineData(0x8000_0420, true)]
    [InlineData(0x8000_0202, false)]
    [InlineData(0x8000_0306, false)]
    public void An_interrupt_that_an_exit_cut_off_is_injected_again(uint inDelivery, bool isInterrupt) => Assert.Equal(
        isInterrupt,
        OffAfter([new RecordedExit { Level = GuestLevel.L1, Exit = L2().Exit with { IntInfo = Observed<uint>.Of(inDelivery) } }]).Has(KvmEventKind.InjectInterrupt));

    [Fact]
    public void An_interrupt_window_needs_an_interrupt_and_each_VMRUN_after_the_first_a_VMEXIT()
    {
        Assert.True(OffAfter([L1(SvmExitCode.VIntr), L1(SvmExitCode.VIntr), L1(SvmExitCode.VIntr)]).Has(KvmEventKind.InjectInterrupt));
        Assert.True(OffAfter([L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter), L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter),
            L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter)]).Has(KvmEventKind.NestedVmexitInject));
    }

    private static RecordedExit L1(SvmExitCode code)
    {
        var exit = new RecordedExit { Level = GuestLevel.L1 };
        exit.Exit = exit.Exit with { Code = code };
        return exit;
    }

    private static RecordedExit L2() => new();

    private static TracepointSet OffAfter(IEnumerable<RecordedExit> exits, TracepointSet? listed = null)
    {
        var silent = new SilentTracepoints(new Nobody());
        foreach (RecordedExit exit in exits)
        {
            silent.Take(exit.Record);
        }

        return silent.OffIn(listed ?? new TracepointSet(ulong.MaxValue));
    }

    private sealed class Nobody : IExitSink
    {
        public void Take(in ExitRecord record)
        {
        }
    }
}
