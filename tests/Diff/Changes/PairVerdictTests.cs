using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Tests.Diff.Report;

namespace Differ.Tests.Diff.Changes;

public sealed class PairVerdictTests
{
    private static readonly ClassChange News = new(Change.New, SampleResult.Full.Divergences[0], new Proportion(0, 5), new Proportion(1, 5), 0.25);

    [Fact]
    public void A_pair_in_which_nothing_changed_conforms()
    {
        RecordingVerdict verdict = Pair().Verdict;
        Assert.Equal((RecordingOutcome.Conforms, 0), (verdict.Outcome, verdict.Reasons.Count));
    }

    [Fact]
    public void Behaviour_that_no_rule_names_is_a_verdict_of_its_own()
    {
        RecordingVerdict verdict = Behaving(Pair()).Verdict;
        Assert.Equal(("behaviour", "L0 behaves differently in 2 ways that no rule names"), (verdict.Word, verdict.Why));
        Assert.Empty(verdict.Lacks);
    }

    [Fact]
    public void It_fails_only_where_the_policy_says_so()
    {
        Assert.False(Fails(Behaving(Pair())));
        Assert.True(Fails(Behaving(Pair(FailOn.Diverges | FailOn.Behaviour))));
    }

    [Theory]
    [InlineData(FailOn.Diverges, RecordingOutcome.Inconclusive)]
    [InlineData(FailOn.Diverges | FailOn.Behaviour, RecordingOutcome.Behaviour)]
    public void What_is_missing_goes_before_it_unless_it_fails(FailOn failOn, RecordingOutcome outcome)
    {
        RecordingVerdict verdict = Behaving(Pair(failOn) with { Base = SampleResult.Lost }).Verdict;
        Assert.Equal((outcome, 2), (verdict.Outcome, verdict.Reasons.Count));
    }

    [Fact]
    public void A_new_departure_goes_before_everything()
    {
        RunChanges pair = Behaving(Pair(FailOn.None) with { Base = SampleResult.Lost, Classes = [News] });
        Assert.Equal((RecordingOutcome.Diverges, 3), (pair.Verdict.Outcome, pair.Verdict.Reasons.Count));
        Assert.False(Fails(pair));
    }

    [Fact]
    public void Of_two_results_the_one_that_fails_is_told_first()
    {
        RunChanges pair = Behaving(Pair() with { Test = SampleResult.OnlyLikely });
        Assert.Equal(RecordingOutcome.Likely, pair.Verdict.Outcome);
        pair = Behaving(Pair() with { Test = SampleResult.OnlyLikely with { Policy = new Policy { FailOn = FailOn.Behaviour } } });
        Assert.Equal((RecordingOutcome.Behaviour, ReasonKind.Behaviour), (pair.Verdict.Outcome, pair.Verdict.Reasons[0].Kind));
    }

    [Fact]
    public void A_departure_whose_culprit_does_not_count_is_not_new()
    {
        RunChanges pair = Pair() with { Classes = [News with { Found = News.Found with { Culprit = Differ.Schemas.Model.Culprit.Processor } }] };
        Assert.Equal(RecordingOutcome.Diverges, pair.Verdict.Outcome);
        Assert.Equal(RecordingOutcome.Conforms, (pair with { Test = pair.Test with { Policy = new Policy { Culprit = CulpritChoice.Hypervisor } } }).Verdict.Outcome);
    }

    [Fact]
    public void Captures_with_nothing_in_common_are_inconclusive()
    {
        RunChanges apart = Pair() with { Common = new CommonExits([]) };
        Assert.Equal(("inconclusive", "the captures have no exit in common"), (apart.Verdict.Word, apart.Verdict.Why));
        var aligned = new StreamAlignment(default, default, 7, 0, 0, 0, AlignmentEnd.Complete, 0, []);
        RunChanges outside = apart with { Vcpus = [new VcpuAlignment("vCPU 0", aligned, [])] };
        Assert.Equal("the captures have no exit of L2 and no SVM instruction in common that could be compared", outside.Verdict.Why);
    }

    private static bool Fails(RunChanges pair) => pair.Test.Policy.Fails(pair.Verdict);

    private static RunChanges Pair(FailOn failOn = FailOn.Diverges) =>
        new("pair", SampleResult.Clean, SampleResult.Clean with { Policy = new Policy { FailOn = failOn } }, [], []) { Common = SampleFindings.Common };

    private static RunChanges Behaving(RunChanges pair) => pair with { Behaviour = SampleFindings.Behaviour(FailOn.Diverges).Pairs[0].Behaviour };
}
