using System.Buffers.Binary;
using System.Numerics;

namespace Differ.Capture.Formats.Text;

/// <summary>Numbers as tracepoints print them.</summary>
/// <remarks>Most digits of a trace are read here, so eight are taken at once: a letter is a byte of a word, the first the lowest.</remarks>
internal static class TextNumber
{
    private const byte None = 0xff;

    // So many digits are taken at once.
    private const int Eight = sizeof(ulong);

    // A value in every byte of a word.
    private const ulong Bytes = 0x0101_0101_0101_0101, Tops = 0x80 * Bytes, Nibbles = 0x0f * Bytes;

    private static ReadOnlySpan<byte> Digits =>
    [
        None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None,
        None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None,
        None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, None, None, None, None, None, None,
        None, 10, 11, 12, 13, 14, 15, None, None, None, None, None, None, None, None, None,
        None, None, None, None, None, None, None, None, None, None, None, None, None, None, None, None,
        None, 10, 11, 12, 13, 14, 15, None, None, None, None, None, None, None, None, None,
    ];

    /// <summary>Reads a number: hexadecimal behind 0x and where asked, else decimal.</summary>
    /// <param name="text">Starts with the number.</param>
    /// <param name="hexadecimal">Whether it is hexadecimal without 0x too.</param>
    /// <param name="value">The number.</param>
    /// <param name="at">Moved behind it.</param>
    /// <returns>False when there is none, or more than 64 bits.</returns>
    public static bool Take(ReadOnlySpan<byte> text, bool hexadecimal, out ulong value, ref int at)
    {
        int i = IsMarked(text) ? 2 : 0;
        ReadOnlySpan<byte> digits = text[i..];
        int read = hexadecimal || i > 0 ? Hexadecimal(digits, out value) : Decimal(digits, out value);
        at += i + Math.Max(0, read);
        return read > 0;
    }

    /// <summary>Whether a number says that it is hexadecimal.</summary>
    public static bool IsMarked(ReadOnlySpan<byte> text) => text.Length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';

    /// <summary>Reads decimal digits.</summary>
    /// <param name="text">Starts with them.</param>
    /// <param name="value">The number.</param>
    /// <returns>How many digits there are; -1 for more than 64 bits.</returns>
    public static int Decimal(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        int at = 0;
        if (text.Length >= Eight)
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(text);
            at = DecimalDigits(word);
            value = at == 0 ? 0 : FromDecimal(word << (8 * (Eight - at)));
            if (at < Eight)
            {
                return at;
            }
        }

        for (; at < text.Length && unchecked((uint)(text[at] - '0')) <= 9; at++)
        {
            ulong digit = (ulong)(text[at] - '0');
            if (value > (ulong.MaxValue - 9) / 10 && value > (ulong.MaxValue - digit) / 10)
            {
                return -1;
            }

            value = unchecked((value * 10) + digit);
        }

        return at;
    }

    /// <summary>Reads hexadecimal digits.</summary>
    /// <param name="text">Starts with them.</param>
    /// <param name="value">The number.</param>
    /// <returns>How many digits there are; -1 for more than 64 bits.</returns>
    public static int Hexadecimal(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        int at = 0;
        for (int count = Eight; count == Eight && text.Length - at >= Eight; at += count)
        {
            ulong word = BinaryPrimitives.ReadUInt64LittleEndian(text[at..]);
            count = HexadecimalDigits(word);
            if (count == 0)
            {
                return at;
            }

            if (value >> (64 - (4 * count)) != 0)
            {
                return -1;
            }

            value = (count == Eight ? value << 32 : value << (4 * count)) | FromHexadecimal(word << (8 * (Eight - count)));
            if (count < Eight)
            {
                return at + count;
            }
        }

        for (; at < text.Length && Digit(text[at]) is var digit and not None; at++)
        {
            if (value >> 60 != 0)
            {
                return -1;
            }

            value = (value << 4) | digit;
        }

        return at;
    }

    /// <summary>A byte as two hexadecimal digits with no third letter or digit behind them; -1 where there is none.</summary>
    public static int Byte(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || Digit(text[0]) == None || Digit(text[1]) == None || (text.Length > 2 && char.IsAsciiLetterOrDigit((char)text[2])))
        {
            return -1;
        }

        return (Digit(text[0]) << 4) | Digit(text[1]);
    }

    /// <summary>The number of eight decimal digits, of which the first may be bytes of zero.</summary>
    /// <param name="word">The digits, the first of them lowest.</param>
    public static ulong FromDecimal(ulong word)
    {
        // Pairs, then fours, then all.
        unchecked
        {
            ulong pairs = ((word & Nibbles) * ((10 << 8) + 1)) >> 8;
            ulong fours = ((pairs & 0x00ff_00ff_00ff_00ff) * ((100 << 16) + 1)) >> 16;
            return ((fours & 0x0000_ffff_0000_ffff) * ((10_000UL << 32) + 1)) >> 32;
        }
    }

    /// <summary>The number of eight hexadecimal digits, of which the first may be bytes of zero.</summary>
    /// <param name="word">The digits, the first of them lowest.</param>
    public static ulong FromHexadecimal(ulong word)
    {
        // Letters have the bit 0x40 and count from 1.
        ulong digits = (word & Nibbles) + (9 * ((word >> 6) & Bytes));
        ulong pairs = ((digits << 4) | (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
        ulong fours = ((pairs << 8) | (pairs >> 16)) & 0x0000_ffff_0000_ffff;
        return ((fours << 16) | (fours >> 32)) & uint.MaxValue;
    }

    // How many bytes of a word are decimal digits before the first that is none.
    private static int DecimalDigits(ulong word)
    {
        // A digit is at most 9 now. Any other byte gets its top bit; what it carries goes to those behind it.
        ulong digits = word ^ (0x30 * Bytes);
        return BitOperations.TrailingZeroCount((unchecked(digits + (0x76 * Bytes)) | digits) & Tops) / 8;
    }

    // The same of hexadecimal ones. Sums of seven bits stay in their byte.
    private static int HexadecimalDigits(ulong word)
    {
        ulong low = word & ~Tops, small = low | (0x20 * Bytes);
        ulong isDecimal = (low + ((0x80 - '0') * Bytes)) & ~(low + ((0x7f - '9') * Bytes));
        ulong isLetter = (small + ((0x80 - 'a') * Bytes)) & ~(small + ((0x7f - 'f') * Bytes));
        return BitOperations.TrailingZeroCount((~(isDecimal | isLetter) | word) & Tops) / 8;
    }

    private static byte Digit(byte letter) => letter < Digits.Length ? Digits[letter] : None;
}
