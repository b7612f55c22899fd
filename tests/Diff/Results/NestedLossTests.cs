using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Results;

public sealed class NestedLossTests
{
    private static readonly CpuLoss Counted = new(0, 1, 40, 0, 0), Uncounted = new(0, 1, 0, 1, 0);

    [Fact]
    public void Nothing_lost_is_no_loss() => Assert.Empty(Losses([], L1(), L2()));

    [Fact]
    public void Where_nothing_nested_was_seen_nothing_that_matters_was_lost() => Assert.Empty(Losses([Counted], L1(), Hole(L1()), L1()));

    [Fact]
    public void A_hole_before_L1_enables_svm_does_not_matter() => Assert.Empty(Losses([Counted], L1(), Hole(L1()), EnablesSvm(), Vmrun(), L2()));

    [Fact]
    public void A_hole_before_a_VMRUN_of_an_L1_that_nobody_saw_enable_svm_matters()
    {
        NestedLoss loss = Assert.Single(Losses([Counted], L1(), Hole(L1()), Vmrun(), L2()));
        Assert.Equal((2UL, 1UL), (loss.Exits, loss.Places));
    }

    [Fact]
    public void A_hole_since_then_matters_whoever_runs_beside_it()
    {
        // Two events each: the 40 that were lost are 20 exits.
        NestedLoss loss = Assert.Single(Losses([Counted], EnablesSvm(), Vmrun(), L2(), L1(), Hole(L1()), L1()));
        Assert.Equal((2UL, 1UL), (loss.Exits, loss.Places));
        Assert.InRange(loss.Lost, 15UL, 20UL);
        Assert.InRange(loss.Share, 0.88, 0.91);
    }

    [Fact]
    public void Of_two_holes_that_are_counted_together_the_longer_one_holds_more()
    {
        RecordedExit before = Hole(L1()), after = Hole(L1());
        ulong Lost(ulong first, ulong second) => Assert.Single(Losses([new CpuLoss(0, 2, 40, 0, 0)], Timed([(L1(), 0), (before, first), (EnablesSvm(), 100), (L2(), 100), (after, second), (L2(), 100)]))).Lost;
        Assert.True(Lost(9_900, 100) < Lost(100, 9_900));
    }

    [Fact]
    public void A_hole_that_is_not_counted_is_measured_by_its_time()
    {
        // Of ten exits in a row each takes 100 ns, and the hole as long as 50 of them.
        IEnumerable<(RecordedExit, ulong)> exits = [(EnablesSvm(), 100), (L2(), 100), .. Enumerable.Repeat(0, 8).Select(_ => (L1(), 100UL)), (Hole(L2()), 5_000)];
        Assert.InRange(Assert.Single(Losses([Uncounted], Timed(exits))).Lost, 45UL, 60UL);
    }

    [Fact]
    public void Each_hole_that_is_not_counted_holds_an_exit_at_least() =>
        Assert.Equal(1UL, Assert.Single(Losses([Uncounted], Timed([(EnablesSvm(), 100), (L2(), 100), (Hole(L2()), 0)]))).Lost);

    [Fact]
    public void What_was_overwritten_before_the_recording_matters_unless_it_shows_how_svm_is_enabled()
    {
        var overwritten = new CpuLoss(0, 0, 0, 0, Overrun: 40);
        Assert.InRange(Assert.Single(Losses([overwritten], Vmrun(), L2())).Lost, 15UL, 20UL);
        Assert.Empty(Losses([overwritten], EnablesSvm(), Vmrun(), L2()));
    }

    [Fact]
    public void An_exit_of_which_nobody_knows_whose_it_is_may_be_one_of_L2_once_there_is_one()
    {
        Assert.Equal(2UL, Assert.Single(Losses([Counted], Vmrun(), Hole(new RecordedExit { Level = GuestLevel.Unknown }))).Exits);
        Assert.Empty(Losses([Counted], Hole(new RecordedExit { Level = GuestLevel.Unknown }), EnablesSvm(), Vmrun()));
    }

    private static RecordedExit L2() => new();

    private static RecordedExit L1() => new() { Level = GuestLevel.L1 };

    private static RecordedExit Vmrun()
    {
        RecordedExit exit = L1();
        exit.Exit = exit.Exit with { Code = SvmExitCode.Vmrun };
        return exit;
    }

    private static RecordedExit EnablesSvm() => L1().With(KvmEventKind.MsrAccess, 1, 0xc000_0080, 0x1d01, 0);

    private static RecordedExit Hole(RecordedExit exit)
    {
        exit.Flags = RecordFlags.LossInside;
        return exit;
    }

    private static RecordedExit[] Timed(IEnumerable<(RecordedExit Exit, ulong Time)> exits)
    {
        ulong now = 1_000_000;
        var timed = new List<RecordedExit>();
        foreach ((RecordedExit exit, ulong time) in exits)
        {
            now += time;
            exit.Exit = exit.Exit with { Time = new ClockTime(now) };
            exit.Entry = exit.Entry with { Time = new ClockTime(now) };
            timed.Add(exit);
        }

        return [.. timed];
    }

    private static IReadOnlyList<NestedLoss> Losses(IReadOnlyList<CpuLoss> losses, params RecordedExit[] exits)
    {
        var compared = new Compared([]);
        foreach (RecordedExit exit in exits)
        {
            compared.Take(exit, new ComputedParts());
        }

        return compared.Finish(new RunSummary { Streams = [new VcpuStream(new StreamId(0), new VcpuId(0), null, "", 0, (ulong)exits.Length)], Losses = losses }).NestedLosses;
    }
}
