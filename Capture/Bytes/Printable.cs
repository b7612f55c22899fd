namespace Differ.Capture.Bytes;

/// <summary>Texts of a capture that people will read on a terminal.</summary>
internal static class Printable
{
    /// <summary>The text with a question mark for every control character.</summary>
    public static string Of(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter)) : text;
}
