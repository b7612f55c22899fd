namespace Differ.Schemas.Vocabulary;

/// <summary>How exceptions combine when one occurs while another is being delivered (APM2 8.2.9, table 8-3).</summary>
public enum ExceptionClass : byte
{
    /// <summary>Delivered one after the other.</summary>
    Benign,

    /// <summary>Two of them make #DF.</summary>
    Contributory,

    /// <summary>#PF followed by #PF or a contributory exception makes #DF.</summary>
    PageFault,

    /// <summary>#DF followed by a contributory exception or #PF makes shutdown.</summary>
    DoubleFault,
}

/// <summary>One exception vector.</summary>
/// <param name="Vector">0..31.</param>
/// <param name="Name">The manual's mnemonic; null where the vector is reserved.</param>
/// <param name="Class">How it combines with another exception.</param>
/// <param name="HasErrorCode">Whether it pushes an error code in protected mode.</param>
public sealed record ExceptionVector(byte Vector, string? Name, ExceptionClass Class, bool HasErrorCode)
{
    /// <summary>Vectors that rules name.</summary>
    public const byte DE = 0, DB = 1, Nmi = 2, BP = 3, OF = 4, BR = 5, UD = 6, DF = 8, NP = 11, GP = 13, PF = 14, MF = 16, AC = 17, MC = 18, CP = 21, VC = 29, SX = 30;

    /// <summary>APM2 table 8-1, in its order.</summary>
    public static IReadOnlyList<ExceptionVector> All { get; } =
    [
        new(0, "#DE", ExceptionClass.Contributory, false),
        new(1, "#DB", ExceptionClass.Benign, false),
        new(2, null, ExceptionClass.Benign, false),
        new(3, "#BP", ExceptionClass.Benign, false),
        new(4, "#OF", ExceptionClass.Benign, false),
        new(5, "#BR", ExceptionClass.Benign, false),
        new(6, "#UD", ExceptionClass.Benign, false),
        new(7, "#NM", ExceptionClass.Benign, false),
        new(8, "#DF", ExceptionClass.DoubleFault, true),
        new(9, null, ExceptionClass.Benign, false),
        new(10, "#TS", ExceptionClass.Contributory, true),
        new(11, "#NP", ExceptionClass.Contributory, true),
        new(12, "#SS", ExceptionClass.Contributory, true),
        new(13, "#GP", ExceptionClass.Contributory, true),
        new(14, "#PF", ExceptionClass.PageFault, true),
        new(15, null, ExceptionClass.Benign, false),
        new(16, "#MF", ExceptionClass.Benign, false),
        new(17, "#AC", ExceptionClass.Benign, true),
        new(18, "#MC", ExceptionClass.Benign, false),
        new(19, "#XF", ExceptionClass.Benign, false),
        new(20, null, ExceptionClass.Benign, false),
        new(21, "#CP", ExceptionClass.Contributory, true),
        new(22, null, ExceptionClass.Benign, false),
        new(23, null, ExceptionClass.Benign, false),
        new(24, null, ExceptionClass.Benign, false),
        new(25, null, ExceptionClass.Benign, false),
        new(26, null, ExceptionClass.Benign, false),
        new(27, null, ExceptionClass.Benign, false),
        new(28, "#HV", ExceptionClass.Benign, false),
        new(29, "#VC", ExceptionClass.Contributory, true),
        new(30, "#SX", ExceptionClass.Contributory, true),
        new(31, null, ExceptionClass.Benign, false),
    ];

    /// <summary>Mnemonic, or the number where the manual has none.</summary>
    public static string NameOf(ulong vector) => vector < 32 && All[(int)vector].Name is { } name ? name : $"vector 0x{vector:x}";

    /// <summary>Whether an exception of this vector pushes an error code in protected mode.</summary>
    public static bool PushesErrorCode(byte vector) => vector < 32 && All[vector].HasErrorCode;

    /// <summary>Whether the second exception, raised while the first is delivered, turns both into #DF (APM2 table 8-3).</summary>
    public static bool MakesDoubleFault(byte first, byte second)
    {
        if (first >= 32 || second >= 32)
        {
            return false;
        }

        ExceptionClass of = All[first].Class;
        ExceptionClass by = All[second].Class;
        return (of == ExceptionClass.Contributory && by == ExceptionClass.Contributory)
            || (of == ExceptionClass.PageFault && by is ExceptionClass.Contributory or ExceptionClass.PageFault);
    }
}
