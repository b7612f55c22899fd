using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Ctf;

/// <summary>Holds the reader and the builder against babeltrace2, where it is installed.</summary>
public sealed partial class CtfBabeltraceTests
{
    private const string Program = "babeltrace2";

    public static TheoryData<string> Shapes => ["perf", "LTTng", "LTTng, big-endian", "LTTng, packets of text"];

    [BabeltraceTheory]
    [MemberData(nameof(Shapes))]
    public void Babeltrace_reads_the_same_events_times_and_numbers(string shape)
    {
        using var scratch = new Scratch();
        string folder = Write(scratch, shape);
        string[] theirs = [.. Babeltrace("--clock-cycles", folder).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        string[] ours = [.. CommandLine.Run("show", "--events", folder).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        Assert.NotEmpty(ours);
        Assert.Equal(theirs.Select(Summary), ours.Select(Summary));
    }

    [BabeltraceTheory]
    [MemberData(nameof(Shapes))]
    public void What_babeltrace_writes_again_is_read_alike(string shape)
    {
        using var scratch = new Scratch();
        string folder = Write(scratch, shape);
        Babeltrace(folder, "-o", "ctf", "-w", scratch["again"]);
        string again = Path.GetDirectoryName(Directory.EnumerateFiles(scratch["again"], "metadata", SearchOption.AllDirectories).Single())!;
        Assert.Equal(CommandLine.Run("show", "--events", folder).Output, CommandLine.Run("show", "--events", again).Output);
    }

    private static string Write(Scratch scratch, string shape)
    {
        string kernel = shape == "perf" ? "6.12" : "5.4";
        byte[] original = Stories.Vmmcall(kernel, right: false, new TraceDatBuilder());
        Dictionary<string, byte[]> files = shape == "perf" ? CtfStories.Perf(original, KernelLayouts.Of(kernel))
            : CtfStories.Lttng(original, KernelLayouts.Of(kernel), new CtfBuilder
            {
                BigEndian = shape.EndsWith("big-endian", StringComparison.Ordinal),
                PacketsOfText = shape.EndsWith("text", StringComparison.Ordinal),
            });
        string folder = Directory.CreateDirectory(scratch["recording"]).FullName;
        foreach ((string name, byte[] bytes) in files)
        {
            File.WriteAllBytes(Path.Combine(folder, name), bytes);
        }

        return folder;
    }

    // Time, and what is called by a name that both print and has a number; common fields are printed by one of them only.
    private static string Summary(string line)
    {
        string time = Regex.Replace(Time().Match(line).Value, @"[\[\].]", "").TrimStart('0');
        IEnumerable<string> numbers = Number().Matches(line).Where(number => !number.Groups[1].Value.StartsWith("common_", StringComparison.Ordinal) && number.Groups[1].Value != "cpu_id")
            .Select(number => (Name: number.Groups[1].Value, Value: ValueOf(number.Groups[2].Value)))
            .Select(number => $"{number.Name}={number.Value:x}").Order(StringComparer.Ordinal);
        return $"{time} {string.Join(' ', numbers)}";
    }

    private static ulong ValueOf(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : unchecked((ulong)(Int128.Parse(text, CultureInfo.InvariantCulture) & ulong.MaxValue));

    private static string Babeltrace(params string[] words)
    {
        using Process process = Process.Start(new ProcessStartInfo(Program, words) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = process.StandardOutput.ReadToEnd();
        Assert.Equal("", process.StandardError.ReadToEnd());
        process.WaitForExit();
        return output;
    }

    [GeneratedRegex(@"^\[?[0-9.]+\]?")]
    private static partial Regex Time();

    [GeneratedRegex(@"\b(\w+) ?= ?(0[xX][0-9a-fA-F]+|-?[0-9]+)(?=[,\s]|$)")]
    private static partial Regex Number();

    /// <summary>A theory that needs babeltrace2.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class BabeltraceTheoryAttribute : TheoryAttribute
    {
        public BabeltraceTheoryAttribute()
        {
            IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
            Skip = folders.Any(folder => File.Exists(Path.Combine(folder, Program))) ? null : "babeltrace2 is not installed";
        }
    }
}
