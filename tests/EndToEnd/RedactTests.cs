using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>A recording that was redacted is judged as before, and tells nothing of its host.</summary>
public sealed partial class RedactTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public static TheoryData<string> Fixtures => [.. Fixture.Names];

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void The_check_says_the_same_of_a_redacted_recording(string name)
    {
        string capture = Fixture.Capture(name);
        AssertRedacts(capture);
        string[] before = Rips(capture), after = Rips(_scratch["run"]);
        Assert.Equal(before.Length, after.Length);
        Assert.All(before.Zip(after), static pair => Assert.Equal(IsOfPlatform(pair.First), pair.First == pair.Second));
    }

    [CasesFact]
    public void The_check_says_the_same_of_the_small_cases() => AssertAllRedact(Repository.Cases!, every: 1);

    [CorpusFact]
    public void The_check_says_the_same_of_recordings_of_kernels() => AssertAllRedact(Repository.Corpus!, every: 20);

    [CorpusFact]
    public void The_check_says_the_same_of_recordings_with_probes() => AssertAllRedact(Path.Combine(Repository.Corpus!, "..", "deep"), every: 4);

    [Fact]
    public void One_secret_maps_alike_and_another_otherwise()
    {
        string capture = Fixture.Capture("reflected-cpuid");
        byte[] Redacted(string key)
        {
            Assert.Equal(0, CommandLine.Run("redact", capture, "--key", key, "-o", _scratch[key]).Status);
            return File.ReadAllBytes(_scratch[key]);
        }

        byte[] one = Redacted("one");
        Assert.Equal(one, CommandLine.Run("redact", capture, "--key", "one", "-o", "-").Bytes);
        Assert.NotEqual(one, Redacted("two"));
    }

    [Fact]
    public void Names_are_nowhere_in_it()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder builder = KvmStory.Capture(layouts).Thread(100, "payroll-vm");
        Stories.Vmmcall(new KvmStory(builder.Top, layouts), right: false);
        File.WriteAllBytes(_scratch["customer.dat"], builder.File);
        Assert.Contains("payroll-vm", CommandLine.Run("check", _scratch["customer.dat"]).Output, StringComparison.Ordinal);
        CommandResult result = CommandLine.Run("redact", _scratch["customer.dat"], "-o", _scratch["sent"]);
        Assert.Equal((0, "", $"differ: {_scratch["sent"]}: diverges, as before\n"), (result.Status, result.Output, result.Errors));
        string bytes = Encoding.Latin1.GetString(File.ReadAllBytes(_scratch["sent"]));
        Assert.DoesNotContain("payroll", bytes, StringComparison.Ordinal);
        Assert.DoesNotContain("customer", bytes, StringComparison.Ordinal);
    }

    private void AssertAllRedact(string folder, int every)
    {
        string[] captures = [.. File.ReadLines(Path.Combine(folder, "expected.tsv")).Skip(1).Select(line => line.Split('\t')[0]).Where((_, i) => i % every == 0)];
        foreach (string capture in captures.Select(name => Path.Combine(folder, name)).Where(path => CommandLine.Run("convert", path, "-o", _scratch["plain"]).Status == 0))
        {
            AssertRedacts(capture);
        }
    }

    private void AssertRedacts(string capture)
    {
        CommandResult result = CommandLine.Run("redact", capture, "--key", "a secret", "-o", _scratch["run"]);
        Assert.True(result.Status == 0, $"{capture}: {result.Errors}");
        Assert.Equal(Said(capture), Said(_scratch["run"]));
    }

    // The first 64 KiB, firmware and devices below 1 MiB and 4 GiB, and above that the 64 KiB beside a power of two.
    private static bool IsOfPlatform(string text)
    {
        ulong address = ulong.Parse(text.AsSpan("0x".Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), near = 0x1_0000;
        ulong power = 1UL << (63 - (int)ulong.LeadingZeroCount(address | 1));
        return address is < 0x1_0000 or (>= 0xa_0000 and < 0x10_0000) or (>= 0xfec0_0000 and <= uint.MaxValue)
            || (address > uint.MaxValue && (address - power < near || power - (address - power) <= near));
    }

    // Verdict, and fingerprint and count of every class.
    private static string Said(string path)
    {
        using var report = JsonDocument.Parse(CommandLine.Run("check", path, "--format", "json").Output);
        var said = new List<string> { report.RootElement.GetProperty("verdict").ToString() };
        void Collect(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Object)
            {
                if (element.TryGetProperty("fingerprint", out JsonElement fingerprint) && element.TryGetProperty("count", out JsonElement count))
                {
                    said.Add($"{fingerprint} {count}");
                }

                foreach (JsonProperty property in element.EnumerateObject())
                {
                    Collect(property.Value);
                }
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement one in element.EnumerateArray())
                {
                    Collect(one);
                }
            }
        }

        Collect(report.RootElement);
        return string.Join('\n', said);
    }

    private static string[] Rips(string path) => [.. ExitRip().Matches(CommandLine.Run("show", path).Output).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("#VMEXIT .* rip (0x[0-9a-f]+)")]
    private static partial Regex ExitRip();
}
