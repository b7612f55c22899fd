using Differ.Schemas.Run;

namespace Differ.Diff.Report;

/// <summary>The kernel's names of the tracepoints whose absence costs verdicts.</summary>
internal static class KernelNames
{
    /// <summary>In the order of the kinds.</summary>
    public static IReadOnlyList<(HappeningKind Kind, string Name)> Essential { get; } =
    [
        (HappeningKind.NestedVmexit, "kvm_nested_vmexit"),
        (HappeningKind.NestedVmenter, "kvm_nested_vmenter"),
        (HappeningKind.NestedIntercepts, "kvm_nested_intercepts"),
        (HappeningKind.NestedVmexitInject, "kvm_nested_vmexit_inject"),
        (HappeningKind.NestedVmenterFailed, "kvm_nested_vmenter_failed"),
        (HappeningKind.InjectInterrupt, "kvm_inj_virq"),
        (HappeningKind.InjectException, "kvm_inj_exception"),
        (HappeningKind.MsrAccess, "kvm_msr"),
        (HappeningKind.Cpuid, "kvm_cpuid"),
        (HappeningKind.EmulateInstruction, "kvm_emulate_insn"),
        (HappeningKind.Invlpga, "kvm_invlpga"),
        (HappeningKind.UserspaceExit, "kvm_userspace_exit"),
        (HappeningKind.SmmTransition, "kvm_smm_transition"),
    ];
}
