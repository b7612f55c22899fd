using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.Export;

/// <summary>Captures as tables for SQL, a Parquet file each; docs/export.md describes every column.</summary>
public sealed class ParquetExport : IDisposable
{
    private readonly CaptureTable _captures = new();
    private readonly VcpuTable _vcpus = new();
    private readonly ExitTable _exits = new();
    private readonly EventTable _events = new();
    private readonly FindingTable _findings = new();
    private readonly UndecidedTable _undecided = new();
    private readonly RuleTable _rules = new();

    /// <summary>Begins every file.</summary>
    /// <param name="open">Opens the file of a name; the caller closes what it opened.</param>
    public ParquetExport(Func<string, Stream> open)
    {
        Tables = [_captures, _vcpus, _exits, _events, _findings, _undecided, _rules];
        foreach (ExportTable table in Tables)
        {
            table.Begin(open($"{table.Name}.parquet"));
        }
    }

    /// <summary>The tables, in the order of the documentation.</summary>
    internal IReadOnlyList<ExportTable> Tables { get; }

    /// <summary>A capture that was read once and checked.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="capture">What came of it.</param>
    /// <param name="texts">Texts of the reading that is about to begin.</param>
    /// <returns>Takes its exits, which are read once more: what stands, and which stream is which vCPU, is known at the end.</returns>
    public IJudgedSink Add(int number, CheckedCapture capture, TextTable texts)
    {
        _captures.Add(number, capture);
        _vcpus.Add(number, capture.Result);
        _findings.Add(number, capture);
        _undecided.Add(number, capture.Result);
        _rules.Add(number, capture.Result);
        return new Exits(number, capture.Result, texts, _exits, _events);
    }

    /// <summary>A capture that cannot be used.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="capture">The capture.</param>
    public void Add(int number, UnreadCapture capture) => _captures.Add(number, capture);

    /// <summary>Ends every file.</summary>
    public void Finish()
    {
        foreach (ExportTable table in Tables)
        {
            table.Finish();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable table in Tables)
        {
            table.Dispose();
        }
    }

    private sealed class Exits(int number, DiffResult known, TextTable texts, ExitTable exits, EventTable events) : IJudgedSink
    {
        private readonly Dictionary<string, DivergenceClass> _standing = known.Classes.ToDictionary(found => found.Fingerprint, StringComparer.Ordinal);

        public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
        {
            if (departure is not null)
            {
                // What does not stand at the end of the recording is undecided; what the baseline accepts is known there too.
                _standing.TryGetValue(departure.Fingerprint, out DivergenceClass? found);
                (verdict, departure) = found is null ? (Verdict.Undecided, null) : (found.Accepted is null ? verdict : Verdict.Accepted, departure);
            }

            exits.Add(number, recorded, known.Summary.StreamOf(recorded.Stream), verdict, departure);
            events.Add(number, recorded, texts);
        }
    }
}
