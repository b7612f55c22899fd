using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Results;

public sealed class StreamLossTests
{
    [Fact]
    public void Nothing_lost_is_no_loss() => Assert.Empty(Losses([On(0, cpu: 0)], []));

    [Fact]
    public void What_a_cpu_lost_is_of_the_vcpus_that_ran_there()
    {
        // Two events each on CPU 0, and two more of vCPU 1 on CPU 1.
        IReadOnlyList<StreamLoss> losses = Losses([On(0, cpu: 0), On(1, cpu: 0), On(1, cpu: 1)], [new CpuLoss(0, 1, 4, 0, 0)], events: 6);
        Assert.Equal([(0, 0.5), (1, 0.3333)], losses.Select(loss => (loss.Stream.Value, Math.Round(loss.Share, 4))));
    }

    [Fact]
    public void What_only_the_recorders_statistics_count_is_lost_too() =>
        Assert.Equal(0.75, Share(Assert.Single(Losses([On(0, cpu: 0)], [new CpuLoss(0, 0, 0, 0, Overrun: 6)]))));

    [Fact]
    public void Of_events_of_other_groups_as_many_were_lost_as_of_kvm() =>
        Assert.Equal(0.0476, Share(Assert.Single(Losses([On(0, cpu: 0)], [new CpuLoss(0, 1, 100, 0, 0)], events: 2000))));

    [Fact]
    public void What_a_cpu_lost_on_which_no_vcpu_was_seen_may_be_of_any() =>
        Assert.Equal([0.5, 0.5], Losses([On(0, cpu: 0), On(1, cpu: 1)], [new CpuLoss(7, 1, 4, 0, 0)], events: 4).Select(Share));

    [Fact]
    public void Where_a_loss_was_not_counted_the_exits_beside_one_are()
    {
        RecordedExit hole = On(0, cpu: 0);
        hole.Flags = RecordFlags.LossInside;
        Assert.Equal(0.25, Share(Assert.Single(Losses([On(0, cpu: 0), hole, On(0, cpu: 0), On(0, cpu: 0)], [new CpuLoss(0, 1, 0, 1, 0)]))));
    }

    [Fact]
    public void Holes_without_a_mark_count_as_well()
    {
        RecordedExit hole = On(0, cpu: 0);
        hole.Flags = RecordFlags.LossBefore;
        Assert.Equal(0.5, Share(Assert.Single(Losses([On(0, cpu: 0), hole], []))));
    }

    [Fact]
    public void A_single_exit_is_no_rate()
    {
        RecordedExit hole = On(0, cpu: 0);
        hole.Flags = RecordFlags.LossBefore;
        Assert.Empty(Losses([hole], []));
    }

    private static double Share(StreamLoss loss) => Math.Round(loss.Share, 4);

    private static RecordedExit On(int stream, int cpu)
    {
        var exit = new RecordedExit { Stream = stream };
        exit.Exit = exit.Exit with { HostCpu = cpu };
        return exit;
    }

    private static IReadOnlyList<StreamLoss> Losses(RecordedExit[] exits, IReadOnlyList<CpuLoss> losses, ulong events = 0)
    {
        var compared = new Compared([]);
        foreach (RecordedExit exit in exits)
        {
            compared.Take(exit, new ComputedParts());
        }

        return compared.Finish(new RunSummary
        {
            Events = events,
            Streams = [.. exits.Select(exit => exit.Stream).Distinct().Select(id => new VcpuStream(new StreamId(id), new VcpuId((uint)id), null, "", 0, 1))],
            Losses = losses,
        }).Losses;
    }
}
