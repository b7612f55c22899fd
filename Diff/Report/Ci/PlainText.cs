using System.Globalization;
using System.Text;

namespace Differ.Diff.Report.Ci;

/// <summary>Texts that come out of captures and file names, made harmless for formats in which a line or a character means something.</summary>
internal static class PlainText
{
    private const string Ellipsis = " …";

    /// <summary>
    /// The text in one line: what ends a line or controls a terminal or the direction of writing becomes its number, as \u001b; what is no
    /// character becomes a question mark in a diamond.
    /// </summary>
    public static string Of(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            // The lone half of a character is enumerated as U+FFFD. XML knows neither FFFE nor FFFF.
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            bool isUnsafe = category is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                || (rune.Value & 0xfffe) == 0xfffe;
            _ = isUnsafe ? plain.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}") : plain.Append(rune.ToString());
        }

        return plain.ToString();
    }

    /// <summary>The same, cut behind so many characters.</summary>
    public static string Of(string text, int most) => Cut(Of(text), most);

    /// <summary>A text cut behind so many characters, never between the halves of one.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text
        : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most), Ellipsis);
}
