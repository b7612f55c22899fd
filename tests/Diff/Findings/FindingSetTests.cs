using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Diff.Report;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Findings;

public sealed class FindingSetTests
{
    [Fact]
    public void A_class_of_several_captures_is_one_and_fails_where_it_is_not_accepted()
    {
        FindingSet several = SampleFindings.Several;
        Assert.True(several.Fails);
        IReadOnlyList<FindingClass> classes = several.Classes();
        Assert.Distinct(classes.Select(one => one.Class.Fingerprint));
        FindingClass shared = classes.Single(one => one.Class.Fingerprint == "ba9876543210");
        Assert.Equal([FindingState.Diverges, FindingState.Accepted], shared.Places.Select(place => place.Finding.State));
        Assert.Equal("captures/day.dat", shared.Lead.Capture.Name);
    }

    [Fact]
    public void Only_what_is_new_fails_a_comparison()
    {
        CheckedCapture pair = Assert.Single(SampleFindings.Compared.Checked);
        Assert.Equal(
            [
                FindingState.Diverges, FindingState.StillThere, FindingState.StillThere, FindingState.StillThere, FindingState.Accepted, FindingState.Ignored,
                FindingState.Documented, FindingState.NotComparable, FindingState.Fixed,
            ],
            pair.Findings.Select(finding => finding.State).Order());
        Assert.Same(pair.Base, pair.ResultOf(pair.Findings[^1]));
    }

    [Fact]
    public void A_case_is_broken_undecided_known_or_kept()
    {
        RuleCase[] cases = [.. SampleFindings.One.Checked[0].Cases()];
        Assert.Equal(
            [
                ("SVM-15.5-SAMPLE", "VM 0, vCPU 0", CaseOutcome.Broken), ("SVM-15.5-SAMPLE", "VM 1, vCPU ? (thread 4712)", CaseOutcome.Broken),
                ("SVM-15.20-SAMPLE", "VM 0, vCPU 0", CaseOutcome.Broken), ("SVM-15.20-SAMPLE", "VM 1, vCPU ? (thread 4712)", CaseOutcome.Broken),
                ("SVM-L-SAMPLE", "VM 0, vCPU 0", CaseOutcome.Likely), ("SVM-L-SAMPLE", "VM 1, vCPU ? (stream 2)", CaseOutcome.Known),
                ("SVM-15.2-UNSEEN", "VM 0, vCPU 0", CaseOutcome.Undecided), ("SVM-15.3-KEPT", "VM 0, vCPU 0", CaseOutcome.Kept), ("SVM-15.3-KEPT", "further vCPUs", CaseOutcome.Kept),
            ],
            cases.Select(one => (one.Rule.Id, one.Vcpu, one.Outcome)));
    }

    [Fact]
    public void In_an_inconclusive_capture_what_was_kept_is_not_passed()
    {
        CaseOutcome[] outcomes = [.. CheckedCapture.Of("lost", "lost", SampleResult.Lost).Cases().Select(one => one.Outcome)];
        Assert.Contains(CaseOutcome.Inconclusive, outcomes);
        Assert.DoesNotContain(CaseOutcome.Kept, outcomes);
    }

    [Fact]
    public void The_verdict_of_a_set_is_the_worst_of_its_captures()
    {
        Assert.Equal(RecordingOutcome.Diverges, SampleFindings.Several.Outcome);
        Assert.Equal(RecordingOutcome.Inconclusive, new FindingSet([Of(SampleResult.Clean), Of(SampleResult.Lost), Of(SampleResult.OnlyLikely)], []).Outcome);
        Assert.Equal(RecordingOutcome.Likely, new FindingSet([Of(SampleResult.Clean), Of(SampleResult.OnlyLikely)], []).Outcome);
        Assert.Equal(RecordingOutcome.Conforms, new FindingSet([Of(SampleResult.Clean)], []).Outcome);
        Assert.Equal(RecordingOutcome.Inconclusive, new FindingSet([], []).Outcome);

        static CheckedCapture Of(DiffResult result) => CheckedCapture.Of("one", "one", result);
    }

    [Fact]
    public void A_pair_is_inconclusive_where_a_side_is_and_nothing_is_new()
    {
        CheckedCapture Pair(DiffResult before, DiffResult after, params ClassChange[] changes) => CheckedCapture.Of("pair", new RunChanges("pair", before, after, changes, []) { Common = SampleFindings.Common });
        DiffResult clean = SampleResult.Clean;
        Assert.Equal(RecordingOutcome.Conforms, Pair(clean, clean).Verdict.Outcome);
        Assert.Equal("base: 43.4 % of the events of VM 0, vCPU 0 were lost, and 10 % may be", Pair(SampleResult.Lost, clean).Verdict.Why);
        Assert.Equal("test: 43.4 % of the events of VM 0, vCPU 0 were lost, and 10 % may be", Pair(clean, SampleResult.Lost).Verdict.Why);
        var news = new ClassChange(Change.New, SampleResult.Full.Divergences[0], new Proportion(0, 5), new Proportion(1, 5), 0.25);
        Assert.Equal(RecordingOutcome.Diverges, Pair(clean, SampleResult.Lost, news).Verdict.Outcome);
    }

    [Theory]
    [InlineData(FailOn.Diverges, false)]
    [InlineData(FailOn.Diverges | FailOn.Likely, true)]
    public void A_likely_departure_fails_a_comparison_where_it_is_new_and_the_policy_says_so(FailOn failOn, bool fails)
    {
        DiffResult test = SampleResult.OnlyLikely with { Policy = new Policy { FailOn = failOn } };
        Assert.Equal(fails, CheckedCapture.Of("pair", new RunChanges("pair", SampleResult.Clean, test, [], []) { Common = SampleFindings.Common }).Fails);
        Assert.False(CheckedCapture.Of("pair", new RunChanges("pair", SampleResult.OnlyLikely, test, [], []) { Common = SampleFindings.Common }).Fails);
    }

    [Fact]
    public void Rules_are_counted_for_each_vCPU_and_those_beyond_the_limit_together()
    {
        RuleInfo[] rules = [Compared.Rule("SVM-A")];
        var compared = new Compared(rules);
        foreach (int stream in (IEnumerable<int>)[0, 0, 3, StreamRuleCount.MostStreams, StreamRuleCount.MostStreams + 5])
        {
            compared.Take(new RecordedExit { Stream = stream }, new ComputedParts().Add(0, [Constraint.Is(ComparedField.ExitCode, SvmExitCode.Cpuid.Value)]));
        }

        RuleCount count = Assert.Single(compared.Finish().Rules);
        Assert.Equal([(0, 2UL), (3, 1UL), (StreamRuleCount.MostStreams, 2UL)], count.Streams.Select(one => (one.Stream.Value, one.Conforms)));
        Assert.Equal(5UL, count.Conforms);
    }
}
