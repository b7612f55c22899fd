using Differ.Schemas.Run;

namespace Differ.Diff.Results;

/// <summary>The kernel's names of the tracepoints whose absence costs verdicts.</summary>
internal static class KernelNames
{
    // The first of them: exits, entries, and the way from L1 to L2 and back.
    private const int NestedWay = 6;

    // In the order of a run: exit and entry first, then what happens between them.
    private static readonly EssentialTracepoint[] Essential =
    [
        new(TracepointSet.Exit, "kvm_exit"),
        new(TracepointSet.Entry, "kvm_entry"),
        new(TracepointSet.Of(KvmEventKind.NestedVmexit), "kvm_nested_vmexit"),
        new(TracepointSet.Of(KvmEventKind.NestedVmenter), "kvm_nested_vmenter"),
        new(TracepointSet.Of(KvmEventKind.NestedIntercepts), "kvm_nested_intercepts"),
        new(TracepointSet.Of(KvmEventKind.NestedVmexitInject), "kvm_nested_vmexit_inject"),
        new(TracepointSet.Of(KvmEventKind.NestedVmenterFailed), "kvm_nested_vmenter_failed"),
        new(TracepointSet.Of(KvmEventKind.InjectInterrupt), "kvm_inj_virq"),
        new(TracepointSet.Of(KvmEventKind.InjectException), "kvm_inj_exception"),
        new(TracepointSet.Of(KvmEventKind.MsrAccess), "kvm_msr"),
        new(TracepointSet.Of(KvmEventKind.Cpuid), "kvm_cpuid"),
        new(TracepointSet.Of(KvmEventKind.EmulateInstruction), "kvm_emulate_insn"),
        new(TracepointSet.Of(KvmEventKind.Invlpga), "kvm_invlpga"),
        new(TracepointSet.Of(KvmEventKind.UserspaceExit), "kvm_userspace_exit"),
        new(TracepointSet.Of(KvmEventKind.SmmTransition), "kvm_smm_transition"),
    ];

    /// <summary>The first of those that a capture does not describe without which the way from L1 to L2 and back is not seen; null for none.</summary>
    public static string? NestedMissingFrom(TracepointSet listed) =>
        Essential.Take(NestedWay).FirstOrDefault(tracepoint => !listed.Covers(tracepoint.Member))?.Name;

    /// <summary>Those that a capture does not describe.</summary>
    public static IReadOnlyList<string> MissingFrom(TracepointSet listed) =>
        [.. Essential.Where(tracepoint => !listed.Covers(tracepoint.Member)).Select(tracepoint => tracepoint.Name)];

    private sealed record EssentialTracepoint(TracepointSet Member, string Name);
}
