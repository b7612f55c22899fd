namespace Differ.Schemas.Vocabulary;

/// <summary>The functions of KVM to look at when a rule is broken.</summary>
/// <param name="Names">Functions of the kernel; empty where there is none to name.</param>
/// <param name="WhyNone">Why none is named; empty where some are.</param>
public sealed record KvmFunctions(IReadOnlyList<string> Names, string WhyNone)
{
    /// <summary>The processor decides, and L0 has no part in it.</summary>
    public static KvmFunctions OfProcessor { get; } = new([], "none: the processor decides it");

    /// <summary>KVM has nothing of the kind.</summary>
    public static KvmFunctions Absent { get; } = new([], "none: KVM does not implement it");

    /// <summary>No single one.</summary>
    public static KvmFunctions Several { get; } = new([], "none alone: it comes out of several parts of KVM");

    /// <summary>The rule guides how a recording is read.</summary>
    public static KvmFunctions OfReading { get; } = new([], "none: it guides the reading of a recording");

    /// <summary>These.</summary>
    public static KvmFunctions By(params string[] names) => new(names, "");

    /// <inheritdoc/>
    public bool Equals(KvmFunctions? other) => other is not null && WhyNone == other.WhyNone && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(WhyNone, Names.Count);
}
