namespace Differ.Diff.Writing;

/// <summary>Colours for a terminal; plain text everywhere else.</summary>
/// <param name="enabled">Whether the reader understands ANSI colours and wants them.</param>
public sealed class Ink(bool enabled)
{
    /// <summary>What every colour begins with.</summary>
    public const char Escape = '\u001b';

    private const string Red = "\u001b[1;31m", Green = "\u001b[32m", Yellow = "\u001b[33m", Strong = "\u001b[1m", Weak = "\u001b[2m", Plain = "\u001b[0m";
    private static readonly string[] All = [Red, Green, Yellow, Strong, Weak, Plain];

    /// <summary>No colours.</summary>
    public static Ink None { get; } = new(enabled: false);

    /// <summary>Whether there are colours.</summary>
    public bool IsEnabled => enabled;

    /// <summary>How long the colour is with which a text begins; 0 where it begins with none of Differ's.</summary>
    public static int LengthOfColour(ReadOnlySpan<char> text)
    {
        foreach (string colour in All)
        {
            if (text.StartsWith(colour, StringComparison.Ordinal))
            {
                return colour.Length;
            }
        }

        return 0;
    }

    /// <summary>A finding.</summary>
    public string Bad(string text) => Wrap(Red, text);

    /// <summary>All is well.</summary>
    public string Good(string text) => Wrap(Green, text);

    /// <summary>Something to look at.</summary>
    public string Warn(string text) => Wrap(Yellow, text);

    /// <summary>A heading.</summary>
    public string Bold(string text) => Wrap(Strong, text);

    /// <summary>A detail.</summary>
    public string Dim(string text) => Wrap(Weak, text);

    private string Wrap(string colour, string text) => enabled ? $"{colour}{text}{Plain}" : text;
}
