namespace Differ.Diff.Report.Html;

/// <summary>Exits around a departure, one by one.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Exits">The exits.</param>
internal sealed record ExitWindow(int Stream, List<ExitMoment> Exits);

/// <summary>The last exits of one stream, and what follows a departure: so the timeline shows single exits there whatever its size.</summary>
internal sealed class ExitWindows(int stream)
{
    /// <summary>Exits before and after a departure.</summary>
    public const int Around = 48;

    private const int MostInOne = 4 * Around;

    private readonly ExitMoment[] _last = new ExitMoment[Around];
    private ulong _count;
    private ExitWindow? _open;
    private int _wanted;

    /// <summary>Takes an exit.</summary>
    public void Add(in ExitMoment moment)
    {
        if (_open is not null)
        {
            _open.Exits.Add(moment);
            if (--_wanted <= 0 || _open.Exits.Count >= MostInOne)
            {
                _open = null;
            }
        }

        _last[(int)(_count++ % Around)] = moment;
    }

    /// <summary>Opens a window around the exit that was added last.</summary>
    /// <returns>The window; null where one is open already.</returns>
    public ExitWindow? Open()
    {
        _wanted = Around;
        if (_open is not null)
        {
            return null;
        }

        _open = new ExitWindow(stream, []);
        for (ulong i = _count > Around ? _count - Around : 0; i < _count; i++)
        {
            _open.Exits.Add(_last[(int)(i % Around)]);
        }

        return _open;
    }
}
