using System.Globalization;

namespace Differ.Diff.Statistics;

/// <summary>Statistics for a table: a line for each reason, times in units of the recording's clock.</summary>
internal sealed class StatsCsv : IStatsFormat
{
    private const string Columns = "exits,shown_to_l1,timed,sum,min,mean,median,p99,max";

    public string Name => "csv";

    public void Write(StatsResult stats, TextWriter output)
    {
        output.Write($"level,reason,unit,{Columns}\n");
        foreach (ReasonStats reason in stats.Reasons)
        {
            output.Write($"{reason.Level},{reason.Name},{stats.Unit},{Values(reason)}\n");
        }
    }

    public void Write(StatsPair pair, TextWriter output)
    {
        output.Write($"level,reason,run,unit,{Columns}\n");
        foreach (ReasonPair reason in pair.Reasons)
        {
            WriteSide("base", pair.Base, reason.Base, output);
            WriteSide("test", pair.Test, reason.Test, output);
        }
    }

    private static void WriteSide(string run, StatsResult stats, ReasonStats? reason, TextWriter output) =>
        output.Write(reason is null ? "" : $"{reason.Level},{reason.Name},{run},{stats.Unit},{Values(reason)}\n");

    private static string Values(ReasonStats reason) => reason.Handling is { } times
        ? string.Create(CultureInfo.InvariantCulture,
            $"{reason.Exits},{reason.Reflected},{times.Timed},{times.Sum},{times.Min},{times.Mean:0.###},{times.Median},{times.P99},{times.Max}")
        : string.Create(CultureInfo.InvariantCulture, $"{reason.Exits},{reason.Reflected},0,,,,,,");
}
