namespace Differ.Capture.Formats.Ctf;

/// <summary>What a step of a plan does.</summary>
internal enum CtfStepKind : byte
{
    /// <summary>Goes to the next multiple of the alignment.</summary>
    Align,

    /// <summary>Reads a number.</summary>
    Number,

    /// <summary>Reads bytes up to a zero.</summary>
    String,

    /// <summary>Does the steps inside a fixed number of times.</summary>
    Repeat,

    /// <summary>Does them as often as a register says.</summary>
    RepeatByRegister,

    /// <summary>Does the steps of the option that a register chooses.</summary>
    Choose,
}

/// <summary>Where the elements of an array go.</summary>
internal enum CtfElements : byte
{
    /// <summary>Nowhere.</summary>
    Nowhere,

    /// <summary>Into the fixed part of the record, one behind the other.</summary>
    Inside,

    /// <summary>Behind the fixed part, whose place is in it.</summary>
    Behind,

    /// <summary>Up to eight bytes into one number.</summary>
    OneNumber,
}

/// <summary>A step by which a value is read, compiled from its type.</summary>
/// <param name="kind">What it does.</param>
/// <param name="align">Bits; the step starts at a multiple of them.</param>
internal sealed class CtfStep(CtfStepKind kind, int align)
{
    /// <summary>What it does.</summary>
    public CtfStepKind Kind { get; } = kind;

    /// <summary>The alignment less one.</summary>
    public long AlignMask { get; } = align - 1;

    /// <summary>Bits of a number.</summary>
    public int Bits { get; init; }

    /// <summary>Whether a number is signed.</summary>
    public bool Signed { get; init; }

    /// <summary>Whether a number has its most significant byte first.</summary>
    public bool BigEndian { get; init; }

    /// <summary>Whether a number is the low part of the stream's clock.</summary>
    public bool IsTime { get; init; }

    /// <summary>Whether a number tells which event this is.</summary>
    public bool IsEventId { get; init; }

    /// <summary>Where a number is kept for a later step; or where that step finds it. -1 for nowhere.</summary>
    public int Register { get; set; } = -1;

    /// <summary>Where a number, or the place of what is read, goes in the record; -1 for nowhere.</summary>
    public int Out { get; set; } = -1;

    /// <summary>Where the elements of an array go.</summary>
    public CtfElements Elements { get; set; }

    /// <summary>Bytes of each element in the record.</summary>
    public int ElementSize { get; set; }

    /// <summary>How often the steps inside are done.</summary>
    public ulong Count { get; init; }

    /// <summary>Whether a number is needed beyond the record.</summary>
    public bool IsKept => Register >= 0 || IsEventId || IsTime;

    public CtfStep[] Inside { get; init; } = [];

    /// <summary>The numbers that choose an option, with the option.</summary>
    public (ulong First, ulong Last, int Option)[] Ranges { get; set; } = [];

    /// <summary>Whether those numbers are compared as signed ones.</summary>
    public bool RangesAreSigned { get; set; }

    /// <summary>The steps of each option.</summary>
    public CtfStep[][] Options { get; init; } = [];
}
