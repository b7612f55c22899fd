using Differ.Benchmarks.Growers;

namespace Differ.Benchmarks.Ratios;

/// <summary>A capture of one format, and one ten times as large.</summary>
/// <param name="Format">Its name.</param>
/// <param name="Small">The file.</param>
/// <param name="Large">The larger one.</param>
/// <param name="Events">Events of the smaller one.</param>
internal sealed record Input(string Format, string Small, string Large, ulong Events)
{
    /// <summary>How much larger.</summary>
    public const ulong Times = 10;
}

/// <summary>What is measured: captures grown from small ones of each format.</summary>
/// <param name="folder">Holds trace.dat and perf.data.</param>
/// <param name="scratch">Takes the files.</param>
/// <param name="events">Events of each smaller file, about.</param>
internal sealed class Inputs(string folder, string scratch, ulong events)
{
    private readonly string _traceDat = Path.Combine(folder, "trace.dat");
    private readonly string _perfData = Path.Combine(folder, "perf.data");

    /// <summary>Grown from trace.dat.</summary>
    public Input TraceDat()
    {
        string plain = Path.Combine(scratch, "plain.dat");
        Tool.Run("trace-cmd", "convert", "--file-version", "6", "-i", _traceDat, "-o", plain);
        ulong each = Readers.Records(plain);
        return Make("trace.dat", (wanted, output) =>
        {
            TraceDatGrower.Grow(plain, new FileInfo(plain).Length * (long)(wanted / each), output);
            return Readers.Records(output);
        });
    }

    /// <summary>Grown from perf.data.</summary>
    public Input PerfData() => Make("perf.data", (wanted, output) => PerfDataGrower.Grow(_perfData, wanted, output));

    /// <summary>Grown from the events of trace.dat.</summary>
    public Input NetTrace() => Make("nettrace", (wanted, output) => NetTraceGrower.Grow(_traceDat, wanted, output));

    /// <summary>What perf script prints of perf.data.</summary>
    public Input PerfScript() => Text("perf-script.txt", $"perf script -i '{_perfData}'");

    /// <summary>What trace-cmd report prints of trace.dat, with the kernel's text or with raw fields.</summary>
    public Input Report(string option) => Text($"report{option}.txt", $"trace-cmd report {option} -i '{_traceDat}'");

    private Input Text(string name, string command)
    {
        string printed = Path.Combine(scratch, "printed-" + name);
        Tool.Run("sh", "-c", $"{command} >'{printed}' 2>/dev/null");
        return Make(name, (wanted, output) => TextGrower.Grow(printed, wanted, output));
    }

    private Input Make(string format, Func<ulong, string, ulong> grow)
    {
        (string small, string large) = (Path.Combine(scratch, "small-" + format), Path.Combine(scratch, "large-" + format));
        ulong made = grow(events, small);
        grow(events * Input.Times, large);
        return new Input(format, small, large, made);
    }
}
