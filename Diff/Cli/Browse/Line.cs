using System.Text;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Browse;

/// <summary>How a part of a line looks.</summary>
internal enum Style : byte
{
    /// <summary>As usual.</summary>
    Plain,

    /// <summary>A finding.</summary>
    Bad,

    /// <summary>All is well.</summary>
    Good,

    /// <summary>Something to look at.</summary>
    Warn,

    /// <summary>A heading.</summary>
    Bold,

    /// <summary>A detail.</summary>
    Dim,
}

/// <summary>One line of a screen: text that no recording can control the terminal with, and how its parts look.</summary>
internal sealed class Line
{
    private static readonly Ink Coloured = new(enabled: true);

    private readonly (int Start, Style Style)[] _parts;

    private Line(string text, (int, Style)[] parts) => (Text, _parts) = (text, parts);

    /// <summary>A line with nothing in it.</summary>
    public static Line Empty { get; } = Of("");

    /// <summary>The text without looks.</summary>
    public string Text { get; }

    /// <summary>Whether the reader is at it.</summary>
    public bool IsSelected { get; init; }

    /// <summary>A line that looks the same all over.</summary>
    public static Line Of(string text, Style style = Style.Plain) => Of((text, style));

    /// <summary>A line of parts.</summary>
    public static Line Of(params ReadOnlySpan<(string Text, Style Style)> parts)
    {
        var text = new StringBuilder();
        var starts = new (int, Style)[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            starts[i] = (text.Length, parts[i].Style);
            text.Append(PlainText.Of(parts[i].Text));
        }

        return new Line(text.ToString(), starts);
    }

    /// <summary>The lines of a report that was written with colours.</summary>
    public static IEnumerable<Line> OfReport(string report) => report.TrimEnd('\n').Split('\n').Select(OfInk);

    /// <summary>The same of a report that is written for it.</summary>
    /// <param name="write">Writes it.</param>
    public static IEnumerable<Line> OfReport(Action<TextWriter, Ink> write)
    {
        using var text = new StringWriter();
        write(text, Coloured);
        return OfReport(text.ToString());
    }

    /// <summary>The same line, selected.</summary>
    public Line Selected() => new(Text, _parts) { IsSelected = true };

    /// <summary>Another line beside this one.</summary>
    /// <param name="column">The column that it starts at; this line is cut there.</param>
    /// <param name="other">The other line.</param>
    public Line Beside(int column, Line other)
    {
        int length = Columns.Fit(Text, column, out int used);
        string left = Text[..length] + new string(' ', column - used);
        return new Line(left + other.Text, [.. _parts.Where(part => part.Start < length), (length, Style.Plain), .. other._parts.Select(part => (part.Start + left.Length, part.Style))]);
    }

    /// <summary>The line in several where it is too long, broken between words; what follows is indented a little more.</summary>
    /// <param name="width">Columns.</param>
    public IEnumerable<Line> Wrapped(int width)
    {
        int indent = Math.Min(Text.Length - Text.TrimStart().Length + 4, width / 2);
        for (int start = 0, first = 0; ; first = indent)
        {
            int fits = Math.Max(1, Columns.Fit(Text.AsSpan(start), width - first, out _));
            if (start + fits >= Text.Length)
            {
                yield return Part(start, Text.Length, first);
                yield break;
            }

            int space = Text.LastIndexOf(' ', start + fits, fits + 1);
            int end = space > start + (first == 0 ? indent : 0) ? space : start + fits;
            yield return Part(start, end, first);
            start = end;
            while (start < Text.Length && Text[start] == ' ')
            {
                start++;
            }
        }
    }

    /// <summary>What is sent to a terminal for the line.</summary>
    /// <param name="width">Columns of the terminal; what is longer is cut.</param>
    /// <param name="ink">Colours.</param>
    public string Rendered(int width, Ink ink)
    {
        int length = Columns.Fit(Text, width, out int used);
        if (IsSelected)
        {
            return $"\u001b[7m{Text[..length]}{new string(' ', width - used)}\u001b[0m";
        }

        var sent = new StringBuilder();
        for (int i = 0; i < _parts.Length && _parts[i].Start < length; i++)
        {
            int end = i + 1 < _parts.Length ? Math.Min(_parts[i + 1].Start, length) : length;
            sent.Append(Inked(Text[_parts[i].Start..end], _parts[i].Style, ink));
        }

        return sent.ToString();
    }

    private Line Part(int start, int end, int indent)
    {
        var parts = new List<(int, Style)> { (0, Style.Plain) };
        foreach ((int at, Style style) in _parts)
        {
            if (at < end)
            {
                parts.Add((Math.Max(at - start, 0) + indent, style));
            }
        }

        return new Line(new string(' ', indent) + Text[start..end], [.. parts]);
    }

    private static string Inked(string text, Style style, Ink ink) => text.Length == 0 ? "" : style switch
    {
        Style.Bad => ink.Bad(text),
        Style.Good => ink.Good(text),
        Style.Warn => ink.Warn(text),
        Style.Bold => ink.Bold(text),
        Style.Dim => ink.Dim(text),
        _ => text,
    };

    // Differ's own colours become looks; anything else that would control the terminal is made visible.
    private static Line OfInk(string line)
    {
        var parts = new List<(string, Style)>();
        Style style = Style.Plain;
        while (line.Length > 0)
        {
            if (Ink.LengthOfColour(line) is > 0 and int length)
            {
                style = StyleOf(line[..length]);
                line = line[length..];
                continue;
            }

            int next = line.IndexOf(Ink.Escape, 1);
            parts.Add((next < 0 ? line : line[..next], style));
            line = next < 0 ? "" : line[next..];
        }

        return Of([.. parts]);
    }

    private static Style StyleOf(string colour) =>
        Enum.GetValues<Style>().FirstOrDefault(style => style != Style.Plain && Inked("x", style, Coloured).StartsWith(colour, StringComparison.Ordinal));
}
