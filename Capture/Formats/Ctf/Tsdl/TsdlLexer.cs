using System.Text;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Ctf.Tsdl;

/// <summary>Takes the text of a description apart into words.</summary>
/// <remarks>Words are those of C. Source: the Common Trace Format, version 1.8.3, section C.1.</remarks>
/// <param name="text">The text.</param>
internal sealed class TsdlLexer(string text)
{
    /// <summary>The longest name or text.</summary>
    public const int LongestWord = 1 << 12;

    private int _at;
    private int _line = 1;

    /// <summary>The next word.</summary>
    /// <exception cref="CaptureFormatException">DIF0372: there is no such word. DIF0373: it is too long.</exception>
    public TsdlToken Next()
    {
        SkipBlanks();
        if (_at >= text.Length)
        {
            return new TsdlToken(TsdlTokenKind.End, "the end", 0, _line);
        }

        char first = text[_at];
        return char.IsAsciiDigit(first) ? Number()
            : first == '"' ? Quoted('"')
            : first == '\'' ? Letter()
            : char.IsAsciiLetter(first) || first == '_' ? Name()
            : Sign();
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (text[_at] == '\n')
            {
                _line++;
                _at++;
            }
            else if (text[_at] is ' ' or '\t' or '\r' or '\f' or '\v' or '\0')
            {
                _at++;
            }
            else if (!SkipComment())
            {
                return;
            }
        }
    }

    private bool SkipComment()
    {
        if (string.CompareOrdinal(text, _at, "/*", 0, 2) == 0)
        {
            int end = text.IndexOf("*/", _at + 2, StringComparison.Ordinal);
            if (end < 0)
            {
                CaptureFormatException.ThrowMetadata<bool>("a comment has no end", _line);
            }

            _line += text.AsSpan(_at, end - _at).Count('\n');
            _at = end + 2;
            return true;
        }

        if (string.CompareOrdinal(text, _at, "//", 0, 2) == 0)
        {
            int end = text.IndexOf('\n', _at);
            _at = end < 0 ? text.Length : end;
            return true;
        }

        return false;
    }

    private TsdlToken Name()
    {
        int start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] == '_'))
        {
            _at++;
        }

        return new TsdlToken(TsdlTokenKind.Name, Bounded(text[start.._at]), 0, _line);
    }

    // 10, 010, 0x10, 0b10 and what C writes behind a number.
    private TsdlToken Number()
    {
        int start = _at;
        uint radix = 10;
        if (text[_at] == '0' && _at + 1 < text.Length)
        {
            radix = text[_at + 1] is 'x' or 'X' ? 16u : text[_at + 1] is 'b' or 'B' ? 2u : 8u;
            _at += radix == 8 ? 1 : 2;
        }

        ulong value = 0;
        for (; _at < text.Length && char.IsAsciiHexDigit(text[_at]); _at++)
        {
            uint digit = (uint)Convert.ToInt32(text[_at].ToString(), 16);
            if (digit >= radix || value > (ulong.MaxValue - digit) / radix)
            {
                CaptureFormatException.ThrowMetadata<bool>($"{text[start..(_at + 1)]} is no number", _line);
            }

            value = (value * radix) + digit;
        }

        while (_at < text.Length && text[_at] is 'u' or 'U' or 'l' or 'L')
        {
            _at++;
        }

        return new TsdlToken(TsdlTokenKind.Number, text[start.._at], value, _line);
    }

    private TsdlToken Letter()
    {
        TsdlToken quoted = Quoted('\'');
        return quoted.Text.Length == 1 ? quoted with { Kind = TsdlTokenKind.Number, Number = quoted.Text[0] }
            : CaptureFormatException.ThrowMetadata<TsdlToken>("more than a letter stands in quotes", _line);
    }

    private TsdlToken Quoted(char quote)
    {
        var value = new StringBuilder();
        for (_at++; _at < text.Length && text[_at] != quote && text[_at] != '\n'; _at++)
        {
            if (text[_at] == '\\' && _at + 1 < text.Length)
            {
                _at++;
                value.Append(text[_at] switch { 'n' => '\n', 't' => '\t', char other => other });
            }
            else
            {
                value.Append(text[_at]);
            }
        }

        if (_at >= text.Length || text[_at] != quote)
        {
            CaptureFormatException.ThrowMetadata<bool>("a text has no end", _line);
        }

        _at++;
        return new TsdlToken(TsdlTokenKind.Text, Bounded(value.ToString()), 0, _line);
    }

    private TsdlToken Sign()
    {
        string sign = string.CompareOrdinal(text, _at, ":=", 0, 2) == 0 ? ":="
            : string.CompareOrdinal(text, _at, "...", 0, 3) == 0 ? "..."
            : text[_at].ToString();
        _at += sign.Length;
        return new TsdlToken(TsdlTokenKind.Sign, sign, 0, _line);
    }

    private string Bounded(string word)
    {
        if (word.Length > LongestWord)
        {
            CaptureFormatException.ThrowMetadataLimit("letters in a word", LongestWord, _line);
        }

        return word;
    }
}
