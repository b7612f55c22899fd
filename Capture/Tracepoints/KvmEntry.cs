using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>kvm_entry (Linux arch/x86/kvm/trace.h).</summary>
internal static class KvmEntry
{
    /// <summary>Where the fields go.</summary>
    public const int RipSlot = 0, ImmediateExitSlot = 1, IntrInfoSlot = 2, ErrorCodeSlot = 3;

    /// <summary>The table.</summary>
    public static Tracepoint Tracepoint { get; } = new("kvm_entry", TracepointRole.Entry, KvmEventKind.None,
    [
        new("vcpu_id", Tracepoint.VcpuSlot, Required: true),
        new("rip", RipSlot),
        new("immediate_exit", ImmediateExitSlot),

        // EVENTINJ, since 6.14: the only place where NMI injection shows.
        new("intr_info", IntrInfoSlot),
        new("error_code", ErrorCodeSlot),
    ]);
}
