using System.Collections.Frozen;
using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>Every tracepoint Differ reads. A new one is a row in its topic's file, or a new file and a line here.</summary>
internal static class KvmTracepoints
{
    /// <summary>All, by topic.</summary>
    public static IReadOnlyList<Tracepoint> All { get; } =
    [
        KvmExit.Tracepoint,
        KvmEntry.Tracepoint,
        KvmNested.Vmrun,
        KvmNested.Vmenter,
        KvmNested.Intercepts,
        KvmNested.Vmexit,
        KvmNested.VmexitInject,
        KvmNested.IntrVmexit,
        KvmNested.VmenterFailed,
        .. KvmEvents.All,
        .. KvmAccesses.All,
    ];

    // Starts of names of other architectures' tracepoints (Linux arch/s390/kvm/trace*.h, arch/powerpc/kvm/trace*.h, arch/mips/kvm/trace.h,
    // arch/arm64/kvm/trace*.h, arch/riscv/kvm/trace.h). What x86 has under the same name is not here.
    private static readonly string[] Foreign =
    [
        "kvm_s390_", "kvm_ppc_", "kvm_book3s_", "kvm_booke", "kvm_guest_enter", "kvm_guest_exit", "kvm_hcall_", "kvmppc_", "kvm_hwr", "kvm_asid_change",
        "kvm_enter", "kvm_reenter", "kvm_out", "kvm_guest_fault", "kvm_arm_", "kvm_wfx_", "kvm_hvc_", "kvm_handle_sys_reg", "kvm_sys_access", "kvm_irq_line",
    ];

    private static FrozenDictionary<string, Tracepoint> ByName { get; } = All.ToFrozenDictionary(tracepoint => tracepoint.Name, StringComparer.Ordinal);

    /// <summary>The tracepoint that reads a kind of event; null when Differ does not use it.</summary>
    public static Tracepoint? Find(string system, string name) =>
        system == "kvm" && ByName.TryGetValue(name, out Tracepoint? tracepoint) ? tracepoint : null;

    /// <summary>Whether a group of events is KVM's, of any architecture.</summary>
    public static bool IsOfKvm(string system) => system.StartsWith("kvm", StringComparison.Ordinal);

    /// <summary>Whether an event of KVM is one of another architecture than x86.</summary>
    public static bool IsForeign(string name) => Array.Exists(Foreign, start => name.StartsWith(start, StringComparison.Ordinal));

    public static TracepointSet MemberOf(Tracepoint tracepoint) => tracepoint.Role switch
    {
        TracepointRole.Exit => TracepointSet.Exit,
        TracepointRole.Entry => TracepointSet.Entry,
        _ => TracepointSet.Of(tracepoint.Kind),
    };
}
