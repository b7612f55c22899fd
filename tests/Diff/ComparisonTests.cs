using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Tests.Diff;

public sealed class ComparisonTests
{
    private static readonly IReadOnlyList<RuleInfo> Rules =
        [Compared.Rule("A"), Compared.Rule("B"), Compared.Rule("I", Severity.Info), Compared.Rule("SVM-15.27-SKINIT-ABSENT")];

    private static readonly Constraint[] Seen = [Is(ComparedField.ExitCode, 0x72)], NotSeen = [Is(ComparedField.ExitCode, 0x99)];

    private static TracepointSet Everything => new(ulong.MaxValue);

    [Fact]
    public void An_exit_of_which_no_rule_speaks_conforms() => AssertVerdict(Verdict.Conforms, new RecordedExit(), new ComputedParts());

    [Fact]
    public void A_rule_that_is_kept_conforms() => AssertVerdict(Verdict.Conforms, new RecordedExit(), new ComputedParts().Add(0, Seen));

    [Fact]
    public void A_rule_that_is_broken_diverges() => AssertVerdict(Verdict.Diverges, new RecordedExit(), new ComputedParts().Add(0, NotSeen));

    [Fact]
    public void A_rule_that_lacks_evidence_is_undecided_and_names_it()
    {
        DiffResult result = AssertVerdict(
            Verdict.Undecided, new RecordedExit(), new ComputedParts().Add(0, Standing.Undecided, Evidence.Cpl, Culprit.Hypervisor));
        UndecidedClass undecided = Assert.Single(result.Undecided);
        Assert.Equal((Evidence.Cpl, 1UL), (undecided.Missing.Evidence, undecided.Exits));
        Assert.Equal("A", Assert.Single(undecided.Rules).Rule.Id);
    }

    [Fact]
    public void The_worst_of_several_answers_is_the_verdict()
    {
        ComputedParts mixed = new ComputedParts().Add(0, Seen).Add(1, Standing.Undecided, Evidence.Cpl, Culprit.Hypervisor);
        AssertVerdict(Verdict.Undecided, new RecordedExit(), mixed);
        AssertVerdict(Verdict.Diverges, new RecordedExit(), mixed.Add(0, NotSeen));
    }

    [Fact]
    public void An_outcome_whose_tracepoint_is_not_listed_is_undecided()
    {
        var compared = new Compared(Rules, listed: Everything - TracepointSet.Of(KvmEventKind.InjectException));
        DiffResult result = compared.Take(new RecordedExit(), new ComputedParts().Add(0, [Happens(ComparedField.Exception)])).Finish();
        Assert.Equal((1UL, Evidence.Tracepoint), (result.CountOf(Verdict.Undecided), Assert.Single(result.Undecided).Missing.Evidence));
    }

    [Fact]
    public void A_finding_that_rests_on_a_tracepoint_that_never_occurs_is_withdrawn()
    {
        var raise = TracepointSet.Of(KvmEventKind.InjectException);
        ComputedParts rule = new ComputedParts().Add(0, [Happens(ComparedField.Exception)]);
        DiffResult silent = new Compared(Rules).Take(new RecordedExit(), rule).Finish(seen: Everything - raise);
        Assert.Empty(silent.Divergences);
        Assert.Equal((0UL, 1UL), (silent.CountOf(Verdict.Diverges), silent.CountOf(Verdict.Undecided)));
        Assert.Equal((1UL, 0UL), (silent.Rules[0].Undecided, silent.Rules[0].Departs));
        Assert.Equal(Evidence.Tracepoint, Assert.Single(silent.Undecided).Missing.Evidence);
        Assert.Single(new Compared(Rules).Take(new RecordedExit(), rule).Finish().Divergences);
    }

    [Theory]
    [InlineData(RecordFlags.LossInside, GuestLevel.L2, Evidence.LostEvents)]
    [InlineData(RecordFlags.None, GuestLevel.Unknown, Evidence.Level)]
    public void A_record_that_may_hide_anything_is_undecided(RecordFlags flags, GuestLevel level, Evidence missing)
    {
        DiffResult result = AssertVerdict(Verdict.Undecided, new RecordedExit { Flags = flags, Level = level }, new ComputedParts());
        Assert.Equal(missing, Assert.Single(result.Undecided).Missing.Evidence);
    }

    [Fact]
    public void Rules_are_counted_by_what_came_of_them()
    {
        DiffResult result = new Compared(Rules)
            .Take(new RecordedExit(), new ComputedParts().Add(0, Seen).Add(1, NotSeen))
            .Take(new RecordedExit(), new ComputedParts().Add(0, Standing.Undecided, Evidence.Rax, Culprit.Hypervisor).Add(1, NotSeen))
            .Finish();
        Assert.Equal((1UL, 1UL, 0UL), (result.Rules[0].Conforms, result.Rules[0].Undecided, result.Rules[0].Departs));
        Assert.Equal((0UL, 0UL, 2UL), (result.Rules[1].Conforms, result.Rules[1].Undecided, result.Rules[1].Departs));
    }

    [Fact]
    public void Evidence_that_several_rules_lack_at_one_exit_counts_once()
    {
        ComputedParts both = new ComputedParts()
            .Add(0, Standing.Undecided, Evidence.Rax, Culprit.Hypervisor).Add(1, Standing.Undecided, Evidence.Rax, Culprit.Hypervisor);
        UndecidedClass undecided = Assert.Single(new Compared(Rules).Take(new RecordedExit(), both).Take(new RecordedExit(), both).Finish().Undecided);
        Assert.Equal((2UL, 2, new ExitPlace(new StreamId(0), 0)), (undecided.Exits, undecided.Rules.Count, undecided.First));
    }

    [Fact]
    public void Several_broken_rules_of_one_exit_are_one_finding_under_the_first()
    {
        DivergenceClass found = Single(new ComputedParts().Add(1, NotSeen).Add(0, NotSeen));
        Assert.Equal(("A", "B"), (found.Rule.Id, Assert.Single(found.AlsoBroken).Id));
    }

    [Fact]
    public void A_fault_of_the_processor_goes_before_what_the_hypervisor_made_of_it()
    {
        DivergenceClass found = Single(new ComputedParts().Add(0, NotSeen).Add(1, Standing.Decided, Evidence.None, Culprit.Processor, NotSeen));
        Assert.Equal(("B", Culprit.Processor), (found.Rule.Id, found.Culprit));
    }

    [Fact]
    public void A_certain_finding_goes_before_one_that_assumes_something()
    {
        DivergenceClass found = Single(Assuming(0, NotSeen).Add(1, NotSeen));
        Assert.Equal(("B", Evidence.None), (found.Rule.Id, found.Assumed));
    }

    [Fact]
    public void A_rule_that_is_broken_under_an_assumption_is_likely_broken_and_says_what_it_assumes()
    {
        DiffResult result = AssertVerdict(Verdict.Likely, new RecordedExit(), Assuming(0, NotSeen));
        Assert.Empty(result.Divergences);
        DivergenceClass found = Assert.Single(result.Likely);
        Assert.Equal(("A", true, Evidence.EferSvme), (found.Rule.Id, found.IsLikely, found.Assumed));
        Assert.Equal((1UL, 0UL, 1UL), (result.Rules[0].Likely, result.Rules[0].Departs, result.Rules[0].Decided));
    }

    [Fact]
    public void A_rule_that_is_kept_under_an_assumption_conforms() => AssertVerdict(Verdict.Conforms, new RecordedExit(), Assuming(0, Seen));

    [Fact]
    public void Likely_is_worse_than_undecided_and_better_than_diverging()
    {
        ComputedParts mixed = Assuming(0, NotSeen).Add(1, Standing.Undecided, Evidence.Cpl, Culprit.Hypervisor);
        AssertVerdict(Verdict.Likely, new RecordedExit(), mixed);
        AssertVerdict(Verdict.Diverges, new RecordedExit(), mixed.Add(1, NotSeen));
    }

    [Fact]
    public void A_weak_rule_is_undecided_under_its_assumption_and_likely_broken_where_it_is_asked_for()
    {
        IReadOnlyList<RuleInfo> weak = [Compared.Rule("W") with { Confidence = Confidence.Weak }];
        DiffResult quiet = new Compared(weak).Take(new RecordedExit(), Assuming(0, NotSeen)).Finish();
        Assert.Equal((1UL, 0), (quiet.CountOf(Verdict.Undecided), quiet.Likely.Count));
        DiffResult speculative = new Compared(weak, policy: new Policy { Speculative = true }).Take(new RecordedExit(), Assuming(0, NotSeen)).Finish();
        Assert.Equal((1UL, 1, 0), (speculative.CountOf(Verdict.Likely), speculative.Likely.Count, speculative.Divergences.Count));
    }

    [Fact]
    public void A_finding_is_the_same_with_an_assumed_rule_broken_beside_it()
    {
        DivergenceClass alone = Single(new ComputedParts().Add(1, NotSeen)), beside = Single(Assuming(0, NotSeen).Add(1, NotSeen));
        Assert.Equal((alone.Fingerprint, alone.Rule.Id, false), (beside.Fingerprint, beside.Rule.Id, beside.IsLikely));
        Assert.Empty(beside.AlsoBroken);
        Assert.Equal("A", Assert.Single(beside.AlsoLikely).Id);
    }

    [Fact]
    public void A_processor_that_is_at_fault_under_an_assumption_does_not_hide_what_the_hypervisor_does_for_certain()
    {
        DivergenceClass found = Single(new ComputedParts().Add(0, NotSeen).Add(1, Standing.Assumed, Evidence.Cpl, Culprit.Processor, NotSeen));
        Assert.Equal(("A", Culprit.Hypervisor), (found.Rule.Id, found.Culprit));
    }

    [Fact]
    public void A_class_may_be_certain_at_one_exit_and_likely_at_another()
    {
        DiffResult result = new Compared(Rules).Take(new RecordedExit(), new ComputedParts().Add(0, NotSeen)).Take(new RecordedExit(), Assuming(0, NotSeen)).Finish();
        DivergenceClass certain = Assert.Single(result.Divergences), likely = Assert.Single(result.Likely);
        Assert.Equal((1UL, 1UL, certain.Fingerprint), (certain.Count, likely.Count, likely.Fingerprint));
    }

    [Fact]
    public void A_rule_that_only_informs_comes_last() => Assert.Equal(
        "SVM-15.27-SKINIT-ABSENT", Single(new ComputedParts().Add(2, NotSeen).Add(3, NotSeen)).Rule.Id);

    [Fact]
    public void A_listed_departure_is_reported_as_known_and_not_dropped()
    {
        RecordedExit ud = new RecordedExit().With(KvmEventKind.InjectException, ExceptionVector.UD, 0, 0, 0);
        DiffResult result = new Compared(Rules).Take(ud, new ComputedParts().Add(3, [HappensNot(ComparedField.Exception)])).Finish();
        Assert.False(result.Diverges);
        Assert.Equal((1UL, 0UL), (result.CountOf(Verdict.KnownDeparture), result.CountOf(Verdict.Diverges)));
        DivergenceClass known = Assert.Single(result.KnownDepartures);
        Assert.Equal("KVM does not implement SKINIT (Linux arch/x86/kvm/svm/svm.c, skinit_interception)", known.Known);
        Assert.Equal(1UL, result.Rules[3].Departs);
    }

    [Fact]
    public void A_departure_that_is_not_the_listed_one_is_a_finding_though_its_rule_is_listed()
    {
        // Both exits break the rule in the same fields; only the first looks as the register says.
        RecordedExit ud = new RecordedExit().With(KvmEventKind.InjectException, ExceptionVector.UD, 0, 0, 0);
        ComputedParts rule = new ComputedParts().Add(3, NotSeen);
        DiffResult result = new Compared(Rules).Take(ud, rule).Take(new RecordedExit(), rule).Finish();
        Assert.Equal((1UL, 1UL), (Assert.Single(result.KnownDepartures).Count, Assert.Single(result.Divergences).Count));
        Assert.Equal((1UL, 1UL), (result.CountOf(Verdict.KnownDeparture), result.CountOf(Verdict.Diverges)));
    }

    [Fact]
    public void A_known_departure_does_not_hide_a_finding_at_the_same_exit()
    {
        RecordedExit ud = new RecordedExit().With(KvmEventKind.InjectException, ExceptionVector.UD, 0, 0, 0);
        DiffResult result = AssertVerdict(Verdict.Diverges, ud, new ComputedParts().Add(3, NotSeen).Add(0, NotSeen));
        Assert.Equal("A", Assert.Single(result.Divergences).Rule.Id);
        Assert.Equal("SVM-15.27-SKINIT-ABSENT", Assert.Single(result.KnownDepartures).Rule.Id);
        Assert.Empty(result.Divergences[0].AlsoBroken);
    }

    private static ComputedParts Assuming(int rule, Constraint[] outcome) =>
        new ComputedParts().Add(rule, Standing.Assumed, Evidence.EferSvme, Culprit.Hypervisor, outcome);

    private static DivergenceClass Single(ComputedParts computed) =>
        Assert.Single(new Compared(Rules).Take(new RecordedExit(), computed).Finish().Divergences);

    private static DiffResult AssertVerdict(Verdict expected, RecordedExit exit, ComputedParts computed)
    {
        DiffResult result = new Compared(Rules).Take(exit, computed).Finish();
        Assert.Equal(1UL, result.CountOf(expected));
        Assert.Equal(1UL, result.Verdicts.Values.Aggregate(0UL, (sum, count) => sum + count));
        return result;
    }
}
