namespace Differ.Diff.Report;

/// <summary>Colours for a terminal; plain text everywhere else.</summary>
/// <param name="enabled">Whether the reader understands ANSI colours and wants them.</param>
public sealed class Ink(bool enabled)
{
    /// <summary>No colours.</summary>
    public static Ink None { get; } = new(enabled: false);

    /// <summary>A finding.</summary>
    public string Bad(string text) => Wrap("1;31", text);

    /// <summary>All is well.</summary>
    public string Good(string text) => Wrap("32", text);

    /// <summary>Something to look at.</summary>
    public string Warn(string text) => Wrap("33", text);

    /// <summary>A heading.</summary>
    public string Bold(string text) => Wrap("1", text);

    /// <summary>A detail.</summary>
    public string Dim(string text) => Wrap("2", text);

    private string Wrap(string code, string text) => enabled ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
