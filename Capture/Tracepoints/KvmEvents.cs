using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>Injection, APIC, halting and the way out to user space (Linux arch/x86/kvm/trace.h, include/trace/events/kvm.h).</summary>
internal static class KvmEvents
{
    private static readonly IReadOnlyList<FieldRow> AcceptRows =
    [
        // Filled with the vCPU number, whatever its name says.
        new("apicid", AcceptedInterrupt.VcpuSlot, Required: true),
        new("dm", AcceptedInterrupt.DeliveryModeSlot),
        new("tm", AcceptedInterrupt.TriggerModeSlot),
        new("vec", AcceptedInterrupt.VectorSlot, Required: true),
    ];

    private static readonly IReadOnlyList<FieldRow> SmmRows =
    [
        new("smbase", SmmTransition.SmbaseSlot),
        new("entering", SmmTransition.EnteringSlot, Required: true),
        new("vcpu_id", Tracepoint.VcpuSlot),
    ];

    private static readonly IReadOnlyList<FieldRow> EoiRows = [new("apicid", 0), new("vector", EndOfInterrupt.VectorSlot)];

    private static readonly IReadOnlyList<FieldRow> FlushRows = [new("guest_mode", 0)];

    private static readonly IReadOnlyList<FieldRow> AsyncRows = [new("token", 0), new("gva", 1)];

    public static IReadOnlyList<Tracepoint> All { get; } =
    [
        Tracepoint.Of("kvm_inj_virq", KvmEventKind.InjectInterrupt,
            new("irq", InjectedInterrupt.VectorSlot, Required: true),
            new("vector", InjectedInterrupt.VectorSlot, Required: true),
            new("soft", InjectedInterrupt.SoftSlot),
            new("reinjected", InjectedInterrupt.ReinjectedSlot)),
        Tracepoint.Of("kvm_inj_exception", KvmEventKind.InjectException,
            new("exception", InjectedException.VectorSlot, Required: true),
            new("has_error", InjectedException.HasErrorSlot),
            new("error_code", InjectedException.ErrorSlot),
            new("reinjected", InjectedException.ReinjectedSlot)),
        Tracepoint.Of("kvm_userspace_exit", KvmEventKind.UserspaceExit,
            new("reason", UserspaceExit.ReasonSlot, Required: true),
            new("errno", UserspaceExit.ErrnoSlot)),
        Tracepoint.Of("kvm_enter_smm", KvmEventKind.SmmTransition, SmmRows),
        Tracepoint.Of("kvm_smm_transition", KvmEventKind.SmmTransition, SmmRows),
        Tracepoint.Of("kvm_vcpu_wakeup", KvmEventKind.VcpuWakeup, new("ns", 0), new("waited", 1), new("valid", 2)),
        Tracepoint.Of("kvm_apic_accept_irq", KvmEventKind.ApicAcceptIrq, AcceptRows),
        Tracepoint.Of("kvm_apicv_accept_irq", KvmEventKind.ApicAcceptIrq, AcceptRows),
        Tracepoint.Of("kvm_apic_ipi", KvmEventKind.ApicIpi, new("icr_low", 0), new("dest_id", 1)),
        Tracepoint.Of("kvm_eoi", KvmEventKind.Eoi, EoiRows),
        Tracepoint.Of("kvm_pv_eoi", KvmEventKind.Eoi, EoiRows),
        Tracepoint.Of("kvm_fpu", KvmEventKind.KvmRun, new FieldRow("load", 0, Required: true)),
        Tracepoint.Of("kvm_hv_flush_tlb", KvmEventKind.HypervFlushTlb, FlushRows),
        Tracepoint.Of("kvm_hv_flush_tlb_ex", KvmEventKind.HypervFlushTlb, FlushRows),
        Tracepoint.Of("kvm_async_pf_not_present", KvmEventKind.AsyncPageFault, AsyncRows),
        Tracepoint.Of("kvm_async_pf_ready", KvmEventKind.AsyncPageFault, AsyncRows),
        Tracepoint.Of("kvm_apicv_inhibit_changed", KvmEventKind.ApicvInhibit, new("reason", 0), new("set", 1), new("inhibits", ApicvInhibition.InhibitsSlot)),
    ];
}
