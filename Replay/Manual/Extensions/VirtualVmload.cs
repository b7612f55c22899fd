using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual.Extensions;

/// <summary>Group J, virtual VMLOAD and VMSAVE (APM2 15.33.1).</summary>
internal static class VirtualVmload
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.33-VLS-COND", "15.33.1", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Critical,
                "Virtual VMLOAD/VMSAVE only when host is 64-bit, NP on, SEV off; else the instruction exits with 0x82/0x83.",
                "kvm_nested_vmexit 0x82/0x83, kvm_nested_intercepts.word4 bits 2,3.",
                "If L1 does not intercept and did not enable VLS, L0 must emulate on L1 memory (kvm_nested_vmexit, no " +
                    "kvm_nested_vmexit_inject, no kvm_inj_exception).") { Rank = 2400, Kvm = KvmFunctions.By("nested_vmcb_needs_vls_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Vmload, SvmExitCode.Vmsave), static (in Step s) =>
        {
            // L2 runs with EFER.SVME=1, so no #UD; a bad address is #GP.
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Assuming(Evidence.VmcbControlArea)
                    .Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value), IsNot(ComparedField.Exception, ExceptionVector.UD));
            }
        }),
        new(new("SVM-15.33-VLS-NPF", "15.33.1", RuleScope.Composition, Visibility.Observable, Confidence.Weak, Severity.Low,
                "A fault translating the VMCB address of a virtual VMLOAD/VMSAVE is an NPF exit.",
                "kvm_nested_vmexit 0x400 at a VMLOAD.",
                "NPF not #GP.") { Rank = 2410, Kvm = KvmFunctions.OfProcessor },
            Situation.L2Emulated, Codes.Of(SvmExitCode.Npf), static (in Step s) =>
        {
            if (s.Seen.Instruction.Code is { } code && (code == SvmExitCode.Vmload || code == SvmExitCode.Vmsave))
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(IsNot(ComparedField.Exception, ExceptionVector.GP));
            }
        }),
    ];
}
