using System.Globalization;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

public sealed class CorpusTests
{
    private static readonly string[] Compared =
        ["kvm_exit", "kvm_entry", "kvm_inj_virq", "kvm_inj_exception", "kvm_msr", "kvm_emulate_insn"];

    // Fields that trace-cmd's raw dump prints in hexadecimal without saying so; all others are decimal unless they start with 0x.
    private static readonly string[] BareHex =
    [
        "kvm_emulate_insn.rip", "kvm_emulate_insn.csbase", "kvm_msr.ecx",
        "kvm_nested_intercepts.cr_read", "kvm_nested_intercepts.cr_write", "kvm_nested_intercepts.exceptions",
        "kvm_nested_intercepts.intercept1", "kvm_nested_intercepts.intercept2", "kvm_nested_intercepts.intercept3",
    ];

    [CorpusFact]
    public void Every_capture_of_the_collection_comes_out_as_expected()
    {
        CommandResult result = CommandLine.Run("corpus", Repository.Corpus!);
        Assert.True(result.Status == 0, result.Output + result.Errors);
        Assert.Contains(" as expected, 0 otherwise", result.Output, StringComparison.Ordinal);
    }

    [CorpusFact]
    public void Every_recording_with_probes_comes_out_as_expected()
    {
        CommandResult result = CommandLine.Run("corpus", Path.Combine(Repository.Corpus!, "..", "deep"));
        Assert.True(result.Status == 0, result.Output + result.Errors);
        Assert.Contains(" as expected, 0 otherwise", result.Output, StringComparison.Ordinal);
    }

    [CasesFact]
    public void Every_small_case_is_read_or_refused_as_it_should_be()
    {
        // What is judged otherwise is the rules' business; what is read otherwise is told as such, or is a text of its own kind.
        CommandResult result = CommandLine.Run("corpus", Repository.Cases!);
        string[] otherwise = [.. result.Output.Split('\n').Where(line => line.StartsWith("FAILED", StringComparison.Ordinal))];
        Assert.DoesNotContain(otherwise, line => line.Contains("cannot be read", StringComparison.Ordinal));
        Assert.DoesNotContain(otherwise, line => line[13] == 'c' && char.IsAsciiDigit(line[14]));
        Assert.DoesNotContain(otherwise, line => line.Contains(" text_", StringComparison.Ordinal));
    }

    [CorpusFact]
    public void Every_event_of_the_collection_is_counted()
    {
        var captures = File.ReadLines(Path.Combine(Repository.Corpus!, "counts.tsv")).Skip(1).Select(line => line.Split('\t'))
            .GroupBy(columns => columns[0], columns => $"{columns[1]}\t{columns[2]}", StringComparer.Ordinal).ToList();
        Assert.NotEmpty(captures);
        Assert.All(captures, capture =>
        {
            CommandResult result = CommandLine.Run("show", Path.Combine(Repository.Corpus!, capture.Key, "trace.dat"), "--counts");
            Assert.Equal((0, ""), (result.Status, result.Errors));
            Assert.Equal(capture.Order(StringComparer.Ordinal), result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        });
    }

    [CorpusFact]
    public void Every_field_is_what_trace_cmd_reads()
    {
        string[] dumps = Directory.GetFiles(Path.Combine(Repository.Corpus!, "raw"), "*.txt");
        Assert.NotEmpty(dumps);
        Assert.All(dumps, dump =>
        {
            string[] name = Path.GetFileNameWithoutExtension(dump).Split('_', 2);
            CommandResult result = CommandLine.Run("show", Path.Combine(Repository.Corpus!, name[0], name[1], "trace.dat"), "--events");
            Assert.Equal((0, ""), (result.Status, result.Errors));
            List<string> expected = [.. File.ReadLines(dump).Select(OfRaw).OfType<string>()];
            List<string> found = [.. result.Output.Split('\n').Select(OfShow).OfType<string>()];
            Assert.NotEmpty(expected);
            Assert.Equal(expected.Count, found.Count);
            for (int i = 0; i < expected.Count; i++)
            {
                Assert.Equal(expected[i], found[i]);
            }
        });
    }

    // " comm-946   [000]   597.793238299: kvm_entry:             vcpu_id=0 rip=0xfff0 immediate_exit=0"
    private static string? OfRaw(string line)
    {
        int open = line.IndexOf('[', StringComparison.Ordinal);
        string[] parts = open < 0 ? [] : line[open..].Split(": ", 3);
        if (parts.Length < 2 || !IsCompared(parts[1].TrimEnd(':')))
        {
            return null;
        }

        string[] place = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string thread = line[..open].TrimEnd()[(line[..open].LastIndexOf('-') + 1)..];
        string name = parts[1].TrimEnd(':');
        return $"{place[1]} {place[0]} {thread} {name} {Fields(name, parts[2], quoted: false)}";
    }

    // "597.793238299 [000] comm-946 kvm_entry: vcpu_id=0x0 rip=0xfff0 immediate_exit=0x0"
    private static string? OfShow(string line)
    {
        string[] parts = line.Split(": ", 2);
        string[] words = parts[0].Split(' ');
        return parts.Length < 2 || !IsCompared(words[^1])
            ? null
            : $"{words[0]} {words[1]} {words[^2][(words[^2].LastIndexOf('-') + 1)..]} {words[^1]} {Fields(words[^1], parts[1], quoted: true)}";
    }

    private static bool IsCompared(string name) => Compared.Contains(name) || name.StartsWith("kvm_nested_", StringComparison.Ordinal);

    private static string Fields(string name, string text, bool quoted)
    {
        // The message of a failed check holds spaces and equal signs.
        int message = text.IndexOf("msg=", StringComparison.Ordinal);
        int end = text.LastIndexOf(" err=", StringComparison.Ordinal);
        if (message >= 0)
        {
            return $"{text[(message + 4)..end].Trim('"')} {Number(name, "err", text[(end + 5)..].Trim())}";
        }

        string plain = text.Replace("ARRAY[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Replace(", ", "", StringComparison.Ordinal);
        return string.Join(' ', plain.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word =>
        {
            string[] pair = word.Split('=');
            return pair[0] == "insn" ? word : $"{pair[0]}={(quoted ? Convert.ToUInt64(pair[1], 16) : Number(name, pair[0], pair[1])):x}";
        }));
    }

    private static ulong Number(string name, string field, string value) =>
        value.StartsWith("0x", StringComparison.Ordinal) || BareHex.Contains($"{name}.{field}")
            ? Convert.ToUInt64(value, 16)
            : ulong.Parse(value, CultureInfo.InvariantCulture);
}
