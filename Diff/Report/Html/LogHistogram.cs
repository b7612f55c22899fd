using System.Numerics;

namespace Differ.Diff.Report.Html;

/// <summary>Counts of numbers in buckets that grow with them: 16 to every doubling, so that a bucket is at most a sixteenth wide.</summary>
internal sealed class LogHistogram
{
    private const int SubBits = 4;
    private const int Sub = 1 << SubBits;
    private const int Coarse = Sub / 4;
    private const int Buckets = (64 - SubBits + 1) * Sub;

    private readonly ulong[] _counts = new ulong[Buckets];

    /// <summary>How many numbers.</summary>
    public ulong Count { get; private set; }

    /// <summary>Their sum, all bits set where it does not fit.</summary>
    public ulong Sum { get; private set; }

    /// <summary>The largest; exact.</summary>
    public ulong Max { get; private set; }

    /// <summary>The bucket of a number.</summary>
    public static int BucketOf(ulong value)
    {
        if (value < Sub)
        {
            return (int)value;
        }

        int octave = BitOperations.Log2(value) - SubBits;
        return (octave * Sub) + (int)(value >> octave);
    }

    /// <summary>The smallest number of a bucket.</summary>
    public static ulong LowestOf(int bucket) => bucket < Sub ? (ulong)bucket : (ulong)((bucket % Sub) + Sub) << ((bucket / Sub) - 1);

    /// <summary>Adds a number.</summary>
    public void Add(ulong value)
    {
        _counts[BucketOf(value)]++;
        Count++;
        Sum = Sum > ulong.MaxValue - value ? ulong.MaxValue : Sum + value;
        Max = Math.Max(Max, value);
    }

    /// <summary>The number that a part of all numbers does not exceed, to the width of a bucket; 0 where there is none.</summary>
    /// <param name="part">Hundredths, 1 to 100.</param>
    public ulong Percentile(uint part)
    {
        ulong rank = (ulong)(((UInt128)Count * part + 99) / 100);
        ulong below = 0;
        for (int i = 0; i < Buckets && rank > 0; i++)
        {
            below += _counts[i];
            if (below >= rank)
            {
                ulong low = LowestOf(i);
                ulong width = i < Sub ? 0 : (1UL << ((i / Sub) - 1)) - 1;
                return Math.Min(low + (width / 2), Max);
            }
        }

        return 0;
    }

    /// <summary>Four buckets to every doubling, those that are not empty: enough for a picture.</summary>
    public IEnumerable<(ulong Lowest, ulong Count)> Filled()
    {
        for (int i = 0; i < Buckets; i += Coarse)
        {
            ulong count = 0;
            for (int j = i; j < i + Coarse; j++)
            {
                count += _counts[j];
            }

            if (count > 0)
            {
                yield return (LowestOf(i), count);
            }
        }
    }
}
