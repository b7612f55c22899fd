namespace Differ.Schemas.Vocabulary;

/// <summary>The answer to a yes/no question about a machine that the trace shows only in part.</summary>
public enum Answer : byte
{
    /// <summary>The trace does not carry the bits that decide it.</summary>
    Unknown,

    /// <summary>Decided: no.</summary>
    No,

    /// <summary>Decided: yes.</summary>
    Yes,
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
    public static Truth operator &(Truth left, Truth right) =>
        left.Answer == Answer.No || right.Answer == Answer.No ? No
        : left.Answer == Answer.Yes && right.Answer == Answer.Yes ? Yes
        : default;

    /// <summary>At least one holds.</summary>
    public static Truth operator |(Truth left, Truth right) => !(!left & !right);

    /// <summary>It does not hold.</summary>
    public static Truth operator !(Truth value) => value.Answer switch
    {
        Answer.Yes => No,
        Answer.No => Yes,
        _ => default,
    };
}
