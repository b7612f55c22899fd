using Differ.Diff.Statistics;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Statistics;

public sealed class ExitStatisticsTests
{
    [Fact]
    public void Times_of_a_damaged_clock_are_cut_so_that_they_can_be_added_up()
    {
        var statistics = new ExitStatistics();
        for (ulong i = 0; i < 6; i++)
        {
            statistics.Take(Records.Make(i, new HardwareExit(new ClockTime(ulong.MaxValue / 2), 0, SvmExitCode.Hlt, 0, 0, 0, default, default),
                new GuestEntry(new ClockTime(i % 2 == 0 ? ulong.MaxValue : 0), 0, default, default, default, Truth.No)).View);
        }

        LevelTimes times = statistics.Finish(new RunHeader(), new RunSummary()).Times;
        Assert.InRange(times.L0, ulong.MaxValue / 64, ulong.MaxValue / 8);
        Assert.InRange(times.L2, ulong.MaxValue / 64, ulong.MaxValue / 8);
        foreach (IStatsFormat format in StatsFormats.All)
        {
            format.Write(statistics.Finish(new RunHeader(), new RunSummary()), TextWriter.Null);
        }
    }

    [Fact]
    public void Losses_that_a_file_claims_can_be_added_up()
    {
        CpuLoss[] losses = [.. Enumerable.Range(0, 1 << 16).Select(cpu => new CpuLoss(cpu, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue))];
        Assert.Equal((1UL << 16) * CpuLoss.Most, losses.Aggregate(0UL, static (sum, loss) => checked(sum + loss.Events)));
    }
}
