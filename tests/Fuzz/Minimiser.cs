using System.Diagnostics;

namespace Differ.Fuzz;

/// <summary>Makes an input smaller that fails, as long as it fails the same way.</summary>
/// <remarks>Source: A. Zeller, R. Hildebrandt, Simplifying and Isolating Failure-Inducing Input (2002): leaves out parts, ever smaller ones.</remarks>
internal static class Minimiser
{
    /// <summary>A smaller input, or the same.</summary>
    /// <param name="input">The input.</param>
    /// <param name="fails">Whether an input still fails.</param>
    /// <param name="budget">How long it may take.</param>
    public static FuzzInput Of(FuzzInput input, Func<FuzzInput, bool> fails, TimeSpan budget)
    {
        long since = Stopwatch.GetTimestamp();
        foreach (string name in input.Files.Keys.Order(StringComparer.Ordinal).ToList())
        {
            for (int size = input.Files[name].Length / 2; size > 0; size /= 2)
            {
                input = WithoutParts(input, name, size, fails, () => Stopwatch.GetElapsedTime(since) > budget);
            }
        }

        return input;
    }

    private static FuzzInput WithoutParts(FuzzInput input, string name, int size, Func<FuzzInput, bool> fails, Func<bool> isOver)
    {
        for (int at = 0; at < input.Files[name].Length && !isOver();)
        {
            byte[] bytes = input.Files[name];
            FuzzInput smaller = input.With(name, [.. bytes.AsSpan(0, at), .. bytes.AsSpan(Math.Min(bytes.Length, at + size))]);
            if (fails(smaller))
            {
                input = smaller;
            }
            else
            {
                at += size;
            }
        }

        return input;
    }
}
