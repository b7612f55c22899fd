using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>kvm_exit on AMD (Linux arch/x86/kvm/trace.h, TRACE_EVENT_KVM_EXIT).</summary>
internal static class KvmExit
{
    /// <summary>Where the fields go.</summary>
    public const int ReasonSlot = 0, RipSlot = 1, IsaSlot = 2, Info1Slot = 3, Info2Slot = 4, IntInfoSlot = 5, ErrorCodeSlot = 6;

    /// <summary>Value of <c>isa</c> on AMD.</summary>
    public const ulong Svm = 2;

    /// <summary>The table.</summary>
    public static Tracepoint Tracepoint { get; } = new("kvm_exit", TracepointRole.Exit, KvmEventKind.None,
    [
        // 32 bits in every kernel so far: the manual's VMEXIT_INVALID (-1) arrives as 0xffffffff.
        new("exit_reason", ReasonSlot, Required: true, FieldForm.ExitCode),
        new("guest_rip", RipSlot, Required: true),
        new("isa", IsaSlot, Required: true),
        new("info1", Info1Slot, Required: true),
        new("info2", Info2Slot, Required: true),

        // Since 5.10, and in front of vcpu_id: a decoder by offset would take one for the other.
        new("intr_info", IntInfoSlot),
        new("error_code", ErrorCodeSlot),

        // Since 5.4. Without it the vCPU is that of the last kvm_entry on the same thread.
        new("vcpu_id", Tracepoint.VcpuSlot),
    ]);
}
