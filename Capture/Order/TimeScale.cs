using System.Runtime.CompilerServices;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Order;

/// <summary>Turns the numbers of a capture's clock into times of the run.</summary>
/// <param name="Multiplier">Scaled nanoseconds per tick; 0 leaves the numbers as they are.</param>
/// <param name="Shift">Right shift of the scaled product, 0..63.</param>
/// <param name="Offset">Nanoseconds added, modulo 2^64.</param>
/// <example>Multiplier 3, shift 1, offset 100: tick 10 is at 115 ns.</example>
internal readonly record struct TimeScale(uint Multiplier, int Shift, ulong Offset)
{
    /// <summary>The time of a tick, modulo 2^64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ClockTime Apply(ulong ticks)
    {
        if (Multiplier == 0)
        {
            return new ClockTime(unchecked(ticks + Offset));
        }

        // The product has 96 bits. Not UInt128: it is the one type that is not compiled ahead of time (benchmark DecodeBenchmarks.Walk).
        ulong high = Math.BigMul(ticks, Multiplier, out ulong low);
        ulong scaled = Shift == 0 ? low : unchecked((high << (64 - Shift)) | (low >> Shift));
        return new ClockTime(unchecked(scaled + Offset));
    }
}
