namespace Differ.Capture.Tracepoints;

/// <summary>What a probe in KVM shows.</summary>
internal enum ProbeRole
{
    /// <summary>The machine as the guest is entered: the last call before VMRUN, behind kvm_entry.</summary>
    Entry,

    /// <summary>The machine as a #VMEXIT left it, right behind kvm_exit (up to 6.1 right before it).</summary>
    Exit,

    /// <summary>An entry was given up: the <see cref="Exit"/> that follows is none.</summary>
    Cancel,

    /// <summary>vmcb12 as VMRUN finds it, and L1's registers.</summary>
    Vmrun,

    /// <summary>L1 is about to be shown a #VMEXIT.</summary>
    Vmexit,

    /// <summary>A page of the guest as L0 leaves it: vmcb12 behind a #VMEXIT, what VMSAVE wrote and VMLOAD found.</summary>
    Unmap,

    /// <summary>L0 has read memory of the guest.</summary>
    ReadGuest,

    /// <summary>The VMM restores a nested guest: the <see cref="Vmrun"/> that follows is none.</summary>
    SetNested,

    /// <summary>The CPUID that the VMM gave the guest, before the vCPU runs.</summary>
    Cpuid,

    /// <summary>L0 sets EFER of the guest.</summary>
    Efer,

    /// <summary>L0 sets or clears GIF.</summary>
    Gif,

    /// <summary>L0 leaves L2 without a #VMEXIT.</summary>
    Leave,
}

/// <summary>A probe that Differ reads.</summary>
/// <param name="Name">Name of the event.</param>
/// <param name="Role">What it shows.</param>
internal sealed record Probe(string Name, ProbeRole Role);

/// <summary>The probes that a recorder may have set in KVM. A new one is a row.</summary>
/// <remarks>
/// Kprobe events of the group <c>differ</c>. Their fields describe themselves: <c>c058</c> is byte 58h of the VMCB that runs,
/// <c>g4d0</c> byte 4d0h of vmcb12, <c>h570</c> byte 570h of L1's VMCB; the others have names of KVM's. The size tells how many bytes there are.
/// </remarks>
internal static class Probes
{
    /// <summary>The group of the events.</summary>
    public const string Group = "differ";

    /// <summary>All.</summary>
    public static IReadOnlyList<Probe> All { get; } =
    [
        new("entry", ProbeRole.Entry),
        new("exit", ProbeRole.Exit),
        new("cancel", ProbeRole.Cancel),
        new("vmrun", ProbeRole.Vmrun),
        new("vmexit", ProbeRole.Vmexit),
        new("unmap", ProbeRole.Unmap),
        new("setnested", ProbeRole.SetNested),
        new("rdguest", ProbeRole.ReadGuest),
        new("cpuid", ProbeRole.Cpuid),
        new("efer", ProbeRole.Efer),
        new("gif", ProbeRole.Gif),
        new("leave", ProbeRole.Leave),
    ];

    /// <summary>The probe of an event; null where Differ knows none.</summary>
    public static Probe? Find(string group, string name) => group == Group ? All.FirstOrDefault(probe => probe.Name == name) : null;
}
