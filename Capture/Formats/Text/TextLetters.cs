using System.Runtime.Intrinsics;

namespace Differ.Capture.Formats.Text;

/// <summary>What letters can be part of.</summary>
internal static class TextLetters
{
    // Every value of a byte has its place: no index is out of bounds.
    private static readonly bool[] Names = Table(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.');
    private static readonly bool[] Events = Table(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '_');

    /// <summary>Whether a letter can be part of the name of any event or group.</summary>
    public static bool IsName(byte letter) => Names[letter];

    /// <summary>Whether a letter can be part of the name of an event of kvm.</summary>
    public static bool IsEvent(byte letter) => Events[letter];

    /// <summary>Which of many letters are decimal digits: all bits of a byte or none.</summary>
    public static Vector256<byte> AreDecimal(Vector256<byte> letters) =>
        Vector256.LessThanOrEqual(letters - Vector256.Create((byte)'0'), Vector256.Create((byte)9));

    /// <summary>Which of many letters are hexadecimal digits.</summary>
    public static Vector256<byte> AreHexadecimal(Vector256<byte> letters) => AreDecimal(letters)
        | Vector256.LessThanOrEqual((letters | Vector256.Create((byte)0x20)) - Vector256.Create((byte)'a'), Vector256.Create((byte)5));

    private static bool[] Table(Func<char, bool> holds) => [.. Enumerable.Range(0, byte.MaxValue + 1).Select(letter => holds((char)letter))];
}
