using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Diff.Report;
using AcceptedList = Differ.Diff.Baseline.Baseline;

namespace Differ.Tests.Diff.Changes;

public sealed class BehaviourChangeTests
{
    private static readonly string One = SampleResult.Full.Divergences[0].Fingerprint, Other = SampleResult.Full.Divergences[^1].Fingerprint;

    [Fact]
    public void What_no_rule_names_is_a_result_of_its_own()
    {
        BehaviourChange change = Assert.Single(Of((null, null)));
        Assert.Equal(("L2 #VMEXIT CPUID, instruction VMMCALL", 5UL, 9UL), (change.Where, change.Count, change.Compared));
        Assert.Equal(("one; two", "three"), (change.DidInBase, change.DidInTest));
    }

    [Fact]
    public void What_is_told_with_a_departure_that_came_went_or_changed_is_not_told_again()
    {
        Assert.Empty(Of((null, One)));
        Assert.Empty(Of((One, null)));
        Assert.Empty(Of((One, Other)));
    }

    [Fact]
    public void Exits_that_depart_alike_in_both_runs_and_are_handled_otherwise_are_told() => Assert.Single(Of((One, One)));

    [Fact]
    public void Only_pairs_that_no_rule_names_count_and_the_first_of_these_is_shown()
    {
        BehaviourChange change = Assert.Single(Of((null, One), (null, null), (One, One)));
        Assert.Equal((10UL, 1UL), (change.Count, change.First.Base.Index));
    }

    [Fact]
    public void A_departure_that_was_withdrawn_names_nothing() => Assert.Single(Of((null, "999999999999")));

    [Fact]
    public void What_a_baseline_accepts_is_named()
    {
        DiffResult accepting = new AcceptedList([new AcceptedDeparture(One, "SVM-15.5-SAMPLE", "so", "", "", null)]).Apply(SampleResult.Full, default);
        Assert.DoesNotContain(accepting.Divergences, found => found.Fingerprint == One);
        Assert.Empty(BehaviourChange.Of([Act((null, One))], SampleResult.Full, accepting));
    }

    private static IReadOnlyList<BehaviourChange> Of(params (string?, string?)[] findings) => BehaviourChange.Of([Act(findings)], SampleResult.Full, SampleResult.Full);

    private static ActChange Act(params (string? Base, string? Test)[] findings) => new(
        "0011223344ff", GuestLevel.L2, "CPUID", "VMMCALL", 9,
        [
            .. findings.Select((finding, i) => new ActShare(
                finding.Base, finding.Test, 5, new StepPair(new ExitPlace(new StreamId(0), (ulong)i), new ExitPlace(new StreamId(0), (ulong)i)),
                [new FieldText("a", "one", 1), new FieldText("b", "", 1), new FieldText("c", "two", 1)], [new FieldText("a", "three", 1)])),
        ]);
}
