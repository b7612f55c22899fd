using System.Text.Json;
using System.Text.RegularExpressions;
using Differ.Tests.Lab.Payloads;
using Differ.Tests.Support;

namespace Differ.Tests.Lab;

/// <summary>Guests that run guests, on the kernels of the lab.</summary>
[Collection(LabCollection.Name)]
public sealed class LabTests(Hosts hosts)
{
    // Probes, instances, and files beside the output that are still there.
    private const string Left = "cat /sys/kernel/tracing/kprobe_events; ls /sys/kernel/tracing/instances; ls | grep -e partial -e parts";

    // Waits until a recorder has set everything up.
    private const string Started = "for i in $(seq 300); do ls *.partial > /dev/null 2>&1 && break; sleep 0.2; done; sleep 1";

    private static readonly string[] FixedBefore7_3 =
    [
        "CLGI without EFER.SVME raises #UD and leaves GIF", "GIF stays clear when EFER.SVME is cleared", "EVENTINJ of type 1 is refused",
        "An injected exception with the vector of NMI is refused", "A guest that clears EFER.SVME shuts down", "SKINIT without the feature raises #UD and does not exit",
        "A string output whose page table L1 took away is a nested page fault of the walk",
    ];

    private static readonly string[] KeptByAll =
    [
        "An exit code is the position of its bit in the intercept vector", "RDMSR exits with 0", "WRMSR exits with 1", "An interrupt wakes an L2 that halted, and ends it",
        "The guest's TSC offset ends with the guest", "RDMSR of the host reads the TSC without the guest's offset", "A push of what a device holds shows L1 the fault of the stack",
        "A string input into a page that the guest may not write shows L1 the error code", "A string output that crosses into a page that the guest lacks shows L1 where that begins",
        "A string output from the start of a page that L1 took away is a nested page fault",
    ];

    private static readonly string[] Equations =
        ["entry = kvm_entry", "exit - cancel = kvm_exit", "vmrun = kvm_nested_vmenter + kvm_nested_vmenter_failed", "vmexit = kvm_nested_vmexit_inject"];

    public static TheoryData<string> Kernels => [.. L0.Kernels];

    public static TheoryData<string, string> Levels
    {
        get
        {
            var levels = new TheoryData<string, string>();
            foreach (string kernel in L0.Kernels)
            {
                levels.Add(kernel, "stock");
                levels.Add(kernel, "lean");
            }

            return levels;
        }
    }

    // Before 7.1 KVM with virtual GIF lets a guest execute STGI and CLGI whatever its EFER.SVME; a guest's VMMCALL is a hypercall everywhere.
    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void Without_EFER_SVME_the_instructions_of_SVM_do_not_exist(string kernel)
    {
        Recorded guest = Record(kernel, Programs.WithoutSvme());
        string gif = kernel == "backports" ? "#UD" : "executed";
        Assert.Equal(
            ["VMRUN #UD", "VMLOAD #UD", "VMSAVE #UD", $"CLGI {gif}", $"STGI {gif}", "SKINIT #UD", "INVLPGA #UD", "VMMCALL executed"], guest.Lines);
        Assert.Equal(kernel != "backports", guest.Findings.Contains("SVM-15.4-SVME-UD-CLGI", StringComparison.Ordinal));
        if (kernel == "6.12")
        {
            Assert.Contains("SVM-15.4-STGI-SKINIT-AVAIL", guest.Findings, StringComparison.Ordinal);
        }
    }

    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void Exits_that_L1_asked_for_are_shown_to_it(string kernel)
    {
        Recorded guest = Record(kernel, Programs.Reflected());
        Assert.All(guest.Lines.Take(7), line => Assert.EndsWith("as it must", line, StringComparison.Ordinal));
        Assert.DoesNotContain("SVM-15.12", guest.Findings, StringComparison.Ordinal);
        Assert.Equal(kernel == "6.1", guest.Findings.Contains("SVM-15.18-VMMCALL-UNINT-UD", StringComparison.Ordinal));
        if (kernel == "6.12")
        {
            Assert.StartsWith("conforms: ", guest.Findings, StringComparison.Ordinal);
            Assert.DoesNotContain("which no tracepoint carries", guest.Findings, StringComparison.Ordinal);
        }

        Assert.All(Equations, equation => Assert.Matches($"{Regex.Escape(equation)}: [1-9]", guest.Said));
    }

    // A probe on a return cannot see on every kernel what the function was called with.
    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void What_the_kernel_refuses_is_told_in_its_words(string kernel)
    {
        Recorded guest = Record(kernel, Programs.Refused());
        Assert.Equal(
            kernel == "6.1",
            guest.Said.Contains("rdguest is not set (the kernel refuses the probe on kvm:kvm_vcpu_read_guest: Invalid $-variable specified); not seen: the words of L1's permission maps", StringComparison.Ordinal));
    }

    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void Nothing_is_left_however_a_recording_ends(string kernel)
    {
        CommandResult run = Run(kernel, $$"""
            /opt/differ record -o for.dat --for 1s 2> /dev/null
            (exec env --default-signal /opt/differ record -o int.dat 2> /dev/null) & {{Started}}; kill -INT $!; wait $!
            /opt/differ record -o term.dat -- sleep 1000 2> /dev/null & {{Started}}; kill -TERM $!; wait $!
            pgrep sleep
            ls for.dat int.dat term.dat
            {{Left}}
            """);
        Assert.Equal("for.dat\nint.dat\nterm.dat\n", run.Output);
    }

    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void What_a_killed_recording_left_is_told_of_and_taken_away(string kernel)
    {
        CommandResult run = Run(kernel, $$"""
            (exec /opt/differ record -o killed.dat 2> /dev/null) & {{Started}}; kill -9 $!; wait $! 2> /dev/null
            ls /sys/kernel/tracing/instances
            /opt/differ record -o next.dat --for 1s; echo $?
            /opt/differ record --cleanup; echo $?
            {{Left}}
            """);
        Assert.StartsWith(
            "differ\ndiffer: another differ record is under way, or a killed one left its probes: differ record --cleanup removes them\n2\ndiffer: /dev/shm/killed.dat.cpu0.partial was removed\n",
            run.Output, StringComparison.Ordinal);
        Assert.EndsWith(" probes were removed\n0\n", run.Output, StringComparison.Ordinal);
    }

    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void A_script_of_the_shell_records_the_same(string kernel)
    {
        Payload payload = Programs.Reflected();
        CommandResult run = Run(kernel, $"""
            /opt/differ record --print-script > record.sh
            busybox sh record.sh -o trace.dat {Guests.Qemu} /mnt/{payload.Name} 2> /dev/null
            cp trace.dat /mnt/
            {Left}
            """, payload);
        Assert.Equal("", run.Output);
        string counts = CommandLine.Run("show", "--counts", Path.Combine(hosts.Of(kernel).Share, "trace.dat")).Output;
        Assert.Equal(Count(counts, "kvm_entry"), Count(counts, "entry"));
        Assert.NotEqual("", Count(counts, "kvm_nested_vmexit_inject"));
        Assert.Equal(Count(counts, "kvm_nested_vmexit_inject"), Count(counts, "vmexit"));
    }

    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void A_VMRUN_that_the_manual_refuses_is_refused(string kernel)
    {
        Recorded guest = Record(kernel, Programs.Refused());
        Assert.Equal(5, guest.Lines.Count);
        Assert.All(guest.Lines, line => Assert.EndsWith("as it must", line, StringComparison.Ordinal));
        Assert.Contains("conforms", guest.Findings, StringComparison.Ordinal);
    }

    [LabTheory]
    [MemberData(nameof(Levels))]
    public void Every_CPUID_of_a_loop_is_recorded(string kernel, string level)
    {
        Recorded guest = Record(kernel, Programs.CpuidLoop(), level);
        Assert.Equal(2, guest.Lines.Count);
        Assert.All(guest.Lines, line => Assert.Matches("^(CPUID|least) [0-9a-f]{16}$", line));
        Assert.True(guest.Cpuids >= 2000, guest.Findings);
    }

    // Fixed in 7.0 and 7.1: what of SVM exists without EFER.SVME, EVENTINJ of types that do not exist, L2 that clears EFER.SVME, intercepts of
    // instructions that L1's CPUID lacks, GIF that EFER.SVME set.
    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void The_scenarios_of_the_manual_tell_what_a_kernel_departs_in(string kernel)
    {
        CommandResult run = Run(kernel, "/opt/differ conform --report json=/mnt/conform.json > /dev/null; echo $?");
        Assert.Equal("1\n", run.Output);
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(hosts.Of(kernel).Share, "conform.json")));
        ILookup<string, string> verdicts = json.RootElement.GetProperty("scenarios").EnumerateArray()
            .ToLookup(static one => one.GetProperty("title").GetString()!, static one => one.GetProperty("verdict").GetString()!);
        string[] rules = [.. json.RootElement.GetProperty("scenarios").EnumerateArray().Where(static one => one.GetProperty("verdict").GetString() is "agrees" or "departs")
            .SelectMany(static one => one.GetProperty("rules").EnumerateArray()).Select(static rule => rule.GetString()!).Distinct()];
        Assert.True(rules.Length >= 220, $"{rules.Length} rules were decided");
        Assert.Equal(0, json.RootElement.GetProperty("counts").GetProperty("lost").GetInt32());
        Assert.All(FixedBefore7_3, title => Assert.Equal([kernel == "backports" ? "agrees" : "departs"], verdicts[title]));
        Assert.All(KeptByAll, title => Assert.Equal(["agrees"], verdicts[title]));
    }

    // The translator refuses no ASID and every type of an event that does not exist; it tells IN without the width of addresses.
    [LabFact]
    public void Scenarios_run_on_QEMU_as_a_processor()
    {
        using var scratch = new Scratch();
        string lab = Path.Combine(Repository.Root, "tests", "Lab", "lab.sh"), report = scratch["tcg.json"];
        string[] words = ["conform", "--on", "tcg", "--qemu", $"{lab} qemu", "--rule", "SVM-15.20-INJ-TYPE"];
        CommandResult kept = CommandLine.Run(words);
        Assert.True((kept.Status, kept.Errors) == (0, ""), kept.Output + kept.Errors);
        Assert.StartsWith("conforms: none of 5 scenarios diverges from the manual; 5 agree", kept.Output, StringComparison.Ordinal);
        CommandResult broken = CommandLine.Run([.. words[..^1], "SVM-15.10-IOIO-INFO1", "--report", $"json={report}"]);
        Assert.Equal(1, broken.Status);
        Assert.Contains("vmcb12 exitinfo1  manual 0x600211, TCG 0x600011", broken.Output, StringComparison.Ordinal);
        CommandResult excused = CommandLine.Run([.. words[..^1], "SVM-15.10-IOIO-INFO1", "--processor", report]);
        Assert.Contains("The processor's own: ", excused.Output, StringComparison.Ordinal);
        Assert.NotEqual(1, excused.Status);
    }

    // The one place that knows how a guest is recorded.
    private Recorded Record(string kernel, Payload payload, string level = "full")
    {
        CommandResult run = Run(kernel, $"""
            /opt/differ record --events {level} -o trace.dat -- {Guests.Qemu} /mnt/{payload.Name} > log 2>&1
            cp trace.dat console log /mnt/
            {Left}
            """, payload);
        string share = hosts.Of(kernel).Share, capture = Path.Combine(share, "trace.dat"), said = File.ReadAllText(Path.Combine(share, "log"));
        Assert.True(run.Output.Length == 0, run.Output + said);
        string console = File.ReadAllText(Path.Combine(share, "console"));
        return new Recorded(console.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), CommandLine.Run("check", capture).Output,
            CommandLine.Run("show", "--events", capture).Output.Split("kvm_cpuid").Length - 1, said);
    }

    private CommandResult Run(string kernel, string script, Payload? payload = null)
    {
        L0 l0 = hosts.Of(kernel);
        if (payload is not null)
        {
            File.WriteAllBytes(Path.Combine(l0.Share, payload.Name), payload.Image());
        }

        return l0.Run($"""
            cd /dev/shm
            rm -rf *
            {script}
            """);
    }

    private static string Count(string counts, string name) => Regex.Match(counts, $@"^{name}\t(\d+)$", RegexOptions.Multiline).Groups[1].Value;

    /// <summary>What is known of a guest that ran.</summary>
    /// <param name="Lines">What it said.</param>
    /// <param name="Findings">The report of its recording.</param>
    /// <param name="Cpuids">How many CPUIDs were recorded.</param>
    /// <param name="Said">What the recorder said.</param>
    private sealed record Recorded(IReadOnlyList<string> Lines, string Findings, int Cpuids, string Said);
}
