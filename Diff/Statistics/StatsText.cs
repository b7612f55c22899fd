using System.Globalization;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.Statistics;

/// <summary>Statistics for a person.</summary>
internal sealed class StatsText : IStatsFormat
{
    public string Name => "text";

    public void Write(StatsResult stats, TextWriter output)
    {
        WriteCapture("capture", stats, output);
        LevelTimes times = stats.Times;
        ulong all = times.L0 + times.L1 + times.L2 + times.Unknown;
        Row(output, "time", string.Join(", ", new[]
        {
            $"L0 {Time(times.L0, stats)}{Share(times.L0, all)}{(times.Vmm is > 0 and { } vmm ? $" with {Time(vmm, stats)} in the VMM" : "")}",
            $"L1 {Time(times.L1, stats)}{Share(times.L1, all)}", $"L2 {Time(times.L2, stats)}{Share(times.L2, all)}",
            times.Unknown > 0 ? $"in an unknown guest {Time(times.Unknown, stats)}" : "",
        }.Where(part => part.Length > 0)));
        WriteNested(stats.Nested, output);
        string unit = stats.Header.ClockUnit == ClockUnit.Nanoseconds ? "µs" : "ticks";
        output.Write($"\nlevel  reason            {"exits",10}  {"share",6}  {"to L1",8}  {$"min {unit}",9}  {"mean",9}  {"median",9}  {"p99",9}  {"max",9}\n");
        foreach (ReasonStats reason in stats.Reasons)
        {
            output.Write($"{Level(reason.Level),-5}  {reason.Name,-16}  {Numbers.Plain(reason.Exits),10}  {Percent(reason.Exits, stats.Summary.Exits),6}  {(reason.Reflected > 0 ? Numbers.Plain(reason.Reflected) : ""),8}");
            output.Write(reason.Handling is not { } handling ? "\n"
                : $"  {Cell(handling.Min, stats)}  {Cell(handling.Mean, stats)}  {Cell(handling.Median, stats)}  {Cell(handling.P99, stats)}  {Cell(handling.Max, stats)}\n");
        }

        WriteTop("MSR", "reads", stats.Msrs, output);
        WriteTop("port", "reads", stats.Ports, output);
        WriteTop("hypercall", "", stats.Hypercalls, output);
    }

    public void Write(StatsPair pair, TextWriter output)
    {
        WriteCapture("base", pair.Base, output);
        WriteCapture("test", pair.Test, output);
        output.Write($"\n{"",-24}  {"base",10}  {"test",10}  {"ratio",7}\n");
        WriteTimes("L0", pair, times => times.L0, output);
        WriteTimes("  in the VMM", pair, times => times.Vmm, output);
        WriteTimes("L1", pair, times => times.L1, output);
        WriteTimes("L2", pair, times => times.L2, output);
        WriteRatio("exits per #VMEXIT of L1", pair.Base.Nested.PerShown, pair.Test.Nested.PerShown, output);
        WriteRatio("exits per VMRUN", pair.Base.Nested.PerVmrun, pair.Test.Nested.PerVmrun, output);
        string unit = !pair.TimesAgree ? "" : pair.Base.Header.ClockUnit == ClockUnit.Nanoseconds ? "µs" : "ticks";
        output.Write($"\nlevel  reason            {"exits base",10}  {"test",10}  {"ratio",7}  {$"mean {unit}",10}  {"test",9}  {"ratio",7}  {"p99",10}  {"test",9}  {"ratio",7}\n");
        foreach (ReasonPair reason in pair.Reasons)
        {
            HandlingTimes? one = reason.Base?.Handling, two = reason.Test?.Handling;
            output.Write($"{Level(reason.Level),-5}  {reason.Name,-16}  {Numbers.Plain(reason.Base?.Exits ?? 0),10}  {Numbers.Plain(reason.Test?.Exits ?? 0),10}  {Ratio(StatsPair.Ratio(reason.Base?.Exits, reason.Test?.Exits))}  "
                + $"{Cell(one?.Mean, pair.Base),10}  {Cell(two?.Mean, pair.Test)}  {Ratio(pair.TimeRatio(one?.Mean, two?.Mean))}  "
                + $"{Cell(one?.P99, pair.Base),10}  {Cell(two?.P99, pair.Test)}  {Ratio(pair.TimeRatio(one?.P99, two?.P99))}".TrimEnd() + "\n");
        }
    }

    private static void WriteCapture(string label, StatsResult stats, TextWriter output)
    {
        RunHeader header = stats.Header;
        ulong marks = stats.Summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks);
        Row(output, label, string.Join(", ", new[]
        {
            header.Capture.Length > 0 ? header.Capture : "(pipe)",
            header.KernelRelease.Length > 0 ? $"kernel {header.KernelRelease}" : "kernel not recorded",
            header.ClockUnit == ClockUnit.Ticks ? $"times in ticks of the clock{(header.Clock.Length > 0 ? $" {header.Clock}" : "")}" : "",
            Numbers.Amount(stats.Summary.Exits, "exit", "exits"),
            marks > 0 ? $"events lost at {Numbers.Amount(marks, "place", "places")}: times there are left out" : "",
        }.Where(part => part.Length > 0)));
    }

    private static void WriteNested(Amplification nested, TextWriter output)
    {
        if (nested.Vmruns == 0)
        {
            return;
        }

        Row(output, "nested", $"{Numbers.Amount(nested.Vmruns, "VMRUN", "VMRUNs")}, {Numbers.Plain(nested.FromL2)} exits from L2, {Numbers.Plain(nested.Shown)} shown to L1");
        Row(output, "", $"exits that L0 takes: {(nested.PerShown is { } shown ? $"{Numbers.Short(shown)} for each #VMEXIT of L1, " : "")}{Numbers.Short(nested.PerVmrun!.Value)} for each VMRUN");
    }

    private static void WriteTop(string what, string reads, IReadOnlyList<TopEntry> top, TextWriter output)
    {
        if (top.Count == 0)
        {
            return;
        }

        output.Write(reads.Length > 0 ? $"\n{what,-12}  {reads,10}  {"writes",10}\n" : $"\n{what,-12}  {"times",10}\n");
        foreach (TopEntry entry in top)
        {
            string number = entry.Number is { } value ? string.Create(CultureInfo.InvariantCulture, $"0x{value:x}") : "others";
            output.Write($"{number,-12}  {Numbers.Plain(entry.Reads),10}{(reads.Length > 0 ? $"  {Numbers.Plain(entry.Writes),10}" : "")}\n");
        }
    }

    private static void WriteTimes(string label, StatsPair pair, Func<LevelTimes, ulong?> of, TextWriter output)
    {
        ulong? one = of(pair.Base.Times), two = of(pair.Test.Times);
        output.Write($"{label,-24}  {(one is { } before ? Time(before, pair.Base) : "-"),10}  {(two is { } now ? Time(now, pair.Test) : "-"),10}  {Ratio(pair.TimeRatio(one, two))}\n");
    }

    private static void WriteRatio(string label, double? one, double? two, TextWriter output) => output.Write(
        $"{label,-24}  {(one is { } before ? Numbers.Short(before) : "-"),10}  {(two is { } now ? Numbers.Short(now) : "-"),10}  {Ratio(StatsPair.Ratio(one, two))}\n");

    private static string Level(GuestLevel level) => level == GuestLevel.Unknown ? "L?" : level.ToString();

    private static string Ratio(double? ratio) => $"{(ratio is { } value ? $"×{Numbers.Short(value)}" : "-"),7}";

    private static string Percent(ulong part, ulong all) => all == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{100.0 * part / all:0.0} %");

    private static string Share(ulong part, ulong all) => all == 0 ? "" : $" ({Percent(part, all)})";

    // Seconds for a person; ticks as they are.
    private static string Time(ulong time, StatsResult stats) => stats.Header.ClockUnit == ClockUnit.Nanoseconds
        ? string.Create(CultureInfo.InvariantCulture, $"{time / 1e9:0.000} s") : Numbers.Plain(time);

    private static string Cell(double? time, StatsResult stats) =>
        $"{(time is { } value ? Numbers.Short(stats.Header.ClockUnit == ClockUnit.Nanoseconds ? value / 1000 : value) : "-"),9}";

    private static void Row(TextWriter output, string label, string text) => output.Write($"{label,-8}  {text}\n");
}
