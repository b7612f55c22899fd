using System.Runtime.CompilerServices;

namespace Differ.Schemas.Vocabulary;

/// <summary>A 64-bit register of which some bits may be unknown.</summary>
/// <param name="Value">Bit values; a bit outside <paramref name="Known"/> is meaningless.</param>
/// <param name="Known">Mask of the bits the trace or the model has established; the default is none.</param>
public readonly record struct Bits64(ulong Value, ulong Known)
{
    /// <summary>A register of which nothing is known.</summary>
    public static Bits64 Hidden => default;

    /// <summary>Whether every bit is known.</summary>
    public bool IsKnown => Known == ulong.MaxValue;

    /// <summary>A register whose 64 bits are all known.</summary>
    public static Bits64 Of(ulong value) => new(value, ulong.MaxValue);

    /// <summary>Whether bit <paramref name="index"/> (0..63) is set.</summary>
    public Truth this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ((Known >> index) & 1) == 0 ? Truth.Unknown : Truth.Of(((Value >> index) & 1) == 1);
    }

    /// <summary>Whether any bit of <paramref name="mask"/> is set.</summary>
    public Truth Any(ulong mask) =>
        (Value & Known & mask) != 0 ? Truth.Yes
        : (Known & mask) == mask ? Truth.No
        : default;

    /// <summary>Whether the bits of <paramref name="mask"/> equal those of <paramref name="value"/>.</summary>
    public Truth Equal(ulong value, ulong mask) =>
        ((Value ^ value) & Known & mask) != 0 ? Truth.No
        : (Known & mask) == mask ? Truth.Yes
        : default;

    /// <summary>The same register with bit <paramref name="index"/> set.</summary>
    public Bits64 Set(int index) => new(Value | (1UL << index), Known | (1UL << index));

    /// <summary>The same register with bit <paramref name="index"/> clear.</summary>
    public Bits64 Clear(int index) => new(Value & ~(1UL << index), Known | (1UL << index));

    /// <summary>The same register with bit <paramref name="index"/> not shown by the trace.</summary>
    public Bits64 Hide(int index) => this with { Known = Known & ~(1UL << index) };
}
