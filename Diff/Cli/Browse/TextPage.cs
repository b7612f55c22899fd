using System.Globalization;

namespace Differ.Cli.Browse;

/// <summary>A text that is scrolled: the keys, the report.</summary>
/// <param name="keys">The keys that go on from it.</param>
/// <param name="lines">The text.</param>
internal sealed class TextPage(string keys, IReadOnlyList<Line> lines) : IPage
{
    private readonly Pager _pager = new();
    private IReadOnlyList<Line> _wrapped = [];
    private int _width;

    /// <inheritdoc/>
    public string Keys => keys;

    /// <inheritdoc/>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"line {_pager.Top + 1} of {_wrapped.Count}");

    /// <inheritdoc/>
    public IReadOnlyList<Line> Draw(int width, int height)
    {
        if (_width != width)
        {
            _wrapped = [.. lines.SelectMany(line => line.Wrapped(width))];
            _width = width;
        }

        _pager.FitText(_wrapped.Count, height);
        return [.. _wrapped.Skip((int)_pager.At).Take(height)];
    }

    /// <inheritdoc/>
    public bool Press(Key key) => _pager.Press(key);
}
