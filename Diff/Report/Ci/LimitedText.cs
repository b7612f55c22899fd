using System.Text;

namespace Differ.Diff.Report.Ci;

/// <summary>A text that may not be longer than its reader takes: parts are added whole, or left out and named at the end.</summary>
/// <param name="most">How many bytes of UTF-8 it may have.</param>
/// <param name="reserved">How many of them are kept for what has to be said at the end.</param>
internal sealed class LimitedText(int most, int reserved)
{
    private readonly StringBuilder _text = new();
    private readonly List<string> _leftOut = [];
    private int _bytes;

    /// <summary>What was left out, in the order it was tried.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>Adds a part if there is room for all of it.</summary>
    /// <param name="what">What is left out otherwise.</param>
    /// <param name="part">The part.</param>
    public void Add(string what, string part)
    {
        int bytes = Encoding.UTF8.GetByteCount(part);
        if (_bytes + bytes > most - reserved)
        {
            _leftOut.Add(what);
            return;
        }

        _bytes += bytes;
        _text.Append(part);
    }

    /// <summary>The text without what was left out.</summary>
    public override string ToString() => _text.ToString();
}
