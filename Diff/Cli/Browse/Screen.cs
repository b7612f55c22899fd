using System.Globalization;
using System.Text;
using Differ.Diff.Writing;

namespace Differ.Cli.Browse;

/// <summary>The whole terminal, on its second screen so that what was on it comes back. Only lines that changed are sent.</summary>
/// <param name="tty">The terminal.</param>
/// <param name="ink">Colours.</param>
internal sealed class Screen(Tty tty, Ink ink)
{
    // The second screen, no cursor, no wrapping (xterm's control sequences).
    private const string Begin = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[0m\u001b[2J", End = "\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";

    private readonly Lock _lock = new();
    private string[] _shown = [];
    private bool _isOn;

    /// <summary>Takes the terminal.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            _isOn = true;
            _shown = [];
            tty.MakeRaw();
            tty.Write(Begin);
        }
    }

    /// <summary>Gives the terminal back as it was; does nothing where that is done.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (_isOn)
            {
                _isOn = false;
                tty.Write(End);
                tty.Restore();
            }
        }
    }

    /// <summary>Forgets what is on the terminal, so that all of it is sent again.</summary>
    public void Forget() => _shown = [];

    /// <summary>Shows lines.</summary>
    /// <param name="lines">One for each row.</param>
    /// <param name="width">Columns of the terminal.</param>
    public void Show(IReadOnlyList<Line> lines, int width)
    {
        string[] next = [.. lines.Select(line => line.Rendered(width, ink))];
        var sent = new StringBuilder();
        if (_shown.Length != next.Length)
        {
            sent.Append("\u001b[2J");
            _shown = new string[next.Length];
        }

        for (int row = 0; row < next.Length; row++)
        {
            if (next[row] != _shown[row])
            {
                sent.Append(CultureInfo.InvariantCulture, $"\u001b[{row + 1};1H\u001b[2K{next[row]}");
            }
        }

        lock (_lock)
        {
            if (_isOn && sent.Length > 0)
            {
                tty.Write(sent.ToString());
            }
        }

        _shown = next;
    }
}
