using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Statistics;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Schemas.Run;

namespace Differ.Fuzz;

/// <summary>Every report that Differ makes of one run: what a file says goes into them.</summary>
internal static class FuzzReports
{
    /// <summary>Reads a run and writes them all.</summary>
    /// <param name="header">The run.</param>
    /// <param name="texts">Its texts.</param>
    /// <param name="read">Reads its exits.</param>
    public static void Write(RunHeader header, TextTable texts, Func<IExitSink, RunSummary> read)
    {
        List<IExitReport> ofExits = [.. ReportFormats.OfExits.Select(format => format.Begin(header, Stream.Null))];
        var statistics = new ExitStatistics();
        var comparison = new Comparison(header, RuleBook.Statements, texts, exits: new Judged(ofExits));
        RunSummary summary = read(new Exits([new Replayer(header, texts, comparison), statistics, new Printed(new ExitPrinter(header, texts))]));
        DiffResult result = comparison.Finish(summary);
        foreach (IExitReport report in ofExits)
        {
            report.Finish(result);
            report.Dispose();
        }

        var found = FindingSet.Of(result);
        foreach (IReportFormat format in ReportFormats.All)
        {
            format.Write(found, TextWriter.Null, Ink.None);
        }

        foreach (IStatsFormat format in StatsFormats.All)
        {
            format.Write(statistics.Finish(header, summary), TextWriter.Null);
        }
    }

    private sealed class Exits(IReadOnlyList<IExitSink> sinks) : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            foreach (IExitSink sink in sinks)
            {
                sink.Take(record);
            }
        }
    }

    // differ show.
    private sealed class Printed(ExitPrinter printer) : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            var exit = KeptExit.Of(record);
            TextWriter.Null.Write(ExitPrinter.Line(exit));
            foreach (string line in printer.Lines(exit))
            {
                TextWriter.Null.Write(line);
            }
        }
    }

    private sealed class Judged(IReadOnlyList<IJudgedSink> sinks) : IJudgedSink
    {
        public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
        {
            foreach (IJudgedSink sink in sinks)
            {
                sink.Take(recorded, verdict, departure);
            }
        }
    }
}
