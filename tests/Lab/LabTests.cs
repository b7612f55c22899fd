using Differ.Tests.Lab.Payloads;
using Differ.Tests.Support;

namespace Differ.Tests.Lab;

/// <summary>Guests that run guests, on the kernels of the lab.</summary>
[Collection(LabCollection.Name)]
[TestCaseOrderer("Differ.Tests.Lab.ByKernel", "Differ.Tests")]
public sealed class LabTests(Hosts hosts)
{
    public static TheoryData<string> Kernels => [.. L0.Kernels];

    // Before 7.1 KVM with virtual GIF lets a guest execute STGI and CLGI whatever its EFER.SVME; a guest's VMMCALL is a hypercall everywhere.
    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void Without_EFER_SVME_the_instructions_of_SVM_do_not_exist(string kernel)
    {
        Recorded guest = Record(kernel, Programs.WithoutSvme());
        string gif = kernel == "backports" ? "#UD" : "executed";
        Assert.Equal(
            ["VMRUN #UD", "VMLOAD #UD", "VMSAVE #UD", $"CLGI {gif}", $"STGI {gif}", "SKINIT #UD", "INVLPGA #UD", "VMMCALL executed"], guest.Lines);
    }

    [LabTheory]
    [MemberData(nameof(Kernels))]
    public void Exits_that_L1_asked_for_are_shown_to_it(string kernel)
    {
        Recorded guest = Record(kernel, Programs.Reflected());
        Assert.All(guest.Lines.Take(7), line => Assert.EndsWith("as it must", line, StringComparison.Ordinal));
        Assert.DoesNotContain("SVM-15.12", guest.Findings, StringComparison.Ordinal);
        Assert.Contains(kernel == "6.1" ? "SVM-15.18-VMMCALL-UNINT-UD" : "conforms", guest.Findings, StringComparison.Ordinal);
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
    [MemberData(nameof(Kernels))]
    public void Every_CPUID_of_a_loop_is_recorded(string kernel)
    {
        Recorded guest = Record(kernel, Programs.CpuidLoop());
        Assert.Matches("^CPUID [0-9a-f]{16}$", Assert.Single(guest.Lines));
        Assert.True(guest.Cpuids >= 2000, guest.Findings);
    }

    // The one place that knows how a guest is recorded.
    private Recorded Record(string kernel, Payload payload)
    {
        L0 l0 = hosts.Of(kernel);
        File.WriteAllBytes(Path.Combine(l0.Share, payload.Name), payload.Image());
        CommandResult run = l0.Run($"""
            cd /dev/shm
            trace-cmd record -e kvm -b 20000 -o trace.dat timeout 60 qemu-system-x86_64 -accel kvm -cpu host -machine pc -m 64 -nodefaults -display none \
                -device isa-debug-exit,iobase=0xf4,iosize=4 -serial file:console -kernel /mnt/{payload.Name} > log 2>&1
            cp trace.dat console log /mnt/
            """);
        Assert.True(run.Status == 0, run.Output + run.Errors);
        string console = File.ReadAllText(Path.Combine(l0.Share, "console"));
        string capture = Path.Combine(l0.Share, "trace.dat");
        return new Recorded(console.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), CommandLine.Run("check", capture).Output,
            CommandLine.Run("show", "--events", capture).Output.Split("kvm_cpuid").Length - 1);
    }

    /// <summary>What is known of a guest that ran.</summary>
    /// <param name="Lines">What it said.</param>
    /// <param name="Findings">The report of its recording.</param>
    /// <param name="Cpuids">How many CPUIDs were recorded.</param>
    private sealed record Recorded(IReadOnlyList<string> Lines, string Findings, int Cpuids);
}
