using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Differ.Capture.Recording;
using Differ.Tests.Lab.Payloads;
using Differ.Tests.Support;
using Xunit.Abstractions;

namespace Differ.Tests.Lab;

/// <summary>
/// What recording costs a guest, counted in instructions of the host by a processor whose time-stamp counter counts them: the ticks between two
/// RDTSC around a CPUID, and those that a loop takes, in which the recorder runs too: on the one processor that both have it may come too late for
/// a guest that does nothing but exit.
/// </summary>
[Collection(LabCollection.Name)]
public sealed class CostTests(Hosts hosts, ITestOutputHelper output)
{
    private const int Times = 20_000;

    // The help tells of the newest; the page tells of others that were measured the same way.
    public static TheoryData<string> Kernels => [.. L0.Kernels.TakeLast(1)];

    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void A_CPUID_exit_costs_what_the_help_says(string kernel)
    {
        L0 host = hosts.Of(kernel, counts: true);
        Payload payload = Programs.CpuidLoop(Times);
        File.WriteAllBytes(Path.Combine(host.Share, payload.Name), payload.Image());
        (long plain, long all) = Run(host, "", payload);
        output.WriteLine($"{kernel}: {plain} instructions a CPUID, {all} with all that runs beside");
        Assert.InRange(plain, 0.8 * RecordingCost.Unrecorded, 1.2 * RecordingCost.Unrecorded);
        foreach (EventLevel level in Enum.GetValues<EventLevel>())
        {
            string name = level.ToString().ToLowerInvariant();
            (long least, long mean) = Run(host, $"/opt/differ record --events {name} -o cost.dat --", payload);
            using var report = JsonDocument.Parse(CommandLine.Run("check", "--format", "json", Path.Combine(host.Share, "cost.dat")).Output);
            string lost = report.RootElement.GetProperty("quality").GetProperty("losses").ToString();
            output.WriteLine($"{kernel} {name}: {least} instructions a CPUID, {mean} with all that runs beside; lost {lost}");
            if (level != EventLevel.Full)
            {
                Assert.Equal("[]", lost);
            }

            Assert.InRange(least - plain, 0.8 * (RecordingCost.Of(level) - RecordingCost.Unrecorded), 1.2 * (RecordingCost.Of(level) - RecordingCost.Unrecorded));
        }
    }

    // Instructions of the quickest CPUID, and of all for each.
    private static (long Least, long Mean) Run(L0 host, string recorder, Payload payload)
    {
        CommandResult run = host.Run($"""
            cd /dev/shm
            rm -f *
            {recorder} {Guests.Qemu} /mnt/{payload.Name} > log 2>&1
            cp cost.dat /mnt/ 2> /dev/null
            cat console log
            """);
        long Number(string name) => Regex.Match(run.Output, $"^{name} ([0-9a-f]{{16}})\r?$", RegexOptions.Multiline) is { Success: true } line
            ? long.Parse(line.Groups[1].Value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : throw new InvalidOperationException(run.Output);
        return (Number("least"), Number("CPUID") / Times);
    }
}
