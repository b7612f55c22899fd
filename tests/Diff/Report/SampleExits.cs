using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Tests.Diff.Report;

/// <summary>Reports of exits over a result that no check made.</summary>
internal static class SampleExits
{
    /// <summary>Writes a report: the exits around the result's first two classes come as a check would have handed them over.</summary>
    /// <param name="format">The format.</param>
    /// <param name="result">Where the exits are from.</param>
    /// <param name="end">What came of the run in the end; the same result if nothing is said.</param>
    public static byte[] Write(IExitReportFormat format, DiffResult result, DiffResult? end = null)
    {
        using var bytes = new MemoryStream();
        using IExitReport report = format.Begin(result.Header, bytes);
        foreach (DivergenceClass found in result.Divergences.Take(2))
        {
            foreach (KeptExit exit in found.First.Before.Append(found.First.Exit).Concat(found.First.After))
            {
                bool departs = ReferenceEquals(exit, found.First.Exit);
                HardwareExit hardware = exit.Exit;
                GuestEntry entry = exit.Entry;
                var record = new ExitRecord(exit.Stream, exit.Index, exit.Level, exit.Flags, ref hardware, ref entry, Kinds(exit), exit.Events.ToArray());
                report.Take(
                    record, departs ? Verdict.Diverges : Verdict.Undecided,
                    departs ? new Departure(found.Fingerprint, found.Rule, found.First.Recorded, found.First.Expected, false) : null);
            }
        }

        report.Finish(end ?? result);
        return bytes.ToArray();
    }

    private static TracepointSet Kinds(KeptExit exit) => exit.Events.Aggregate(default(TracepointSet), (kinds, kvmEvent) => kinds | TracepointSet.Of(kvmEvent.Kind));
}
