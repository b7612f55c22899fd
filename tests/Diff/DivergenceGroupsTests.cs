using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Tests.Diff;

public sealed class DivergenceGroupsTests
{
    private static readonly IReadOnlyList<RuleInfo> Rules = [Compared.Rule("A"), Compared.Rule("B", Severity.Critical)];

    private static readonly Constraint[] NotReflected = [HappensNot(ComparedField.ReflectedCode)];

    [Fact]
    public void Equal_departures_are_counted_with_their_first_and_last()
    {
        var compared = new Compared(Rules);
        for (int i = 0; i < 5; i++)
        {
            compared.Take(new RecordedExit { Stream = 0 }, new ComputedParts());
            compared.Take(Departing(stream: i % 2), new ComputedParts().Add(0, NotReflected));
        }

        DivergenceClass found = Assert.Single(compared.Finish().Divergences);
        Assert.Equal((5UL, 2), (found.Count, found.Streams.Count));
        Assert.Equal((0, 1UL), (found.First.Exit.Stream.Value, found.First.Exit.Index));
        Assert.Equal(new ExitPlace(new StreamId(0), 7), found.Last);
    }

    [Fact]
    public void The_first_occurrence_comes_with_its_neighbours_of_the_same_vcpu()
    {
        var compared = new Compared(Rules);
        for (int i = 0; i < 10; i++)
        {
            compared.Take(new RecordedExit { Stream = 1 }, new ComputedParts());
            compared.Take(i == 5 ? Departing(stream: 0) : new RecordedExit(), i == 5 ? new ComputedParts().Add(0, NotReflected) : new ComputedParts());
        }

        Occurrence first = Assert.Single(compared.Finish().Divergences).First;
        Assert.Equal([2UL, 3, 4], first.Before.Select(exit => exit.Index));
        Assert.Equal([6UL, 7], first.After.Select(exit => exit.Index));
        Assert.All(first.Before.Concat(first.After), exit => Assert.Equal(0, exit.Stream.Value));
        Assert.Equal(["L1 is shown #VMEXIT CPUID"], first.Recorded.Select(field => field.Text));
        Assert.Equal(["L1 is shown no #VMEXIT"], first.Expected);
    }

    [Fact]
    public void The_gravest_come_first_then_the_most_frequent()
    {
        var compared = new Compared(Rules);
        compared.Take(Departing(code: 0x78), new ComputedParts().Add(0, NotReflected));
        compared.Take(Departing(), new ComputedParts().Add(0, NotReflected)).Take(Departing(), new ComputedParts().Add(0, NotReflected));
        compared.Take(Departing(), new ComputedParts().Add(1, NotReflected));
        Assert.Equal([("B", 1UL), ("A", 2UL), ("A", 1UL)], compared.Finish().Divergences.Select(found => (found.Rule.Id, found.Count)));
    }

    [Fact]
    public void A_fingerprint_does_not_depend_on_addresses_times_and_vcpus()
    {
        RecordedExit elsewhere = Departing(stream: 3);
        elsewhere.Exit = elsewhere.Exit with { Rip = 0xffff_8000_0000_0000, Time = new ClockTime(9_999_999_999), HostCpu = 5, Info1 = 7, Info2 = 8 };
        elsewhere.Entry = elsewhere.Entry with { Rip = Observed<ulong>.Of(0xffff_8000_0000_0002), Time = new ClockTime(9_999_999_999_999) };
        Constraint[] addresses = [HappensNot(ComparedField.ReflectedCode), Is(ComparedField.ExitRip, 5), Is(ComparedField.EntryRip, 6)];
        Assert.Equal(
            FingerprintOf(Departing(), new ComputedParts().Add(0, addresses)),
            FingerprintOf(elsewhere, new ComputedParts().Add(0, addresses)));
    }

    [Fact]
    public void A_fingerprint_depends_on_rule_outcome_level_exit_and_instruction()
    {
        ComputedParts rule = new ComputedParts().Add(0, NotReflected);
        string[] fingerprints =
        [
            FingerprintOf(Departing(), rule),
            FingerprintOf(Departing(), new ComputedParts().Add(1, NotReflected)),
            FingerprintOf(Departing(reflected: 0x78), rule),
            FingerprintOf(Departing(), new ComputedParts().Add(0, [IsNot(ComparedField.ReflectedCode, 0x72)])),
            FingerprintOf(Departing(code: 0x78), rule),
            FingerprintOf(Departing(level: GuestLevel.L1), rule),
            FingerprintOf(Departing(), new ComputedParts { Instruction = SvmExitCode.Vmrun.Value }.Add(0, NotReflected)),
        ];
        Assert.Equal(fingerprints.Length, fingerprints.Distinct().Count());
        Assert.All(fingerprints, fingerprint => Assert.Matches("^[0-9a-f]{12}$", fingerprint));
    }

    [Fact]
    public void A_fingerprint_is_the_same_in_every_version() =>
        Assert.Equal("5188238251ed", FingerprintOf(Departing(), new ComputedParts().Add(0, NotReflected)));

    [Fact]
    public void Bits_that_a_rule_does_not_look_at_make_no_class_of_their_own()
    {
        ComputedParts low = new ComputedParts().Add(0, [Is(ComparedField.ReflectedCode, 0x1, 0xf)]);
        Assert.Equal(FingerprintOf(Departing(reflected: 0x72), low), FingerprintOf(Departing(reflected: 0x82), low));
    }

    [Fact]
    public void A_hostile_run_makes_a_bounded_number_of_classes_and_loses_no_count()
    {
        var compared = new Compared(Rules);
        const int Exits = DivergenceGroups.MostClasses + 100;
        for (int i = 0; i < Exits; i++)
        {
            compared.Take(Departing(code: 0x1000 + (ulong)i), new ComputedParts().Add(i % 2, NotReflected));
        }

        DiffResult result = compared.Finish();
        Assert.Equal(DivergenceGroups.MostClasses + Rules.Count, result.Divergences.Count);
        Assert.Equal((ulong)Exits, result.Divergences.Aggregate(0UL, (sum, found) => sum + found.Count));
        Assert.Equal((ulong)Exits, result.CountOf(Verdict.Diverges));
    }

    [Fact]
    public void Withdrawing_the_classes_of_a_hostile_run_leaves_no_count_behind()
    {
        var compared = new Compared(Rules);
        const int Exits = DivergenceGroups.MostClasses + 100;
        for (int i = 0; i < Exits; i++)
        {
            var exit = new RecordedExit();
            exit.Exit = exit.Exit with { Code = new SvmExitCode(0x1000 + (ulong)i) };
            compared.Take(exit, new ComputedParts().Add(i % 2, [Happens(ComparedField.ReflectedCode)]));
        }

        DiffResult result = compared.Finish(seen: default(TracepointSet));
        Assert.Empty(result.Divergences);
        Assert.Equal((0UL, (ulong)Exits), (result.CountOf(Verdict.Diverges), result.CountOf(Verdict.Undecided)));
        Assert.All(result.Rules, rule => Assert.Equal((0UL, (ulong)Exits / 2), (rule.Departs, rule.Undecided)));
    }

    [Fact]
    public void With_a_finding_the_rules_that_are_broken_beside_it_are_withdrawn()
    {
        DiffResult result = Twice(Happens(ComparedField.UserspaceReason), Happens(ComparedField.UserspaceReason)).Finish(seen: default(TracepointSet));
        Assert.Empty(result.Divergences);
        Assert.Equal((0UL, 2UL), (result.CountOf(Verdict.Diverges), result.CountOf(Verdict.Undecided)));
        Assert.Equal([(0UL, 2UL), (0UL, 2UL)], result.Rules.Select(rule => (rule.Departs, rule.Undecided)));
        Assert.Equal(2UL, Assert.Single(result.Undecided).Exits);
    }

    [Fact]
    public void A_finding_that_something_recorded_proves_stays_without_the_rules_that_rest_on_silence()
    {
        DiffResult result = Twice(HappensNot(ComparedField.ReflectedCode), Happens(ComparedField.UserspaceReason)).Finish(seen: default(TracepointSet));
        DivergenceClass found = Assert.Single(result.Divergences);
        Assert.Equal(("A", 2UL), (found.Rule.Id, found.Count));
        Assert.Empty(found.AlsoBroken);
        Assert.Equal(2UL, result.CountOf(Verdict.Diverges));
        Assert.Equal([(2UL, 0UL), (0UL, 2UL)], result.Rules.Select(rule => (rule.Departs, rule.Undecided)));
    }

    [Fact]
    public void Where_a_finding_is_withdrawn_what_something_recorded_proves_beside_it_stays()
    {
        DiffResult result = Twice(Happens(ComparedField.UserspaceReason), HappensNot(ComparedField.ReflectedCode)).Finish(seen: default(TracepointSet));
        DivergenceClass found = Assert.Single(result.Divergences);
        Assert.Equal(("B", 2UL), (found.Rule.Id, found.Count));
        Assert.Empty(found.AlsoBroken);
        Assert.Equal((2UL, 0UL), (result.CountOf(Verdict.Diverges), result.CountOf(Verdict.Undecided)));
        Assert.Equal([(0UL, 2UL), (2UL, 0UL)], result.Rules.Select(rule => (rule.Departs, rule.Undecided)));
        Assert.Equal(2UL, Assert.Single(result.Undecided).Exits);
    }

    [Fact]
    public void Where_a_certain_finding_is_withdrawn_a_likely_one_beside_it_stays_likely()
    {
        var compared = new Compared(Rules);
        compared.Take(Departing(), new ComputedParts().Add(0, [Happens(ComparedField.UserspaceReason)])
            .Add(1, Standing.Assumed, Evidence.Cpl, Culprit.Hypervisor, NotReflected));
        DiffResult result = compared.Finish(seen: default(TracepointSet));
        Assert.Empty(result.Divergences);
        Assert.Equal(("B", Evidence.Cpl), (Assert.Single(result.Likely).Rule.Id, result.Likely[0].Assumed));
        Assert.Equal((0UL, 1UL, 0UL), (result.CountOf(Verdict.Diverges), result.CountOf(Verdict.Likely), result.CountOf(Verdict.Undecided)));
    }

    [Fact]
    public void A_likely_finding_that_rests_on_silence_is_withdrawn_as_a_certain_one_is()
    {
        var compared = new Compared(Rules);
        compared.Take(Departing(), new ComputedParts().Add(0, Standing.Assumed, Evidence.Cpl, Culprit.Hypervisor, [Happens(ComparedField.UserspaceReason)]));
        DiffResult result = compared.Finish(seen: default(TracepointSet));
        Assert.Empty(result.Likely);
        Assert.Equal((0UL, 1UL), (result.CountOf(Verdict.Likely), result.CountOf(Verdict.Undecided)));
        Assert.Equal((0UL, 1UL), (result.Rules[0].Likely, result.Rules[0].Undecided));
    }

    [Fact]
    public void Exits_at_which_the_tracepoint_had_spoken_before_or_not_are_one_class()
    {
        // What the first two rest on is heard of at the third.
        var compared = new Compared(Rules);
        ComputedParts silent = new ComputedParts().Add(0, [Happens(ComparedField.UserspaceReason)]);
        compared.Take(Departing(), silent).Take(Departing(), silent)
            .Take(new RecordedExit().With(KvmEventKind.UserspaceExit, 2, 0), new ComputedParts()).Take(Departing(), silent);
        DivergenceClass found = Assert.Single(compared.Finish().Divergences);
        Assert.Equal((3UL, 0UL, 3UL), (found.Count, found.First.Exit.Index, found.Last.Index));
    }

    [Fact]
    public void What_an_exit_breaks_besides_is_told_though_the_first_did_not_break_it()
    {
        var compared = new Compared(Rules);
        compared.Take(Departing(), new ComputedParts().Add(0, NotReflected)).Take(Departing(), new ComputedParts().Add(0, NotReflected).Add(1, NotReflected));
        Assert.Equal("B", Assert.Single(Assert.Single(compared.Finish().Divergences).AlsoBroken).Id);
    }

    [Theory]
    [InlineData(0x800003f1UL, 0x800003e0UL)]
    [InlineData(0x80000030UL, 0x80000041UL)]
    [InlineData(0x80000480UL, 0x80000421UL)]
    public void The_vector_that_a_guest_chose_makes_no_class_of_its_own(ulong one, ulong other)
    {
        ComputedParts rule = new ComputedParts().Add(0, [Is(ComparedField.ReflectedIntInfo, 0)]);
        Assert.Equal(FingerprintOf(Interrupted(one), rule), FingerprintOf(Interrupted(other), rule));
    }

    [Fact]
    public void The_type_of_an_event_and_the_vector_of_an_exception_tell_classes_apart()
    {
        ComputedParts rule = new ComputedParts().Add(0, [Is(ComparedField.ReflectedIntInfo, 0)]);
        string[] fingerprints = [.. new ulong[] { 0x80000030, 0x80000430, 0x80000306, 0x8000030d, 0x80000200, 0x800003f1 }.Select(raw => FingerprintOf(Interrupted(raw), rule))];
        Assert.Equal(fingerprints.Length, fingerprints.Distinct().Count());
    }

    [Fact]
    public void An_error_code_makes_no_class_of_its_own()
    {
        ComputedParts rule = new ComputedParts().Add(0, [Is(ComparedField.ReflectedIntInfoError, 99)]);
        Assert.Equal(FingerprintOf(Interrupted(0x80000b0e, error: 4), rule), FingerprintOf(Interrupted(0x80000b0e, error: 6), rule));
    }

    [Fact]
    public void A_fault_of_the_processor_in_the_event_in_delivery_is_one_class_at_whichever_exit_it_shows()
    {
        static RecordedExit Exit(ulong code, uint info)
        {
            RecordedExit exit = Departing(code: code);
            exit.Exit = exit.Exit with { IntInfo = Observed<uint>.Of(info) };
            return exit;
        }

        ComputedParts rule = new ComputedParts { Instruction = 0x72 }.Add(0, Standing.Decided, Evidence.None, Culprit.Processor, [IsLegalEvent(ComparedField.ExitIntInfo)]);
        DiffResult result = new Compared(Rules).Take(Exit(0x400, 0x800003f1), rule).Take(Exit(0x60, 0x800003e0), rule).Take(Exit(ulong.MaxValue, 0x80000322), rule).Finish();
        Assert.Equal(3UL, Assert.Single(result.Divergences).Count);
    }

    [Fact]
    public void An_interrupt_or_signal_that_happened_to_arrive_makes_no_class_of_its_own()
    {
        ComputedParts rule = new ComputedParts().Add(0, [Is(ComparedField.ReflectedCode, 0x46)]).Add(1, [Is(ComparedField.UserspaceReason, UserspaceExit.ShutdownReason)]);
        var nothing = new RecordedExit { Level = GuestLevel.L2 };
        RecordedExit signal = new RecordedExit { Level = GuestLevel.L2 }.With(KvmEventKind.UserspaceExit, UserspaceExit.InterruptedReason, 0);
        DiffResult result = new Compared(Rules).Take(Plain(nothing), rule).Take(Departing(reflected: 0x60), rule).Take(Plain(signal), rule).Finish();
        Assert.Equal(3UL, Assert.Single(result.Divergences).Count);

        static RecordedExit Plain(RecordedExit exit)
        {
            exit.Exit = exit.Exit with { Code = new SvmExitCode(0x72) };
            return exit;
        }
    }

    [Fact]
    public void An_interrupt_that_a_rule_asks_for_is_told_as_it_is()
    {
        ComputedParts rule = new ComputedParts().Add(0, [IsNot(ComparedField.ReflectedCode, 0x60)]);
        Assert.Equal(["L1 is shown #VMEXIT INTR"], Assert.Single(new Compared(Rules).Take(Departing(reflected: 0x60), rule).Finish().Divergences).First.Recorded.Select(field => field.Text));
        Assert.NotEqual(
            FingerprintOf(Departing(reflected: 0x60), rule), FingerprintOf(Departing(reflected: 0x61), new ComputedParts().Add(0, [IsNot(ComparedField.ReflectedCode, 0x61)])));
    }

    [Fact]
    public void How_far_a_limit_is_passed_makes_no_class_of_its_own()
    {
        ComputedParts rule = new ComputedParts().Add(0, [IsAtMost(ComparedField.Reflections, 0)]);
        RecordedExit twice = Departing().With(KvmEventKind.NestedVmexitInject, 0x72, 0, 0, 0, 0);
        Assert.Equal(FingerprintOf(Departing(), rule), FingerprintOf(twice, rule));
    }

    // The same exit twice, with one condition of each rule.
    private static Compared Twice(Constraint lead, Constraint beside)
    {
        var compared = new Compared(Rules);
        for (int i = 0; i < 2; i++)
        {
            compared.Take(Departing(stream: i), new ComputedParts().Add(0, [lead]).Add(1, [beside]));
        }

        return compared;
    }

    private static string FingerprintOf(RecordedExit exit, ComputedParts computed) =>
        Assert.Single(new Compared(Rules).Take(exit, computed).Finish().Divergences).Fingerprint;

    private static RecordedExit Interrupted(ulong info, ulong error = 0)
    {
        RecordedExit exit = new RecordedExit { Level = GuestLevel.L2 }.With(KvmEventKind.NestedVmexitInject, 0x400, 0, 0, info, error);
        exit.Exit = exit.Exit with { Code = SvmExitCode.Npf };
        return exit;
    }

    private static RecordedExit Departing(int stream = 0, ulong code = 0x72, ulong reflected = 0x72, GuestLevel level = GuestLevel.L2)
    {
        RecordedExit exit = new RecordedExit { Stream = stream, Level = level }.With(KvmEventKind.NestedVmexitInject, reflected, 0, 0, 0, 0);
        exit.Exit = exit.Exit with { Code = new SvmExitCode(code) };
        return exit;
    }
}
