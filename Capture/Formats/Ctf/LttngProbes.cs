using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.Ctf;

/// <summary>What LTTng's probes of KVM tell, and what only seems so.</summary>
/// <remarks>
/// LTTng does not store a tracepoint's record; a probe of its own is called with the kernel's arguments and names them by what its
/// source says (LTTng-modules, include/instrumentation/events/arch/x86/kvm/trace.h). That source is not checked against the kernel
/// that it is built for. Where a kernel changed the arguments and the probe was not changed, the names stand for other arguments:
/// the number of a vCPU is the half of a pointer, an exit code is a constant. Nothing in the recording says so, but one probe was
/// changed each time, because it would not have compiled: that of kvm_exit has intr_info if and only if the kernel is of the series
/// that also changed the others. A row is true of both: of a recording with those arguments, and of a probe that has caught up.
/// </remarks>
internal static class LttngProbes
{
    private const string Prefix = "kvm_x86_", KernelPrefix = "kvm_", Group = "kvm";

    /// <summary>Probes of which newer kernels pass other arguments.</summary>
    private static IReadOnlyList<ProbeRow> Rows { get; } =
    [
        new("kvm_entry", "rip"),
        new("kvm_nested_vmexit", "exit_reason"),
        new("kvm_nested_intercepts", "intercept1"),
        new("kvm_page_fault", "vcpu_id"),
        new("kvm_hv_hypercall", "var_cnt"),

        // Its arguments changed before those of the others, where nothing shows it.
        new("kvm_cpuid", "index", AlwaysInDoubt: true),
    ];

    /// <summary>Whether an event has one of the names that LTTng gives.</summary>
    public static bool IsNamedSo(string name) => name.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Group and name that the kernel has for an event of a recording.</summary>
    /// <param name="name">The name in the recording: <c>kvm:kvm_exit</c> of perf, <c>kvm_x86_exit</c> or <c>kvm_mmio</c> of LTTng.</param>
    public static (string System, string Name) Split(string name)
    {
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon >= 0 ? (name[..colon], name[(colon + 1)..])
            : IsNamedSo(name) ? (Group, KernelPrefix + name[Prefix.Length..])
            : name.StartsWith(KernelPrefix, StringComparison.Ordinal) ? (Group, name)
            : (name.Split('_')[0], name);
    }

    /// <summary>Whether the values of a probe may be of other arguments than their names say.</summary>
    /// <param name="layout">What the probe names, by the kernel's name of the tracepoint.</param>
    /// <param name="exit">The same for kvm_exit; null where it was not recorded.</param>
    public static bool IsStale(EventLayout layout, EventLayout? exit) =>
        Rows.FirstOrDefault(row => row.Name == layout.Name) is { } known && layout.Find(known.NewField) is null
        && (known.AlwaysInDoubt || exit is null || exit.Find("intr_info") is not null);

    /// <summary>A probe of which newer kernels pass other arguments.</summary>
    /// <param name="Name">The kernel's name of the tracepoint.</param>
    /// <param name="NewField">A field that a probe has which knows the newer arguments.</param>
    /// <param name="AlwaysInDoubt">Whether kvm_exit does not tell which arguments they are.</param>
    private sealed record ProbeRow(string Name, string NewField, bool AlwaysInDoubt = false);
}
