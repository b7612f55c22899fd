namespace Differ.Capture.Formats.Text;

/// <summary>Numbers as tracepoints print them.</summary>
internal static class TextNumber
{
    private const byte None = 0xff;

    // So many decimal digits fit into 64 bits whatever they are.
    private const int SafeDigits = 19;

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
        int i = 0;
        if (text.Length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x')
        {
            i = 2;
            hexadecimal = true;
        }

        int start = i;
        ulong number = 0;
        if (hexadecimal)
        {
            for (; i < text.Length && Digit(text[i]) is var digit and not None; i++)
            {
                if (number >> 60 != 0)
                {
                    value = 0;
                    return false;
                }

                number = (number << 4) | digit;
            }
        }
        else
        {
            for (; i < text.Length && text[i] is >= (byte)'0' and <= (byte)'9'; i++)
            {
                ulong digit = (ulong)(text[i] - '0');
                if (i - start >= SafeDigits && number > (ulong.MaxValue - digit) / 10)
                {
                    value = 0;
                    return false;
                }

                number = unchecked((number * 10) + digit);
            }
        }

        value = number;
        at += i;
        return i > start;
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

    private static byte Digit(byte letter) => letter < Digits.Length ? Digits[letter] : None;
}
