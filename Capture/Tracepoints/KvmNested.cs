using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>The nested tracepoints (Linux arch/x86/kvm/trace.h).</summary>
internal static class KvmNested
{
    private static readonly IReadOnlyList<FieldRow> VmenterRows =
    [
        new("rip", NestedVmenter.RipSlot, Required: true),
        new("vmcb", NestedVmenter.Vmcb12Slot, Required: true),
        new("nested_rip", NestedVmenter.NestedRipSlot, Required: true),
        new("int_ctl", NestedVmenter.IntCtlSlot, Required: true),
        new("event_inj", NestedVmenter.EventInjSlot, Required: true),
        new("npt", NestedVmenter.NestedPagingSlot),
        new("tdp_enabled", NestedVmenter.NestedPagingSlot),
        new("guest_pgd", NestedVmenter.Cr3Slot),
    ];

    /// <summary>kvm_nested_vmrun, up to 6.0.</summary>
    public static Tracepoint Vmrun { get; } = Tracepoint.Of("kvm_nested_vmrun", KvmEventKind.NestedVmenter, VmenterRows);

    /// <summary>kvm_nested_vmenter, since 6.1.</summary>
    public static Tracepoint Vmenter { get; } = Tracepoint.Of("kvm_nested_vmenter", KvmEventKind.NestedVmenter, VmenterRows);

    /// <summary>kvm_nested_intercepts.</summary>
    public static Tracepoint Intercepts { get; } = Tracepoint.Of("kvm_nested_intercepts", KvmEventKind.NestedIntercepts,
        new("cr_read", NestedIntercepts.CrReadSlot, Required: true),
        new("cr_write", NestedIntercepts.CrWriteSlot, Required: true),
        new("exceptions", NestedIntercepts.ExceptionsSlot, Required: true),

        // Up to 5.9: words 3 and 4 as one number.
        new("intercept", NestedIntercepts.Word3Slot, Form: FieldForm.TwoWords),
        new("intercept1", NestedIntercepts.Word3Slot),
        new("intercept2", NestedIntercepts.Word4Slot),
        new("intercept3", NestedIntercepts.Word5Slot));

    /// <summary>kvm_nested_vmexit; up to 5.9 with names of its own and without vcpu_id.</summary>
    public static Tracepoint Vmexit { get; } = Tracepoint.Of("kvm_nested_vmexit", KvmEventKind.NestedVmexit,
        new("exit_code", NestedVmexit.ExitCodeSlot, Required: true, FieldForm.ExitCode),
        new("exit_reason", NestedVmexit.ExitCodeSlot, Required: true, FieldForm.ExitCode),
        new("rip", NestedVmexit.RipSlot),
        new("guest_rip", NestedVmexit.RipSlot),
        new("exit_info1", NestedVmexit.Info1Slot),
        new("info1", NestedVmexit.Info1Slot),
        new("exit_info2", NestedVmexit.Info2Slot),
        new("info2", NestedVmexit.Info2Slot),
        new("exit_int_info", NestedVmexit.IntInfoSlot),
        new("intr_info", NestedVmexit.IntInfoSlot),
        new("exit_int_info_err", NestedVmexit.IntInfoErrorSlot),
        new("error_code", NestedVmexit.IntInfoErrorSlot),
        new("vcpu_id", Tracepoint.VcpuSlot));

    /// <summary>kvm_nested_vmexit_inject.</summary>
    public static Tracepoint VmexitInject { get; } = Tracepoint.Of("kvm_nested_vmexit_inject", KvmEventKind.NestedVmexitInject,
        new("exit_code", NestedVmexitInject.ExitCodeSlot, Required: true, FieldForm.ExitCode),
        new("exit_info1", NestedVmexitInject.Info1Slot, Required: true),
        new("exit_info2", NestedVmexitInject.Info2Slot, Required: true),
        new("exit_int_info", NestedVmexitInject.IntInfoSlot, Required: true),
        new("exit_int_info_err", NestedVmexitInject.IntInfoErrorSlot, Required: true));

    public static Tracepoint IntrVmexit { get; } =
        Tracepoint.Of("kvm_nested_intr_vmexit", KvmEventKind.NestedIntrVmexit, new FieldRow("rip", 0));

    /// <summary>kvm_nested_vmenter_failed; emitted on AMD since 5.13, where the message became a text.</summary>
    public static Tracepoint VmenterFailed { get; } = Tracepoint.Of("kvm_nested_vmenter_failed", KvmEventKind.NestedVmenterFailed,
        new("msg", NestedVmenterFailed.MessageSlot, Form: FieldForm.Text),
        new("err", NestedVmenterFailed.ErrorSlot));
}
