using System.Diagnostics;

namespace Differ.Fuzz;

/// <summary>One input that was read once.</summary>
/// <param name="Outcome">How it ended; null where it failed.</param>
/// <param name="Fault">What came out in the place of a verdict or diagnostic; null where nothing did. The same fault has the same words.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Allocated">Bytes that the thread which reads allocated, whether they were given back or not: other threads of the process may be at other work.</param>
internal sealed record Trial(FuzzOutcome? Outcome, string? Fault, TimeSpan Time, long Allocated)
{
    /// <summary>Bytes that one input may allocate.</summary>
    public const long MostAllocated = 1L << 30;

    /// <summary>How long one input may take, of which the process works for a fourth at least: a machine that is busy otherwise is no failure.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(20);

    /// <summary>Reads an input.</summary>
    public static Trial Of(FuzzInput input, FuzzWay way)
    {
        long since = Stopwatch.GetTimestamp(), before = GC.GetAllocatedBytesForCurrentThread(), allocated;
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        FuzzOutcome? outcome = null;
        string? fault = null;
        try
        {
            outcome = way.Read(input);
        }
        catch (Exception e)
        {
            // Whatever it is, it is what is looked for.
            fault = e is BrokenPromiseException ? e.Message : $"{e.GetType().Name} {Frame(e.StackTrace ?? "")}";
        }

        TimeSpan time = Stopwatch.GetElapsedTime(since);
        worked = Environment.CpuUsage.TotalTime - worked;
        allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        fault ??= time > MostTime && worked > MostTime / 4 ? $"takes more than {MostTime.TotalSeconds:f0} s" : allocated > MostAllocated ? $"allocates more than {MostAllocated >> 20} MiB" : null;
        return new Trial(outcome, fault, time, allocated);
    }

    /// <summary>The innermost method of the product on a stack, without the place of its file.</summary>
    public static string Frame(string stack)
    {
        string[] frames = stack.Split('\n', StringSplitOptions.TrimEntries);
        string frame = frames.FirstOrDefault(one => one.Contains(" Differ.", StringComparison.Ordinal)) ?? frames[0];
        int file = frame.IndexOf(" in ", StringComparison.Ordinal), line = frame.LastIndexOf(":line ", StringComparison.Ordinal);
        return file < 0 ? frame : frame[..file] + (line < 0 ? "" : frame[line..].Replace(":line", " line", StringComparison.Ordinal));
    }
}
