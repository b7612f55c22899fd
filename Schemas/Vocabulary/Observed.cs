namespace Differ.Schemas.Vocabulary;

/// <summary>How much is known about a value.</summary>
public enum Sight : byte
{
    /// <summary>The recording cannot tell: the tracepoint or field was not recorded, or events are missing.</summary>
    Unseen,

    /// <summary>The recording shows that there is no such value: it did not happen.</summary>
    Absent,

    /// <summary>The value is known.</summary>
    Known,
}

/// <summary>A value that is known, known not to exist, or not to be seen. "Not there" is not zero.</summary>
/// <typeparam name="T">The value's type.</typeparam>
public readonly record struct Observed<T>
    where T : struct
{
    private readonly T _value;

    private Observed(Sight sight, T value)
    {
        Sight = sight;
        _value = value;
    }

    /// <summary>How much is known; the default is <see cref="Sight.Unseen"/>.</summary>
    public Sight Sight { get; }

    /// <summary>Whether there is a value.</summary>
    public bool IsKnown => Sight == Sight.Known;

    /// <summary>The value.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public T Value => IsKnown ? _value : throw new InvalidOperationException("the value is not known");

    /// <summary>The recording shows that there is no value.</summary>
    public static Observed<T> Absent => new(Sight.Absent, default);

    /// <summary>The recording cannot tell.</summary>
    public static Observed<T> Unseen => default;

    /// <summary>A known value.</summary>
    public static Observed<T> Of(T value) => new(Sight.Known, value);

    /// <summary>The value, or <paramref name="otherwise"/> where there is none.</summary>
    public T Or(T otherwise) => IsKnown ? _value : otherwise;
}
