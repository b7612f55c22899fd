namespace Differ.Schemas.Run;

/// <summary>A set of the tracepoints Differ reads.</summary>
/// <param name="Bits">Bit n stands for <see cref="KvmEventKind"/> n; bit 62 for kvm_exit, bit 63 for kvm_entry.</param>
public readonly record struct TracepointSet(ulong Bits)
{
    private const int ExitBit = 62, EntryBit = 63;

    /// <summary>kvm_exit.</summary>
    public static TracepointSet Exit => new(1UL << ExitBit);

    /// <summary>kvm_entry.</summary>
    public static TracepointSet Entry => new(1UL << EntryBit);

    /// <summary>Whether the set is empty.</summary>
    public bool IsEmpty => Bits == 0;

    /// <summary>The set of one kind.</summary>
    public static TracepointSet Of(KvmEventKind kind) => new(1UL << (int)kind);

    /// <summary>Whether a kind is in the set.</summary>
    public bool Has(KvmEventKind kind) => (Bits >> (int)kind & 1) != 0;

    /// <summary>Whether every member of <paramref name="other"/> is in this set.</summary>
    public bool Covers(TracepointSet other) => (other.Bits & ~Bits) == 0;

    /// <summary>Members of either set.</summary>
    public static TracepointSet operator |(TracepointSet left, TracepointSet right) => new(left.Bits | right.Bits);

    /// <summary>Members of both sets.</summary>
    public static TracepointSet operator &(TracepointSet left, TracepointSet right) => new(left.Bits & right.Bits);

    /// <summary>Members of <paramref name="left"/> that are not in <paramref name="right"/>.</summary>
    public static TracepointSet operator -(TracepointSet left, TracepointSet right) => new(left.Bits & ~right.Bits);
}
