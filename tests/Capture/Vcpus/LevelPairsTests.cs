using Differ.Capture.Vcpus;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Vcpus;

/// <summary>L0 goes to L2 by VMRUN and back by a #VMEXIT, and records both.</summary>
public sealed class LevelPairsTests
{
    private static readonly TracepointSet Everything = new(ulong.MaxValue);

    [Fact]
    public void L2_that_exits_behind_an_exit_of_L1_with_nothing_between_shows_a_missing_event()
    {
        Assert.Equal([false, false, true], Missing(L2(), L1(SvmExitCode.Npf), L2()));
        Assert.Equal([false, false, false, true, false], Missing(L2(), L1(SvmExitCode.Npf), L1(SvmExitCode.Cpuid), L2(), L2()));
    }

    [Fact]
    public void L2_that_exits_behind_a_VMRUN_that_was_not_carried_out_shows_one() =>
        Assert.Equal([false, false, true], Missing(L1(SvmExitCode.Cpuid), L1(SvmExitCode.Vmrun), L2()));

    [Fact]
    public void Both_ways_that_are_recorded_show_none()
    {
        RecordedExit[] whole =
        [
            L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter), L2(), L2().With(KvmEventKind.NestedVmexitInject), L1(SvmExitCode.Cpuid),
            L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter), L2(),
        ];
        Assert.DoesNotContain(true, Missing(whole));
    }

    [Fact]
    public void A_refused_VMRUN_a_marked_loss_and_SMM_prove_nothing()
    {
        Assert.DoesNotContain(true, Missing(L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenterFailed), L2()));
        Assert.DoesNotContain(true, Missing(L2(), L1(SvmExitCode.Npf), new RecordedExit { Level = GuestLevel.Unknown, Flags = RecordFlags.LossInside }, L2()));
        Assert.DoesNotContain(true, Missing(L2(), L1(SvmExitCode.Npf), new RecordedExit { Flags = RecordFlags.LossBefore }));
        Assert.DoesNotContain(true, Missing(L2(), L1(SvmExitCode.Rsm).With(KvmEventKind.SmmTransition), L2()));
        Assert.DoesNotContain(true, Missing(L1(SvmExitCode.Vmrun).With(KvmEventKind.NestedVmenter).With(KvmEventKind.NestedVmexitInject), L2()));
    }

    [Fact]
    public void L2_that_is_lost_for_good_is_no_missing_event() =>
        Assert.DoesNotContain(true, Missing(L2(), L1(SvmExitCode.Hlt), L1(SvmExitCode.Cpuid)));

    [Theory]
    [InlineData(KvmEventKind.NestedVmenter)]
    [InlineData(KvmEventKind.NestedVmexitInject)]
    public void What_is_not_recorded_is_not_missed(KvmEventKind kind) =>
        Assert.DoesNotContain(true, Missing(Everything - TracepointSet.Of(kind), L2(), L1(SvmExitCode.Npf), L2()));

    [Fact]
    public void A_recording_that_lacks_one_event_is_remarked_and_accuses_nobody()
    {
        byte[] capture = StoryFiles.TraceDat("6.12", static story =>
        {
            Stories.EnterL2(story.Entry(Stories.L1Rip)).ExitFromL2(0x72, Stories.L2Rip).Entry(Stories.L2Rip + 2);

            // Its kvm_nested_vmexit is missing.
            story.Exit(0x72, Stories.L2Rip + 2).Entry(Stories.L2Rip + 4).ExitFromL2(0x60, Stories.L2Rip + 4).Inject(0x60).Entry(Stories.L1Rip + 3);
        });
        CommandResult result = CommandLine.RunWith(capture, "check", "-");
        Assert.Contains("DIF0126 (1)", result.Output, StringComparison.Ordinal);
        Assert.Contains("0 diverge", result.Output, StringComparison.Ordinal);
    }

    private static bool[] Missing(params RecordedExit[] exits) => Missing(Everything, exits);

    private static bool[] Missing(TracepointSet listed, params RecordedExit[] exits)
    {
        var levels = new LevelPairs(listed);
        return [.. exits.Select(exit => levels.Take(exit.Record))];
    }

    private static RecordedExit L1(SvmExitCode code)
    {
        var exit = new RecordedExit { Level = GuestLevel.L1 };
        exit.Exit = exit.Exit with { Code = code };
        return exit;
    }

    private static RecordedExit L2() => new();
}
