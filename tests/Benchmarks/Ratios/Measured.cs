namespace Differ.Benchmarks.Ratios;

/// <summary>One run of something.</summary>
/// <param name="Events">Events it read.</param>
/// <param name="Seconds">Processor time it took, in user and kernel.</param>
/// <param name="PeakMegabytes">Most memory it had; 0 where it is not a process of its own.</param>
internal readonly record struct Measured(ulong Events, double Seconds, double PeakMegabytes)
{
    /// <summary>Events per second of processor time.</summary>
    public double Rate => Events / Seconds;

    /// <summary>Measures something in this process.</summary>
    /// <param name="run">Does it, and says how many events it read.</param>
    public static Measured Of(Func<ulong> run)
    {
        GC.Collect();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        ulong events = run();
        return new Measured(events, (Environment.CpuUsage.TotalTime - before).TotalSeconds, 0);
    }

    /// <summary>The run in the middle of several by time.</summary>
    public static Measured Median(IEnumerable<Measured> runs)
    {
        Measured[] sorted = [.. runs.OrderBy(run => run.Seconds)];
        return sorted[sorted.Length / 2];
    }
}
