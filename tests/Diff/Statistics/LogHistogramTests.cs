using Differ.Diff.Statistics;

namespace Differ.Tests.Diff.Statistics;

public sealed class LogHistogramTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(1_000_003)]
    [InlineData(long.MaxValue)]
    public void One_duration_is_every_quantile(long duration)
    {
        var histogram = new LogHistogram();
        histogram.Add((ulong)duration);
        Assert.All((double[])[0.001, 0.5, 0.99, 1], share => Assert.Equal((ulong)duration, histogram.Quantile(share)));
    }

    [Fact]
    public void The_largest_number_fits()
    {
        var histogram = new LogHistogram();
        histogram.Add(ulong.MaxValue);
        Assert.Equal((ulong.MaxValue, ulong.MaxValue), (histogram.Max, histogram.Quantile(0.5)));
    }

    [Fact]
    public void Quantiles_are_right_to_a_32nd_and_never_too_small()
    {
        var random = new Random(7);
        List<ulong> durations = [.. Enumerable.Range(0, 20_000).Select(_ => (ulong)Math.Exp(random.NextDouble() * 30))];
        var histogram = new LogHistogram();
        durations.ForEach(histogram.Add);
        durations.Sort();
        Assert.All((double[])[0.01, 0.25, 0.5, 0.9, 0.99, 0.999], share =>
        {
            ulong exact = durations[(int)Math.Ceiling(share * durations.Count) - 1];
            Assert.InRange(histogram.Quantile(share), exact, exact + (exact / 32) + 1);
        });
        Assert.Equal((durations[0], durations[^1], 20_000UL), (histogram.Min, histogram.Max, histogram.Count));
        Assert.Equal(durations.Average(one => (double)one), histogram.Mean, histogram.Mean * 1e-9);
    }

    [Fact]
    public void Bars_hold_every_duration_and_begin_below_it()
    {
        var histogram = new LogHistogram();
        ulong[] durations = [0, 3, 31, 32, 100, 1_000_003, ulong.MaxValue];
        Array.ForEach(durations, histogram.Add);
        Assert.Equal(7UL, histogram.Bars().Aggregate(0UL, (sum, bar) => sum + bar.Count));
        Assert.Equal([.. histogram.Bars().Select(bar => bar.Lowest).Order()], histogram.Bars().Select(bar => bar.Lowest));
        Assert.All(durations, duration => Assert.Contains(histogram.Bars(), bar => bar.Lowest <= duration && duration - bar.Lowest <= duration / 4 + 8));
    }

    [Fact]
    public void Nothing_has_no_times()
    {
        var histogram = new LogHistogram();
        Assert.Equal((0UL, 0.0, 0UL), (histogram.Count, histogram.Mean, histogram.Quantile(0.5)));
    }
}
