using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Differ.Capture.Formats.Text;

/// <summary>What letters can be part of, and blanks.</summary>
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

    /// <summary>A text without blanks around it.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        int start = SkipBlanks(text, 0);
        int end = text.Length;
        while (end > start && text[end - 1] is (byte)' ' or (byte)'\t' or (byte)'\r')
        {
            end--;
        }

        return text[start..end];
    }

    /// <summary>Where a text goes on behind blanks: one, or the many of a column.</summary>
    public static int SkipBlanks(ReadOnlySpan<byte> text, int at)
    {
        const ulong Blanks = 0x2020_2020_2020_2020;
        for (; text.Length - at >= sizeof(ulong); at += sizeof(ulong))
        {
            ulong others = BinaryPrimitives.ReadUInt64LittleEndian(text[at..]) ^ Blanks;
            if (others != 0)
            {
                at += BitOperations.TrailingZeroCount(others) / 8;
                break;
            }
        }

        while (at < text.Length && text[at] is (byte)' ' or (byte)'\t')
        {
            at++;
        }

        return at;
    }

    private static bool[] Table(Func<char, bool> holds) => [.. Enumerable.Range(0, byte.MaxValue + 1).Select(letter => holds((char)letter))];
}
