namespace Differ.Diff.Statistics;

/// <summary>One way to write statistics down.</summary>
public interface IStatsFormat
{
    /// <summary>The word after <c>--format</c>.</summary>
    string Name { get; }

    /// <summary>Writes the statistics of one run.</summary>
    void Write(StatsResult stats, TextWriter output);

    /// <summary>Writes those of two runs side by side.</summary>
    void Write(StatsPair pair, TextWriter output);
}

/// <summary>Every format of <c>differ stats</c>. A new one is a file beside this one and a line here.</summary>
public static class StatsFormats
{
    /// <summary>In the order of the help.</summary>
    public static IReadOnlyList<IStatsFormat> All { get; } = [new StatsText(), new StatsJson(), new StatsCsv()];
}
