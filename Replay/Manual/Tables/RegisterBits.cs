using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Tables;

/// <summary>What a processor does with a 1 that software writes to a bit of a register (APM2, conventions and definitions).</summary>
internal enum BitKind
{
    /// <summary>It keeps the 1.</summary>
    Writable,

    /// <summary>RAZ: it drops the 1 and raises nothing.</summary>
    ReadsAsZero,

    /// <summary>RA1: it holds a 1 whatever is written.</summary>
    ReadsAsOne,

    /// <summary>MBZ: #GP, and for VMRUN an illegal state.</summary>
    MustBeZero,

    /// <summary>The manual does not say.</summary>
    Unspecified,
}

/// <summary>Neighbouring bits of a register that are treated alike.</summary>
/// <param name="High">The highest, 0 to 63.</param>
/// <param name="Low">The lowest.</param>
/// <param name="Name">The manual's mnemonic; empty for reserved bits.</param>
/// <param name="Kind">What becomes of a 1.</param>
internal sealed record RegisterBit(int High, int Low, string Name, BitKind Kind)
{
    /// <summary>A bit that every processor with SVM has.</summary>
    public RegisterBit(int bit, string name)
        : this(bit, bit, name, BitKind.Writable)
    {
    }

    /// <summary>Reserved bits.</summary>
    public RegisterBit(int high, int low, BitKind kind)
        : this(high, low, "", kind)
    {
    }

    /// <summary>The feature that makes the bits what <see cref="Kind"/> says; null where every processor with SVM has it.</summary>
    public CpuFeature? Feature { get; init; }

    /// <summary>What becomes of a 1 on a processor without <see cref="Feature"/>.</summary>
    public BitKind Without { get; init; }

    /// <summary>The bits.</summary>
    public ulong Mask { get; } = (ulong.MaxValue >> (63 - (High - Low))) << Low;

    /// <summary>Whether the bits are of a kind on a virtual CPU of which these features are known.</summary>
    public Truth Is(BitKind kind, Profile profile)
    {
        Truth with = Truth.Of(Kind == kind), without = Truth.Of(Without == kind);
        Truth has = Feature is { } feature ? profile.Has(feature) : Truth.Yes;
        return (has & with) | (!has & without) | (with & without);
    }
}

/// <summary>The 64 bits of a register: the one place that says which are reserved, how, and which feature brings the others.</summary>
/// <param name="section">Section of the manual, volume 2.</param>
/// <param name="rows">Each bit once, from the highest down.</param>
internal sealed class RegisterBits(string section, params RegisterBit[] rows)
{
    private readonly RegisterBit[] _rows = rows;

    /// <summary>Section of the manual, volume 2.</summary>
    public string Section { get; } = section;

    /// <summary>The rows, from bit 63 down.</summary>
    public IReadOnlyList<RegisterBit> Rows => _rows;

    /// <summary>The bits of which every write of 1 is dropped.</summary>
    public ulong ReadsAsZero { get; } = MaskOf(rows, BitKind.ReadsAsZero);

    /// <summary>The bits that hold a 1 whatever is written.</summary>
    public ulong ReadsAsOne { get; } = MaskOf(rows, BitKind.ReadsAsOne);

    /// <summary>The bits that the manual leaves open on every processor.</summary>
    public ulong Unspecified { get; } = MaskOf(rows, BitKind.Unspecified);

    /// <summary>Whether a bit is set that must be zero. A bit that a feature decides is unknown while the feature is.</summary>
    /// <param name="value">The value.</param>
    /// <param name="profile">The virtual CPU.</param>
    public Truth SetsMustBeZero(Bits64 value, Profile profile) => Sets(value, BitKind.MustBeZero, profile);

    /// <summary>Whether a value is refused. As <see cref="SetsMustBeZero"/>, and unknown where a bit is set of which the manual does not say.</summary>
    /// <param name="value">The value.</param>
    /// <param name="profile">The virtual CPU.</param>
    public Truth IsRefused(Bits64 value, Profile profile) =>
        SetsMustBeZero(value, profile) | (Sets(value, BitKind.Unspecified, profile) & Truth.Unknown);

    /// <summary>What the register holds of a value that is written to it and not refused.</summary>
    public ulong Kept(ulong value) => (value & ~ReadsAsZero) | ReadsAsOne;

    /// <summary>The same on a processor of which the features are known: a bit that its feature makes writable is fixed without it.</summary>
    /// <param name="value">The value.</param>
    /// <param name="profile">The processor.</param>
    public ulong Kept(ulong value, Profile profile)
    {
        ulong kept = Kept(value);
        foreach (RegisterBit row in _rows)
        {
            kept = row.Feature is not null && row.Is(BitKind.ReadsAsOne, profile).IsYes ? kept | row.Mask : kept;
        }

        return kept;
    }

    private static ulong MaskOf(RegisterBit[] rows, BitKind kind) => rows.Where(row => row.Kind == kind).Aggregate(0UL, static (mask, row) => mask | row.Mask);

    private Truth Sets(Bits64 value, BitKind kind, Profile profile)
    {
        Truth any = Truth.No;
        foreach (RegisterBit row in _rows)
        {
            if (row.Kind == kind || row.Without == kind)
            {
                any |= value.Any(row.Mask) & row.Is(kind, profile);
            }
        }

        return any;
    }
}
