using Differ.Diff.View;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli.Browse;

/// <summary>The rows that a filter lets through, found bit by bit, so that nobody waits for the end of a long recording.</summary>
/// <param name="run">The recording.</param>
/// <param name="words">The filter as the user wrote it.</param>
/// <param name="filter">The filter.</param>
internal sealed class RowFilter(BrowsedRun run, string words, ExitFilter filter)
{
    /// <summary>Rows that are looked at before anything else is done.</summary>
    public const int AtOnce = 4096;

    private readonly List<int> _rows = [];
    private readonly TextTable _texts = new();
    private readonly Dictionary<StreamId, VcpuStream> _streams = run.Result?.Summary.Streams.ToDictionary(stream => stream.Id) ?? [];

    /// <summary>The filter as the user wrote it.</summary>
    public string Words => words;

    /// <summary>Rows that were looked at.</summary>
    public long Looked { get; private set; }

    /// <summary>Rows that match, in their order.</summary>
    public IReadOnlyList<int> Rows => _rows;

    /// <summary>Whether every row was looked at.</summary>
    public bool IsComplete => Looked >= run.Count;

    /// <summary>Whether a row that was looked at matches.</summary>
    public bool Has(long row) => _rows.BinarySearch((int)row) >= 0;

    /// <summary>Looks at further rows.</summary>
    /// <param name="most">How many at most.</param>
    public void Advance(long most) => run.Kept.Read(Looked, Math.Min(most, run.Count - Looked), new Sink(this), _texts);

    private void Look(in ExitRecord record)
    {
        if (filter.HasStream(_streams.GetValueOrDefault(record.Stream)) && filter.Has(record, run.VerdictOf(Looked)))
        {
            _rows.Add((int)Looked);
        }

        Looked++;
    }

    private sealed class Sink(RowFilter filter) : IExitSink
    {
        public void Take(in ExitRecord record) => filter.Look(record);
    }
}
