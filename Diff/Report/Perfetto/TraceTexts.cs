namespace Differ.Diff.Report.Perfetto;

/// <summary>A text of the trace.</summary>
/// <param name="Number">Its number; 0 where it has none and is written out.</param>
/// <param name="Value">The text.</param>
internal readonly record struct TraceText(int Number, string Value);

/// <summary>What a text is made of, so that it is made once.</summary>
/// <param name="Kind">Which sort of text.</param>
/// <param name="A">What it depends on.</param>
/// <param name="B">What else it depends on.</param>
internal readonly record struct TextKey(int Kind, ulong A, ulong B = 0);

/// <summary>The texts that events refer to by number. Their number is limited: what comes later has none, and is written out each time.</summary>
internal sealed class TraceTexts
{
    /// <summary>Numbers are not above this.</summary>
    public const int Most = 1 << 14;

    private readonly Dictionary<string, TraceText> _byValue = new(StringComparer.Ordinal);
    private readonly Dictionary<TextKey, TraceText> _byKey = [];

    public TraceText Of(string value)
    {
        if (_byValue.TryGetValue(value, out TraceText text))
        {
            return text;
        }

        text = new TraceText(_byValue.Count < Most ? _byValue.Count + 1 : 0, value);
        if (text.Number > 0)
        {
            _byValue.Add(value, text);
        }

        return text;
    }

    /// <summary>A text that was made before.</summary>
    public bool TryFind(in TextKey key, out TraceText text) => _byKey.TryGetValue(key, out text);

    /// <summary>A text that was just made.</summary>
    public TraceText Add(in TextKey key, string value)
    {
        TraceText text = Of(value);
        if (_byKey.Count < Most)
        {
            _byKey.Add(key, text);
        }

        return text;
    }
}
