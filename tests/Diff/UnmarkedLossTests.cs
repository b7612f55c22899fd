using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Tests.Diff;

/// <summary>Where events are missing without a mark, only what one event shows is certain.</summary>
public sealed class UnmarkedLossTests
{
    private static readonly IReadOnlyList<RuleInfo> Rules = [Compared.Rule("A"), Compared.Rule("B")];
    private static readonly Constraint[] NotReflected = [HappensNot(ComparedField.ReflectedCode)];
    private static readonly Constraint[] OtherCode = [Is(ComparedField.ExitCode, 0x78)];

    [Fact]
    public void What_rests_on_several_events_is_likely_and_says_what_it_assumes()
    {
        DiffResult result = Of(Reflected(), new ComputedParts().Add(0, NotReflected), isUnmarked: true);
        DivergenceClass found = Assert.Single(result.Likely);
        Assert.Equal((Evidence.UnmarkedLoss, true, 1UL), (found.Assumed, found.IsLikely, found.Count));
        Assert.Empty(result.Divergences);
        Assert.Equal((0UL, 1UL), (result.CountOf(Verdict.Diverges), result.CountOf(Verdict.Likely)));
        Assert.Equal((0UL, 1UL), (result.Rules[0].Departs, result.Rules[0].Likely));
        Assert.Equal(Of(Reflected(), new ComputedParts().Add(0, NotReflected), isUnmarked: false).Divergences[0].Fingerprint, found.Fingerprint);
    }

    [Fact]
    public void What_one_event_shows_stays_certain()
    {
        DiffResult result = Of(Reflected(), new ComputedParts().Add(0, OtherCode), isUnmarked: true, alone: new ComputedParts().Add(0, OtherCode));
        Assert.Equal((1, 0), (result.Divergences.Count, result.Likely.Count));
        Assert.Equal((1UL, 0UL), (result.Rules[0].Departs, result.Rules[0].Likely));
    }

    [Fact]
    public void A_rule_beside_it_that_needs_more_is_likely()
    {
        DiffResult result = Of(
            Reflected(), new ComputedParts().Add(0, OtherCode).Add(1, NotReflected), isUnmarked: true, alone: new ComputedParts().Add(0, OtherCode));
        DivergenceClass found = Assert.Single(result.Divergences);
        Assert.Equal(("A", "B"), (found.Rule.Id, Assert.Single(found.AlsoLikely).Id));
        Assert.Empty(found.AlsoBroken);
        Assert.Equal((0UL, 1UL), (result.Rules[1].Departs, result.Rules[1].Likely));
    }

    [Fact]
    public void Nothing_is_certain_where_not_even_the_levels_are()
    {
        var compared = new Compared(Rules, alone: new Alone(new ComputedParts().Add(0, OtherCode)));
        compared.Take(Reflected(), new ComputedParts().Add(0, OtherCode));
        DiffResult result = compared.Finish(new RunSummary
        {
            ListIsSelective = true,
            Off = TracepointSet.Of(KvmEventKind.NestedVmexit),
            Notes = [new CaptureNote("DIF0133", 1, "", "", NoteCost.Unmarked)],
        });
        Assert.Equal((0, 1), (result.Divergences.Count, result.Likely.Count));
    }

    [Fact]
    public void What_was_off_is_silent_although_the_recording_lists_it()
    {
        var compared = new Compared(Rules);
        compared.Take(new RecordedExit(), new ComputedParts().Add(0, [Happens(ComparedField.ReflectedCode)]));
        Assert.Single(compared.Finish(new RunSummary { ListIsSelective = true }).Divergences);
        compared = new Compared(Rules);
        compared.Take(new RecordedExit(), new ComputedParts().Add(0, [Happens(ComparedField.ReflectedCode)]));
        DiffResult result = compared.Finish(new RunSummary { ListIsSelective = true, Off = TracepointSet.Of(KvmEventKind.NestedVmexitInject) });
        Assert.Equal((0, 0, 1UL), (result.Divergences.Count, result.Likely.Count, result.CountOf(Verdict.Undecided)));
    }

    [Theory]
    [InlineData(0x100, 0x78, "1 diverge")]
    [InlineData(0x4, 0x60, "0 diverge")]
    public void An_error_code_that_no_processor_reports_is_certain_and_a_missing_exit_is_not(ulong info1, ulong reflected, string verdict)
    {
        byte[] capture = StoryFiles.TraceDat("6.12", story =>
        {
            // An exit without entry: something was lost here.
            story.Exit(0x72, 0x1000).Exit(0x72, 0x1000).Entry(0x1002);
            Stories.EnterL2(story).ExitFromL2(0x4e, Stories.L2Rip, info1).Inject(reflected).Entry(Stories.L1Rip + 3);
        });
        CommandResult result = CommandLine.RunWith(capture, "check", "-");
        Assert.Contains("DIF0126", result.Output, StringComparison.Ordinal);
        Assert.Contains(verdict, result.Output, StringComparison.Ordinal);
    }

    private static RecordedExit Reflected() => new RecordedExit().With(KvmEventKind.NestedVmexitInject, 0x72, 0, 0, 0, 0);

    private static DiffResult Of(RecordedExit exit, ComputedParts computed, bool isUnmarked, ComputedParts? alone = null)
    {
        var compared = new Compared(Rules, alone: alone is null ? null : new Alone(alone));
        compared.Take(exit, computed);
        return compared.Finish(new RunSummary
        {
            Seen = new TracepointSet(ulong.MaxValue),
            Notes = isUnmarked ? [new CaptureNote("DIF0126", 1, "", "", NoteCost.Unmarked)] : [],
        });
    }

    private sealed class Alone(ComputedParts parts) : ILoneReplay
    {
        public IReadOnlyList<RuleInfo> Rules => UnmarkedLossTests.Rules;

        public void Replay(in ExitRecord record, IComputedSink sink) => sink.Take(record, parts.View);
    }
}
