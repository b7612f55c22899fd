using System.Globalization;
using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.PerfData;

public sealed partial class PerfCorpusTests
{
    [CorpusFact]
    public void Every_event_of_every_recording_is_where_perf_script_prints_it()
    {
        int compared = 0;
        foreach (string file in Directory.EnumerateFiles(Repository.Corpus!, "perf.data", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string[] printed = [.. File.ReadLines(Path.Combine(Path.GetDirectoryName(file)!, "perf-script.txt")).Select(line => Printed().Match(line))
                .Where(match => match.Success).Select(match => $"{match.Groups["name"]} {match.Groups["thread"]} [{match.Groups["cpu"]}] {match.Groups["time"]} {match.Groups["event"]}")];
            CollectingSink seen = CollectingSink.Read(File.ReadAllBytes(file));
            Assert.Equal(printed, seen.Events.Select(one => string.Create(
                CultureInfo.InvariantCulture,
                $"{seen.ThreadNames[one.Thread]} {one.Thread} [{one.Cpu:d3}] {one.Time / 1_000_000_000}.{one.Time / 1000 % 1_000_000:d6} {one.Name}")));
            compared += printed.Length;
        }

        Assert.True(compared > 10_000, $"{compared} events were compared");
    }

    // "  qemu-system-x86   959 [000]   604.483717:  kvm:kvm_exit: ..."
    [GeneratedRegex(@"^\s*(?<name>\S.*?)\s+(?<thread>\d+)\s+\[(?<cpu>\d+)\]\s+(?<time>\d+\.\d+):\s+kvm:(?<event>\w+):")]
    private static partial Regex Printed();
}
