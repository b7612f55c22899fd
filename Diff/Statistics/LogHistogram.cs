using System.Numerics;

namespace Differ.Diff.Statistics;

/// <summary>Counts of durations in buckets whose width is a 32nd of their value: any quantile to 3 %, in fixed memory. Ticks or nanoseconds.</summary>
public sealed class LogHistogram
{
    private const int PartBits = 5;
    private const int Parts = 1 << PartBits;
    private const int Buckets = (64 - PartBits + 1) * Parts;

    // Buckets that are one bar of a picture: four bars to every doubling.
    private const int Bar = Parts / 4;

    private readonly ulong[] _counts = new ulong[Buckets];

    /// <summary>How many durations.</summary>
    public ulong Count { get; private set; }

    /// <summary>Their sum; it wraps after 580 years of nanoseconds.</summary>
    public ulong Sum { get; private set; }

    /// <summary>The shortest; 0 when there is none.</summary>
    public ulong Min { get; private set; }

    /// <summary>The longest.</summary>
    public ulong Max { get; private set; }

    /// <summary>The mean; 0 when there is none.</summary>
    public double Mean => Count == 0 ? 0 : (double)Sum / Count;

    /// <summary>Adds a duration.</summary>
    public void Add(ulong duration)
    {
        _counts[BucketOf(duration)]++;
        Min = Count == 0 ? duration : Math.Min(Min, duration);
        Max = Math.Max(Max, duration);
        Count++;
        Sum = unchecked(Sum + duration);
    }

    /// <summary>The duration that a share of all durations does not exceed: the upper end of its bucket, at most the longest.</summary>
    /// <param name="share">From 0 to 1.</param>
    public ulong Quantile(double share)
    {
        ulong rank = Math.Max(1, (ulong)Math.Ceiling(share * Count)), passed = 0;
        for (int bucket = 0; bucket < Buckets; bucket++)
        {
            passed += _counts[bucket];
            if (passed >= rank)
            {
                return Math.Clamp(UpperEndOf(bucket), Min, Max);
            }
        }

        return Max;
    }

    /// <summary>Four bars to every doubling, those that are not empty: enough for a picture.</summary>
    public IEnumerable<(ulong Lowest, ulong Count)> Bars()
    {
        for (int first = 0; first < Buckets; first += Bar)
        {
            ulong count = 0;
            for (int bucket = first; bucket < first + Bar; bucket++)
            {
                count += _counts[bucket];
            }

            if (count > 0)
            {
                yield return (first == 0 ? 0 : UpperEndOf(first - 1) + 1, count);
            }
        }
    }

    // Small values have a bucket each; above, 32 buckets for each power of two.
    private static int BucketOf(ulong value)
    {
        int exponent = value < Parts ? 0 : BitOperations.Log2(value) - PartBits;
        return exponent == 0 ? (int)value : (exponent * Parts) + (int)(value >> exponent);
    }

    private static ulong UpperEndOf(int bucket)
    {
        if (bucket < 2 * Parts)
        {
            return (ulong)bucket;
        }

        int exponent = (bucket / Parts) - 1;
        return unchecked((((ulong)(bucket % Parts) + Parts + 1) << exponent) - 1);
    }
}
