using System.Text;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>
/// The last gate to a terminal, a log or a report: ends of lines, tabs and Differ's own colours pass, and every other control character is
/// made visible as <see cref="PlainText"/> has it, which JSON reads as what it was.
/// </summary>
/// <param name="inner">Where it goes.</param>
internal sealed class PlainWriter(TextWriter inner) : TextWriter
{
    private const string Kept = "\n\t";

    private readonly StringBuilder _plain = new();
    private char _half;

    /// <summary>Whether colours pass.</summary>
    public bool HasColours { get; set; }

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(StringBuilder? value)
    {
        foreach (ReadOnlyMemory<char> chunk in value?.GetChunks() ?? default)
        {
            Write(chunk.Span);
        }
    }

    public override void Write(ReadOnlySpan<char> buffer)
    {
        // The other half of a character may come with the next piece.
        if (_half != '\0' || (buffer.Length > 0 && char.IsHighSurrogate(buffer[^1])))
        {
            string whole = _half == '\0' ? buffer.ToString() : $"{_half}{buffer}";
            _half = whole.Length > 0 && char.IsHighSurrogate(whole[^1]) ? whole[^1] : '\0';
            WriteWhole(_half == '\0' ? whole : whole.AsSpan(0, whole.Length - 1));
        }
        else
        {
            WriteWhole(buffer);
        }
    }

    public override void Flush()
    {
        if (_half != '\0')
        {
            inner.Write(PlainText.Of(_half.ToString()));
            _half = '\0';
        }

        inner.Flush();
    }

    private void WriteWhole(ReadOnlySpan<char> text)
    {
        while (text.Length > 0)
        {
            int end = PlainText.IndexOfSuspectInLines(text);
            if (end < 0)
            {
                inner.Write(text);
                return;
            }

            inner.Write(text[..end]);
            text = text[end..];
            int length = HasColours ? Ink.LengthOfColour(text) : 0;
            if (length > 0)
            {
                inner.Write(text[..length]);
            }
            else
            {
                // Up to what may be a colour.
                length = text[1..].IndexOf(Ink.Escape) is >= 0 and int next ? next + 1 : text.Length;
                inner.Write(PlainText.Append(_plain.Clear(), text[..length], Kept));
            }

            text = text[length..];
        }
    }
}
