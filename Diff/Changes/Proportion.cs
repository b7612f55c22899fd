namespace Differ.Diff.Changes;

/// <summary>How often something happened among the times it could have.</summary>
/// <param name="Count">How often.</param>
/// <param name="Chances">How often it could have; at least <paramref name="Count"/>.</param>
public readonly record struct Proportion(ulong Count, ulong Chances)
{
    /// <summary>The level below which a change is taken for chance.</summary>
    public const double Significance = 0.05;

    private const double All = 100;

    // The quantile of the normal distribution that leaves half of Significance above it.
    private const double Quantile = 1.959963984540054;

    /// <summary>Percent of the chances; 0 where there was none.</summary>
    public double Percent => Chances == 0 ? 0 : All * Count / Chances;

    /// <summary>Wilson's 95 % interval, percent of the chances; 0 to 100 where there was no chance.</summary>
    /// <remarks>Holds for few chances and for none or all of them, where the usual interval has no width.</remarks>
    public (double Low, double High) Interval
    {
        get
        {
            if (Chances == 0)
            {
                return (0, All);
            }

            double n = Chances, share = Count / n, square = Quantile * Quantile;
            double middle = (share + (square / (2 * n))) / (1 + (square / n));
            double half = Quantile / (1 + (square / n)) * Math.Sqrt((share * (1 - share) / n) + (square / (4 * n * n)));
            return (Count == 0 ? 0 : All * (middle - half), Count == Chances ? All : All * (middle + half));
        }
    }

    /// <summary>Fisher's exact test, two-sided: how probable a difference as large as this is where there is none.</summary>
    public static double Fisher(Proportion left, Proportion right)
    {
        // Of all tables with the same margins, those at most as probable as the one at hand.
        double all = (double)left.Chances + right.Chances, happened = (double)left.Count + right.Count;
        double least = Math.Max(0, happened - right.Chances), most = Math.Min(happened, left.Chances);
        double Logarithm(double count) => LogBinomial(left.Chances, count) + LogBinomial(right.Chances, happened - count) - LogBinomial(all, happened);

        double seen = Logarithm(left.Count) + 1e-7;
        double peak = Math.Clamp(Math.Floor((left.Chances + 1.0) * (happened + 1) / (all + 2)), least, most);
        double sum = 0;
        foreach (int step in (ReadOnlySpan<int>)[-1, 1])
        {
            // From the most probable table outwards, until nothing more comes of it.
            for (double count = step < 0 ? peak : peak + 1; count >= least && count <= most; count += step)
            {
                double logarithm = Logarithm(count);
                if (logarithm <= seen)
                {
                    double part = Math.Exp(logarithm);
                    sum += part;
                    if (part < 1e-18)
                    {
                        break;
                    }
                }
            }
        }

        return Math.Min(sum, 1);
    }

    private static double LogBinomial(double n, double k) => LogGamma(n + 1) - LogGamma(k + 1) - LogGamma(n - k + 1);

    // Stirling's series; below 16 by Gamma(x) = Gamma(x+1)/x first.
    private static double LogGamma(double x)
    {
        double shift = 0;
        while (x < 16)
        {
            shift += Math.Log(x++);
        }

        double inverse = 1 / x, square = inverse * inverse;
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI))
            + (inverse * ((1 / 12.0) - (square * ((1 / 360.0) - (square / 1260.0))))) - shift;
    }
}
