using Differ.Diff.Compare;
using Differ.Diff.Findings;
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
        Assert.Equal([FindingState.Failing, FindingState.Accepted], shared.Places.Select(place => place.Finding.State));
        Assert.Equal("captures/day.dat", shared.Lead.Capture.Name);
    }

    [Fact]
    public void Only_what_is_new_fails_a_comparison()
    {
        CheckedCapture pair = Assert.Single(SampleFindings.Compared.Checked);
        Assert.Equal(
            [FindingState.Failing, FindingState.StillThere, FindingState.StillThere, FindingState.Accepted, FindingState.Documented, FindingState.NotComparable, FindingState.Fixed],
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
                ("SVM-L-SAMPLE", "VM 0, vCPU 0", CaseOutcome.Kept), ("SVM-L-SAMPLE", "VM 1, vCPU ? (stream 2)", CaseOutcome.Known),
                ("SVM-15.2-UNSEEN", "VM 0, vCPU 0", CaseOutcome.Undecided), ("SVM-15.3-KEPT", "VM 0, vCPU 0", CaseOutcome.Kept), ("SVM-15.3-KEPT", "further vCPUs", CaseOutcome.Kept),
            ],
            cases.Select(one => (one.Rule.Id, one.Vcpu, one.Outcome)));
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
