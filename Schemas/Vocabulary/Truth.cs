using System.Runtime.CompilerServices;

namespace Differ.Schemas.Vocabulary;

/// <summary>The answer to a yes/no question about a machine that the trace shows only in part.</summary>
/// <remarks>The numbers make Kleene's logic arithmetic: "and" is the smaller, "or" the larger, "not" the negative.</remarks>
public enum Answer : sbyte
{
    /// <summary>Decided: no.</summary>
    No = -1,

    /// <summary>The trace does not carry the bits that decide it.</summary>
    Unknown = 0,

    /// <summary>Decided: yes.</summary>
    Yes = 1,
}

/// <summary>Kleene's three-valued logic over <see cref="Answer"/>: a known <c>No</c> decides an "and", a known <c>Yes</c> an "or".</summary>
/// <param name="Answer">The value; the default is unknown.</param>
public readonly record struct Truth(Answer Answer)
{
    /// <summary>Decided: yes.</summary>
    public static Truth Yes => new(Answer.Yes);

    /// <summary>Decided: no.</summary>
    public static Truth No => new(Answer.No);

    /// <summary>Not decided by what is known.</summary>
    public static Truth Unknown => default;

    /// <summary>Decided yes.</summary>
    public bool IsYes => Answer == Answer.Yes;

    /// <summary>Decided no.</summary>
    public bool IsNo => Answer == Answer.No;

    /// <summary>Undecided.</summary>
    public bool IsUnknown => Answer == Answer.Unknown;

    /// <summary>A decided answer.</summary>
    public static Truth Of(bool value) => new(value ? Answer.Yes : Answer.No);

    /// <summary>Both hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Truth operator &(Truth left, Truth right) => left.Answer < right.Answer ? left : right;

    /// <summary>At least one holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Truth operator |(Truth left, Truth right) => left.Answer > right.Answer ? left : right;

    /// <summary>It does not hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Truth operator !(Truth value) => new((Answer)(-(int)value.Answer));
}
