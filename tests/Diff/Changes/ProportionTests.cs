using Differ.Diff.Changes;

namespace Differ.Tests.Diff.Changes;

public sealed class ProportionTests
{
    // The lady tasting tea; a textbook's study of 10 and 14; a table with no difference; none and all.
    [Theory]
    [InlineData(3, 4, 1, 4, 0.485714)]
    [InlineData(1, 10, 11, 14, 0.002759)]
    [InlineData(10, 1000, 20, 2000, 1)]
    [InlineData(0, 5, 5, 5, 0.007937)]
    [InlineData(1029, 1029, 0, 1, 0.000971)]
    [InlineData(0, 0, 7, 9, 1)]
    public void The_probability_is_that_of_Fishers_exact_test(ulong left, ulong leftOf, ulong right, ulong rightOf, double expected) =>
        Assert.Equal(expected, Proportion.Fisher(new(left, leftOf), new(right, rightOf)), 6);

    [Fact]
    public void It_is_the_same_from_either_side_and_with_both_turned_over() => Assert.All(
        from a in Enumerable.Range(0, 8)
        from b in Enumerable.Range(0, 12)
        select (a, b),
        pair =>
        {
            (ulong a, ulong b) = ((ulong)pair.a, (ulong)pair.b);
            double one = Proportion.Fisher(new(a, 7), new(b, 11));
            Assert.Equal(one, Proportion.Fisher(new(b, 11), new(a, 7)), 9);
            Assert.Equal(one, Proportion.Fisher(new(7 - a, 7), new(11 - b, 11)), 9);
            Assert.InRange(one, 0, 1);
        });

    [Fact]
    public void Millions_of_chances_are_no_hindrance()
    {
        Assert.True(Proportion.Fisher(new(500_000, 2_000_000), new(510_000, 2_000_000)) < 1e-20);
        Assert.True(Proportion.Fisher(new(500_000, 2_000_000), new(500_100, 2_000_000)) > 0.5);
    }

    [Theory]
    [InlineData(0, 1, 0, 79.345)]
    [InlineData(1, 1, 20.655, 100)]
    [InlineData(5, 10, 23.659, 76.341)]
    [InlineData(0, 0, 0, 100)]
    public void The_interval_is_Wilsons(ulong count, ulong chances, double low, double high)
    {
        Assert.Equal(low, new Proportion(count, chances).Interval.Low, 3);
        Assert.Equal(high, new Proportion(count, chances).Interval.High, 3);
    }
}
