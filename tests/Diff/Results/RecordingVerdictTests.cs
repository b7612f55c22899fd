using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Tests.Diff.Results;

public sealed class RecordingVerdictTests
{
    private static readonly IReadOnlyList<RuleInfo> Rules = [Compared.Rule("A"), Compared.Rule("B")];
    private static readonly Constraint[] Kept = [Is(ComparedField.ExitCode, 0x72)], Broken = [Is(ComparedField.ExitCode, 0x99)];

    [Fact]
    public void A_recording_in_which_an_exit_of_L2_was_decided_and_departs_from_nothing_conforms()
    {
        RecordingVerdict verdict = Judged(L2(), new ComputedParts().Add(0, Kept)).Verdict;
        Assert.Equal((RecordingOutcome.Conforms, "conforms", 0), (verdict.Outcome, verdict.Word, verdict.Reasons.Count));
    }

    [Fact]
    public void A_certain_departure_diverges_whatever_is_missing()
    {
        DiffResult result = Judged(L2(), new ComputedParts().Add(0, Broken)) with { Losses = [new StreamLoss(new StreamId(0), 0.9)] };
        Assert.Equal(RecordingOutcome.Diverges, result.Verdict.Outcome);
        Assert.Equal([ReasonKind.Divergences, ReasonKind.Lost], result.Verdict.Reasons.Select(reason => reason.Kind));
        Assert.Equal("1 class of divergences", result.Verdict.Reasons[0].Text);
    }

    [Fact]
    public void A_departure_under_an_assumption_is_likely_and_fails_only_where_the_policy_says_so()
    {
        DiffResult result = Judged(L2(), Assumed());
        Assert.Equal((RecordingOutcome.Likely, false), (result.Verdict.Outcome, result.Policy.Fails(result.Verdict)));
        Policy strict = Policy.Default with { FailOn = FailOn.Diverges | FailOn.Likely };
        Assert.True(strict.Fails((result with { Policy = strict }).Verdict));
    }

    [Fact]
    public void What_is_missing_goes_before_a_likely_departure_unless_that_fails()
    {
        DiffResult result = Judged(L2(), Assumed()) with { Losses = [new StreamLoss(new StreamId(0), 0.9)] };
        Assert.Equal(RecordingOutcome.Inconclusive, result.Verdict.Outcome);
        Assert.Equal([ReasonKind.Lost, ReasonKind.Likely], result.Verdict.Reasons.Select(reason => reason.Kind));
        Assert.Equal(RecordingOutcome.Likely, (result with { Policy = Policy.Default with { FailOn = FailOn.Likely } }).Verdict.Outcome);
    }

    [Fact]
    public void A_recording_without_an_exit_is_inconclusive() => AssertLacks(
        new Compared(Rules).Finish(), ReasonKind.NothingExamined, "nothing was examined: the recording has no exit");

    [Fact]
    public void A_recording_without_nested_virtualization_is_inconclusive() => AssertLacks(
        Judged(new RecordedExit { Level = GuestLevel.L1 }, new ComputedParts().Add(0, Kept)), ReasonKind.NothingExamined,
        "nothing was examined: the recording has no exit of L2 and no SVM instruction");

    // A state may depart where no exit of L2 and no SVM instruction is.
    [Fact]
    public void What_departs_was_examined()
    {
        DiffResult result = Judged(new RecordedExit { Level = GuestLevel.L1 }, new ComputedParts().Add(0, [Is(ComparedField.ExitCode, 0x85)]));
        Assert.Equal((RecordingOutcome.Diverges, ReasonKind.Divergences), (result.Verdict.Outcome, Assert.Single(result.Verdict.Reasons).Kind));
    }

    [Fact]
    public void A_hypercall_of_L1_is_no_nested_virtualization()
    {
        var exit = new RecordedExit { Level = GuestLevel.L1 };
        exit.Exit = exit.Exit with { Code = SvmExitCode.Vmmcall };
        Assert.Equal(RecordingOutcome.Inconclusive, Judged(exit, new ComputedParts().Add(0, [Is(ComparedField.ExitCode, 0x81)])).Verdict.Outcome);
    }

    [Fact]
    public void An_svm_instruction_that_was_decided_is_enough()
    {
        var exit = new RecordedExit { Level = GuestLevel.L1 };
        exit.Exit = exit.Exit with { Code = SvmExitCode.Clgi };
        Assert.Equal(RecordingOutcome.Conforms, Judged(exit, new ComputedParts().Add(0, [Is(ComparedField.ExitCode, 0x85)])).Verdict.Outcome);
    }

    [Fact]
    public void Exits_of_L2_of_which_none_is_decided_are_inconclusive() => AssertLacks(
        Judged(L2(), new ComputedParts().Add(0, Kept).Add(1, Standing.Undecided, Evidence.Vmcb12Controls, Culprit.Hypervisor)), ReasonKind.NothingExamined,
        "nothing was decided of 1 exit of L2 and 0 SVM instructions");

    [Fact]
    public void An_exit_whose_finding_was_withdrawn_is_not_decided()
    {
        DiffResult result = new Compared(Rules).Take(L2(), new ComputedParts().Add(0, [Happens(ComparedField.Exception)])).Finish(seen: default(TracepointSet));
        Assert.Equal((RecordingOutcome.Inconclusive, 0UL), (result.Verdict.Outcome, result.Examined.Decided));
    }

    [Fact]
    public void A_vcpu_of_which_more_was_lost_than_the_policy_allows_is_named()
    {
        DiffResult result = Judged(L2(), new ComputedParts().Add(0, Kept)) with { Losses = [new StreamLoss(new StreamId(0), 0.434)] };
        AssertLacks(result, ReasonKind.Lost, "43.4 % of the events of vCPU 0 were lost, and 10 % may be");
        Assert.Equal(RecordingOutcome.Conforms, (result with { Policy = Policy.Default with { MaxLost = 0.5 } }).Verdict.Outcome);
    }

    [Fact]
    public void More_undecided_exits_than_the_policy_allows_are_inconclusive()
    {
        DiffResult result = new Compared(Rules).Take(L2(), new ComputedParts().Add(0, Kept))
            .Take(L2(), new ComputedParts().Add(0, Standing.Undecided, Evidence.Cpl, Culprit.Hypervisor)).Finish();
        Assert.Equal(RecordingOutcome.Conforms, result.Verdict.Outcome);
        AssertLacks(
            result with { Policy = Policy.Default with { MaxUndecided = 0.25 } }, ReasonKind.Undecided, "50 % of the exits are undecided, and 25 % may be");
    }

    [Fact]
    public void A_required_rule_that_was_never_decided_is_inconclusive()
    {
        DiffResult result = Judged(L2(), new ComputedParts().Add(0, Kept));
        AssertLacks(result with { Policy = Policy.Default with { Require = ["A", "B"] } }, ReasonKind.NotExercised, "B, which is required, was never decided");
        Assert.Equal(RecordingOutcome.Conforms, (result with { Policy = Policy.Default with { Require = ["A"] } }).Verdict.Outcome);
    }

    [Theory]
    [InlineData(CulpritChoice.Any, RecordingOutcome.Diverges)]
    [InlineData(CulpritChoice.Processor, RecordingOutcome.Diverges)]
    [InlineData(CulpritChoice.Hypervisor, RecordingOutcome.Conforms)]
    public void A_fault_of_the_processor_counts_where_the_policy_says_so(CulpritChoice culprit, RecordingOutcome expected)
    {
        DiffResult result = Judged(L2(), new ComputedParts().Add(0, Standing.Decided, Evidence.None, Culprit.Processor, Broken));
        Assert.Equal(expected, (result with { Policy = Policy.Default with { Culprit = culprit } }).Verdict.Outcome);
    }

    private static ComputedParts Assumed() => new ComputedParts().Add(0, Standing.Assumed, Evidence.Gif, Culprit.Hypervisor, Broken);

    private static RecordedExit L2() => new() { Level = GuestLevel.L2 };

    private static DiffResult Judged(RecordedExit exit, ComputedParts computed) => new Compared(Rules).Take(exit, computed).Finish();

    private static void AssertLacks(DiffResult result, ReasonKind kind, string text)
    {
        Assert.Equal(RecordingOutcome.Inconclusive, result.Verdict.Outcome);
        VerdictReason reason = Assert.Single(result.Verdict.Reasons);
        Assert.Equal((kind, text), (reason.Kind, reason.Text));
    }
}
