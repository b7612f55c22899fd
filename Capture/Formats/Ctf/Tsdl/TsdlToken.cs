namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>What a word of TSDL is.</summary>
internal enum TsdlTokenKind : byte
{
    /// <summary>The text is over.</summary>
    End,

    /// <summary>A name or a keyword.</summary>
    Name,

    /// <summary>A number.</summary>
    Number,

    /// <summary>A text in quotes.</summary>
    Text,

    /// <summary>A sign: one letter, or := or ... .</summary>
    Sign,
}

/// <summary>A word of TSDL.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">A name, what stands in the quotes, or the sign.</param>
/// <param name="Number">The number, modulo 2^64.</param>
/// <param name="Line">The line it stands in, from 1.</param>
internal readonly record struct TsdlToken(TsdlTokenKind Kind, string Text, ulong Number, int Line);
