using System.Globalization;

namespace Differ.Benchmarks.Ratios;

/// <summary>Differ against other tools in one run, as ratios of processor time, and its memory over small and large captures.</summary>
/// <param name="inputs">The captures.</param>
/// <param name="tool">Runs programs.</param>
/// <param name="differ">The published program.</param>
/// <param name="rounds">How often each is run; medians are shown.</param>
internal sealed class RatioTable(Inputs inputs, Tool tool, string differ, int rounds)
{
    private const int WarmUps = 8;

    /// <summary>Measures, and writes a table of Markdown.</summary>
    public void Write()
    {
        Input trace = inputs.TraceDat(), perf = inputs.PerfData(), net = inputs.NetTrace();
        Input script = inputs.PerfScript(), report = inputs.Report("-N"), raw = inputs.Report("-R");
        WarmUp([trace, perf, net, script, report, raw], script, net);
        Console.WriteLine("| Input | Differ | M events/s | Other tool | M events/s | Ratio |\n|---|---|---:|---|---:|---:|");
        Func<Measured> perfScript = () => tool.Measure(perf.Events, "perf", "script", "-i", perf.Small);
        Func<Measured> perfFields = () => tool.Measure(perf.Events, "perf", "script", "-F", "comm,tid,cpu,time,event,trace", "--ns", "-i", perf.Small);
        Func<Measured> traceReport = () => tool.Measure(trace.Events, "trace-cmd", "report", "-i", trace.Small);
        Func<Measured> theirText = () => Measured.Of(() => Readers.TheirText(script.Small));
        Row(perf, "read", Read(perf), "perf script", perfScript);
        Row(perf, "check", Check(perf), "perf script", perfScript);
        Row(perf, "check", Check(perf), "perf script -F …,trace --ns", perfFields);
        Row(trace, "read", Read(trace), "trace-cmd report", traceReport);
        Row(trace, "check", Check(trace), "trace-cmd report", traceReport);
        Row(script, "read", Read(script), "TraceEvent LinuxPerfScriptEventParser", theirText);
        Row(report, "read", Read(report), "the same, of perf-script.txt", theirText);
        Row(raw, "read", Read(raw), "the same, of perf-script.txt", theirText);
        Row(net, "read", Read(net), "TraceEvent Dynamic, one value", () => Measured.Of(() => Readers.TheirNetTrace(net.Small)));
        Row(net, "read", Read(net), "TraceEvent Dynamic, values by name", () => Measured.Of(() => Readers.TheirNamedNetTrace(net.Small)));
        CompareRow(trace);
        Console.WriteLine("\n| Input | MB | peak MB | ten times the events: MB | peak MB |\n|---|---:|---:|---:|---:|");
        foreach (Input input in (Input[])[trace, perf, net, script, report, raw])
        {
            Memory(input);
        }
    }

    private static Func<Measured> Read(Input input) => () => Measured.Of(() => Readers.Records(input.Small));

    private Func<Measured> Check(Input input) => () => tool.Measure(input.Events, differ, "check", input.Small);

    private void Row(Input input, string verb, Func<Measured> ours, string name, Func<Measured> theirs)
    {
        (Measured our, Measured their) = Alternate(ours, theirs);
        Show($"| {input.Format} | {verb} | {our.Rate / 1e6:f2} | {name} | {their.Rate / 1e6:f2} | {our.Rate / their.Rate:f2} |");
    }

    // Seconds of comparing two captures against those of checking both.
    private void CompareRow(Input input)
    {
        ulong both = input.Events * 2;
        (Measured our, Measured their) = Alternate(
            () => tool.Measure(both, differ, "compare", input.Small, input.Small),
            () => Check(input)() is var once ? once with { Events = both, Seconds = once.Seconds * 2 } : default);
        Show($"| two {input.Format} | compare | {our.Rate / 1e6:f2} | differ check of both | {their.Rate / 1e6:f2} | {our.Rate / their.Rate:f2} |");
    }

    // A reader reaches its speed only after the runtime has compiled it again for what it does, some seconds in.
    private static void WarmUp(Input[] read, Input script, Input net)
    {
        for (int i = 0; i < WarmUps; i++)
        {
            foreach (Input input in read)
            {
                Readers.Records(input.Small);
            }

            Readers.TheirText(script.Small);
            Readers.TheirNetTrace(net.Small);
            Readers.TheirNamedNetTrace(net.Small);
        }
    }

    private (Measured Ours, Measured Theirs) Alternate(Func<Measured> ours, Func<Measured> theirs)
    {
        // The first of each is not counted: it brings the file into memory.
        var runs = new List<(Measured Ours, Measured Theirs)>();
        for (int i = 0; i <= rounds; i++)
        {
            runs.Add((ours(), theirs()));
        }

        return (Measured.Median(runs.Skip(1).Select(run => run.Ours)), Measured.Median(runs.Skip(1).Select(run => run.Theirs)));
    }

    private void Memory(Input input)
    {
        Measured small = tool.Measure(input.Events, differ, "check", input.Small), large = tool.Measure(input.Events * Input.Times, differ, "check", input.Large);
        Show($"| {input.Format} | {Megabytes(input.Small):f0} | {small.PeakMegabytes:f0} | {Megabytes(input.Large):f0} | {large.PeakMegabytes:f0} |");
    }

    private static double Megabytes(string file) => new FileInfo(file).Length / 1024.0 / 1024;

    private static void Show(FormattableString row) => Console.WriteLine(row.ToString(CultureInfo.InvariantCulture));
}
