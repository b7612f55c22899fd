using System.Buffers;

namespace Differ.Capture.Formats.Text;

/// <summary>Undoes what mailers, browsers and terminals do to a text: their own blanks, entities, colours, and quoted-printable lines.</summary>
/// <remarks>What comes out is never longer than what goes in. A text that shows none of it at its start is not touched.</remarks>
internal sealed class TextMender
{
    /// <summary>Bytes that may belong together, and are therefore not parted.</summary>
    public const int LongestPiece = 24;

    private static readonly (byte[] From, byte[] To)[] Words =
    [
        ([.. "\u00a0"u8], [.. " "u8]), ([.. "\u202f"u8], [.. " "u8]), ([.. "\u200b"u8], []), ([.. "\ufeff"u8], []), ([.. "\t"u8], [.. " "u8]),
        ([.. "&gt;"u8], [.. ">"u8]), ([.. "&lt;"u8], [.. "<"u8]), ([.. "&amp;"u8], [.. "&"u8]), ([.. "&quot;"u8], [.. "\""u8]),
        ([.. "&nbsp;"u8], [.. " "u8]), ([.. "&#160;"u8], [.. " "u8]), ([.. "&#39;"u8], [.. "'"u8]), ([.. "&#x27;"u8], [.. "'"u8]),
    ];

    private static readonly (byte[] From, byte[] To)[] PrintableWords =
        [([.. "=\n"u8], []), ([.. "=\r\n"u8], []), ([.. "=C2=A0"u8], [.. " "u8]), ([.. "=E2=80=AF"u8], [.. " "u8])];

    private readonly (byte[] From, byte[] To)[] _words;
    private readonly SearchValues<byte> _starts;
    private readonly bool _printable;

    private TextMender(bool printable)
    {
        _printable = printable;
        _words = printable ? [.. Words, .. PrintableWords] : Words;
        _starts = SearchValues.Create([.. _words.Select(word => word.From[0]).Append(Escape).Distinct()]);
    }

    private const byte Escape = 0x1b;

    /// <summary>The mender for a text; null where there is nothing to mend.</summary>
    /// <param name="start">Its start.</param>
    public static TextMender? For(ReadOnlySpan<byte> start)
    {
        bool printable = start.IndexOf("quoted-printable"u8) >= 0;
        bool needed = printable || start.IndexOf("\u001b["u8) >= 0;
        for (int i = 0; i < Words.Length && !needed; i++)
        {
            needed = start.IndexOf(Words[i].From) >= 0;
        }

        return needed ? new TextMender(printable) : null;
    }

    /// <summary>Mends a piece of the text.</summary>
    /// <param name="from">The piece.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="last">Whether nothing follows it.</param>
    /// <returns>Bytes read, and bytes written. What may belong to what follows is left.</returns>
    public (int Read, int Written) Mend(ReadOnlySpan<byte> from, Span<byte> to, bool last)
    {
        int at = 0, written = 0;
        while (at < from.Length && written < to.Length)
        {
            ReadOnlySpan<byte> rest = from[at..];
            int plain = rest.IndexOfAny(_starts) is >= 0 and int found ? found : rest.Length;
            plain = Math.Min(plain, to.Length - written);
            rest[..plain].CopyTo(to[written..]);
            at += plain;
            written += plain;
            rest = from[at..];
            if (rest.Length == 0 || written == to.Length || (rest.Length < LongestPiece && !last))
            {
                break;
            }

            at += Take(rest, to, ref written);
        }

        return (at, written);
    }

    private int Take(ReadOnlySpan<byte> rest, Span<byte> to, ref int written)
    {
        foreach ((byte[] word, byte[] meant) in _words)
        {
            if (rest.StartsWith(word))
            {
                meant.CopyTo(to[written..]);
                written += meant.Length;
                return word.Length;
            }
        }

        if (rest[0] == Escape && ColourLength(rest) is > 0 and var colour)
        {
            return colour;
        }

        if (_printable && rest[0] == (byte)'=' && TextNumber.Byte(rest[1..Math.Min(rest.Length, 3)]) is >= 0 and var meantByte)
        {
            to[written++] = (byte)meantByte;
            return 3;
        }

        to[written++] = rest[0];
        return 1;
    }

    // ESC [ parameters, and a letter.
    private static int ColourLength(ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 3 || rest[1] != (byte)'[')
        {
            return 0;
        }

        int end = rest[2..Math.Min(rest.Length, LongestPiece)].IndexOfAnyInRange((byte)'@', (byte)'~');
        return end < 0 ? 0 : end + 3;
    }
}
