using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Fuzz;

/// <summary>A story in the forms in which text arrives.</summary>
internal static partial class TextSeeds
{
    /// <summary>Of ftrace, of trace-cmd report plain and with raw fields, of perf script, and out of a mail.</summary>
    public static IEnumerable<string> All(string kernel, Action<KvmStory> tell)
    {
        string report = Encoding.ASCII.GetString(StoryFiles.Text(kernel, tell));
        yield return $"cpus=2\n{report}CPU:1 [LOST 12 EVENTS]\n{report}";
        yield return $"# tracer: nop\n#\n# entries-in-buffer/entries-written: 20/40   #P:2\n#\n{Event().Replace(report, "$1 [$2] d..1. $3: $4: ")}##### CPU 1 buffer started ####\n";
        yield return Event().Replace(report, static one => $"{one.Groups[1].Value.Replace("-100", "   100", StringComparison.Ordinal)} [{one.Groups[2].Value}] {one.Groups[3].Value}: kvm:{one.Groups[4].Value}: ")
            + "LOST 7 events!\n";
        yield return $"Hello,\n\nthis is what I see:\n\n> {report.ReplaceLineEndings("\n> ")}\n-- \nme\n";
        yield return Event().Replace(report, static one => $"[  12.000001] {one.Value}");
        yield return Raw(kernel, tell);
    }

    // trace-cmd report -R: numbers in hexadecimal, each after its name.
    private static string Raw(string kernel, Action<KvmStory> tell)
    {
        var text = new StringBuilder("cpus=1\n");
        tell(new KvmStory(
            (cpu, time, record) => text.Append(CultureInfo.InvariantCulture, $"       CPU 0/KVM-{record.Thread}   [{cpu:d3}]     {time / 1_000_000_000}.{time % 1_000_000_000:d9}: {record.Format.Name}: ")
                .AppendJoin(' ', record.Format.Fields.Select(field => $"{field.Name}=0x{record[field.Name]:x}")).Append('\n'),
            KernelLayouts.Of(kernel)));
        return text.ToString();
    }

    [GeneratedRegex(@"^(       CPU 0/KVM-\d+)   \[(\d+)\]     (\d+\.\d+): (\w+): ", RegexOptions.Multiline)]
    private static partial Regex Event();
}
