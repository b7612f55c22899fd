using System.Globalization;
using System.Text;

namespace Differ.Cli.Browse;

/// <summary>Columns of a terminal that characters take.</summary>
internal static class Columns
{
    // Hangul Jamo; CJK and Kana; Hangul; compatibility ideographs and forms; full width; pictures; further ideographs (Unicode, East Asian Width).
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115f), (0x2e80, 0x303e), (0x3041, 0xa4cf), (0xac00, 0xd7a3), (0xf900, 0xfaff), (0xfe30, 0xfe6f), (0xff00, 0xff60), (0xffe0, 0xffe6),
        (0x1f300, 0x1f64f), (0x1f900, 0x1f9ff), (0x20000, 0x3fffd),
    ];

    /// <summary>Columns of a character: 0 where it is drawn over the one before, 2 where it is wide.</summary>
    public static int Of(Rune rune) => rune.IsAscii ? 1
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? 0
        : Wide.Any(range => rune.Value >= range.First && rune.Value <= range.Last) ? 2 : 1;

    /// <summary>Characters of a text, from its start, that fit into some columns.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">The columns.</param>
    /// <param name="used">Columns that those characters take.</param>
    public static int Fit(ReadOnlySpan<char> text, int width, out int used)
    {
        int length = 0;
        used = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            int columns = Of(rune);
            if (used + columns > width)
            {
                break;
            }

            used += columns;
            length += rune.Utf16SequenceLength;
        }

        return Math.Min(length, text.Length);
    }
}
