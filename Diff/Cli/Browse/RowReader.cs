using Differ.Diff.Results;
using Differ.Diff.View;
using Differ.Schemas.Run;

namespace Differ.Cli.Browse;

/// <summary>Reads rows of a recording again. What was read last is kept, so that a screen that moves by a line reads one.</summary>
/// <param name="run">The recording.</param>
internal sealed class RowReader(BrowsedRun run)
{
    private const int MostKept = 1024;

    private readonly Dictionary<long, KeptExit> _kept = [];

    /// <summary>Texts of what was read.</summary>
    public TextTable Texts { get; } = new();

    /// <summary>One exit.</summary>
    public KeptExit At(long row)
    {
        if (!_kept.TryGetValue(row, out KeptExit? kept))
        {
            if (_kept.Count > MostKept)
            {
                _kept.Clear();
            }

            run.Kept.Read(row, 1, new Keeper(exit => _kept[row] = exit), Texts);
            kept = _kept[row];
        }

        return kept;
    }

    /// <summary>Has rows that stand together at hand.</summary>
    public void Fetch(long first, int count)
    {
        long row = first;
        if (!_kept.ContainsKey(first) || !_kept.ContainsKey(first + count - 1))
        {
            run.Kept.Read(first, count, new Keeper(exit => _kept[row++] = exit), Texts);
        }
    }

    /// <summary>One exit as a viewer shows it, with what probes saw of VMCBs and registers.</summary>
    public ViewedExit Viewed(long row)
    {
        MachineStates states = MachineStates.None;
        KeptExit? exit = null;
        run.Kept.Read(row, 1, new StateKeeper((kept, seen) => (exit, states) = (kept, seen)), Texts);
        Verdict verdict = run.VerdictOf(row);
        VcpuStream? stream = run.Result?.Summary.StreamOf(exit!.Stream);
        return new ViewedExit(exit!, stream, verdict, Departure: null, IsContext: false) { States = states };
    }

    private sealed class Keeper(Action<KeptExit> take) : IExitSink
    {
        public void Take(in ExitRecord record) => take(KeptExit.Of(record));
    }

    private sealed class StateKeeper(Action<KeptExit, MachineStates> take) : IExitSink
    {
        public void Take(in ExitRecord record) => take(KeptExit.Of(record), record.States.Copy());
    }
}
