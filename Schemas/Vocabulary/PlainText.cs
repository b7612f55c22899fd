using System.Buffers;
using System.Globalization;
using System.Text;

namespace Differ.Schemas.Vocabulary;

/// <summary>
/// The one way of a foreign text to a person, a log or a report: a name of a process, host, event, field or file, a member of an archive,
/// a reason of a baseline, a text of a run or report. What controls a terminal, ends a line or turns the direction of writing is made visible.
/// </summary>
public static class PlainText
{
    private const string Ellipsis = " …";

    // A byte of a name that is no UTF-8, as Utf8Text has it.
    private const char FirstByte = '\udc80', LastByte = '\udcff';

    // C0, DEL and C1; the category "format" below U+10000, with what turns the direction of writing (U+200E and F, U+202A to E,
    // U+2066 to 9, U+061C); the separators of lines and paragraphs; what is no character. Halves of characters are looked at one by one.
    private static readonly SearchValues<char> SuspectInLines = SearchValues.Create([
        .. From('\0', '\u0008'), .. From('\u000b', '\u001f'), .. From('\u007f', '\u009f'), '\u00ad', .. From('\u0600', '\u0605'), '\u061c', '\u06dd', '\u070f', '\u0890', '\u0891', '\u08e2',
        '\u180e', .. From('\u200b', '\u200f'), .. From('\u2028', '\u202e'), .. From('\u2060', '\u206f'), .. From('\ud800', '\udfff'),
        '\ufeff', .. From('\ufff9', '\ufffb'), '\ufffe', '\uffff']);

    /// <summary>
    /// The text in one line of visible characters: what is unsafe becomes its number, as \u001b, and a byte that is no UTF-8 as \xff.
    /// A text that is plain comes back as it is, so that to do it twice changes nothing.
    /// </summary>
    public static string Of(string text) => IndexOfSuspect(text) < 0 ? text : Append(new StringBuilder(text.Length + 16), text, except: "").ToString();

    /// <summary>The same of bytes that should be UTF-8.</summary>
    public static string Of(ReadOnlySpan<byte> utf8) => Of(Utf8Text.Decode(utf8));

    /// <summary>The same, cut behind so many characters.</summary>
    public static string Of(string text, int most) => Cut(Of(text), most);

    /// <summary>A text cut behind so many characters, never between the halves of one.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text
        : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[most - 1]) ? most - 1 : most), Ellipsis);

    /// <summary>Where the first character stands that may be unsafe in lines of text with tabs; -1 where none is.</summary>
    public static int IndexOfSuspectInLines(ReadOnlySpan<char> text) => text.IndexOfAny(SuspectInLines);

    /// <summary>Appends a text as <see cref="Of(string)"/> has it.</summary>
    /// <param name="plain">Where to.</param>
    /// <param name="text">The text.</param>
    /// <param name="except">What stays as it is although it is unsafe.</param>
    /// <returns><paramref name="plain"/>.</returns>
    public static StringBuilder Append(StringBuilder plain, ReadOnlySpan<char> text, ReadOnlySpan<char> except)
    {
        while (text.Length > 0)
        {
            int safe = IndexOfSuspect(text) is >= 0 and int found ? found : text.Length;
            plain.Append(text[..safe]);
            text = text[safe..];
            if (text.Length > 0)
            {
                text = text[AppendSuspect(plain, text, except)..];
            }
        }

        return plain;
    }

    private static int IndexOfSuspect(ReadOnlySpan<char> text)
    {
        int inLines = text.IndexOfAny(SuspectInLines);
        int line = (inLines < 0 ? text : text[..inLines]).IndexOfAny('\n', '\t');
        return line >= 0 ? line : inLines;
    }

    // Appends what stands first, and says how long it is.
    private static int AppendSuspect(StringBuilder plain, ReadOnlySpan<char> text, ReadOnlySpan<char> except)
    {
        bool isWhole = Rune.DecodeFromUtf16(text, out Rune rune, out int length) == OperationStatus.Done;
        if (isWhole && (!IsUnsafe(rune) || except.Contains(text[0])))
        {
            plain.Append(text[..length]);
        }
        else if (text[0] is >= FirstByte and <= LastByte)
        {
            plain.Append(CultureInfo.InvariantCulture, $"\\x{text[0] - FirstByte + Utf8Text.FirstForeign:x2}");
        }
        else
        {
            foreach (char unit in text[..length])
            {
                plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
            }
        }

        return length;
    }

    // XML knows neither FFFE nor FFFF.
    private static bool IsUnsafe(Rune rune) => (rune.Value & 0xfffe) == 0xfffe
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static IEnumerable<char> From(char first, char last) => Enumerable.Range(first, last - first + 1).Select(letter => (char)letter);
}
