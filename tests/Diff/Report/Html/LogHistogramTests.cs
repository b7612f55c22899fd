using Differ.Diff.Report.Html;

namespace Differ.Tests.Diff.Report.Html;

public sealed class LogHistogramTests
{
    [Fact]
    public void A_bucket_starts_at_its_smallest_number_and_is_at_most_a_sixteenth_wide()
    {
        for (int shift = 0; shift < 64; shift++)
        {
            ulong number = (1UL << shift) | ((1UL << shift) / 3);
            ulong lowest = LogHistogram.LowestOf(LogHistogram.BucketOf(number));
            Assert.InRange(lowest, number - (number / 16), number);
            Assert.Equal(LogHistogram.BucketOf(number), LogHistogram.BucketOf(lowest));
        }

        Assert.Equal(LogHistogram.BucketOf(ulong.MaxValue), LogHistogram.BucketOf(ulong.MaxValue - 1));
    }

    [Fact]
    public void Percentiles_are_within_a_sixteenth_and_the_maximum_is_exact()
    {
        var histogram = new LogHistogram();
        for (ulong i = 1; i <= 100_000; i++)
        {
            histogram.Add(i);
        }

        Assert.InRange(histogram.Percentile(50), 47_000UL, 53_000UL);
        Assert.InRange(histogram.Percentile(99), 93_000UL, 100_000UL);
        Assert.Equal((100_000UL, 100_000UL, 5_000_050_000UL), (histogram.Max, histogram.Count, histogram.Sum));
        Assert.Equal(100_000UL, histogram.Filled().Aggregate(0UL, (sum, bucket) => sum + bucket.Count));
    }

    [Fact]
    public void No_number_gives_no_percentile() => Assert.Equal(0UL, new LogHistogram().Percentile(50));

    [Fact]
    public void A_sum_that_does_not_fit_stays_at_the_largest_number()
    {
        var histogram = new LogHistogram();
        histogram.Add(ulong.MaxValue);
        histogram.Add(ulong.MaxValue);
        Assert.Equal((ulong.MaxValue, ulong.MaxValue), (histogram.Sum, histogram.Max));
        Assert.InRange(histogram.Percentile(50), ulong.MaxValue - (ulong.MaxValue / 16), ulong.MaxValue);
    }
}
