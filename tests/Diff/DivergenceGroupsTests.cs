using Differ.Diff.Compare;
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

    private static RecordedExit Departing(int stream = 0, ulong code = 0x72, ulong reflected = 0x72, GuestLevel level = GuestLevel.L2)
    {
        RecordedExit exit = new RecordedExit { Stream = stream, Level = level }.With(HappeningKind.NestedVmexitInject, reflected, 0, 0, 0, 0);
        exit.Exit = exit.Exit with { Code = new SvmExitCode(code) };
        return exit;
    }
}
