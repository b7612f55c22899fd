namespace Differ.Cli;

/// <summary>The progress of several captures that are read at once, as one.</summary>
/// <param name="terminal">Where it is shown.</param>
/// <param name="count">How many captures there are.</param>
internal sealed class SharedProgress(Terminal terminal, int count)
{
    private readonly ulong[] _events = new ulong[count];
    private readonly double[] _parts = new double[count];
    private readonly Action<ulong, double>? _show = terminal.Progress;
    private ulong _allEvents;
    private double _allParts;

    /// <summary>A terminal for the work on one of them.</summary>
    /// <param name="number">Its number, from 0.</param>
    public Terminal For(int number) => terminal.Quiet(_show is null ? null : (events, part) => Add(number, events, part));

    /// <summary>One of them is done.</summary>
    public void End(int number)
    {
        if (_show is not null)
        {
            Add(number, _events[number], 1);
        }
    }

    private void Add(int number, ulong events, double part)
    {
        lock (_events)
        {
            _allEvents += events - _events[number];
            _allParts += part - _parts[number];
            (_events[number], _parts[number]) = (events, part);
            _show!(_allEvents, Math.Clamp(_allParts / count, 0, 1));
        }
    }
}
