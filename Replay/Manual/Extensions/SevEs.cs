using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual.Extensions;

/// <summary>Group J, guests with encrypted state (APM2 15.35).</summary>
internal static class SevEs
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.35-VMGEXIT-ONLY-SEVES", "15.35.6", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.Low,
                "Exit 0x403 only from SEV-ES guests; RIP advanced by hardware.",
                "kvm_exit 0x403 + kvm_vmgexit_enter/exit pair.",
                "Pairs match.") { Rank = 2490, Kvm = KvmFunctions.By("sev_handle_vmgexit") },
            Situation.L1Rare, Codes.Of(SvmExitCode.Vmgexit), static (in Step s) => s.Expect()
            .Allow(Happens(ComparedField.VmgexitBegun), Happens(ComparedField.VmgexitEnded))
            .Allow(HappensNot(ComparedField.VmgexitBegun), HappensNot(ComparedField.VmgexitEnded))),
        new(new("SVM-15.35-AE-RIP", "table 15-33", RuleScope.Processor, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "For SEV-ES automatic exits hardware advances RIP for PAUSE, HLT, traps, VMGEXIT, Idle HLT; not for others.",
                "RIP encrypted (kvm_exit.rip meaningless).",
                "KVM must not skip again.") { Rank = 2500, Kvm = KvmFunctions.By("__svm_skip_emulated_instruction") },
            Situation.SevEs, static (in Step s) =>
        {
            if (s.HasExit && s.Vcpu.SevEs.IsYes && (s.Code == SvmExitCode.Pause || s.Code == SvmExitCode.Hlt || s.Code == SvmExitCode.IdleHlt))
            {
                s.Undecided(Evidence.NextRip);
            }
        }),
        new(new("SVM-15.35-NAE-VC", "15.35.4", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "Non-automatic exits of SEV-ES guests raise #VC in the guest instead of exiting.",
                "kvm_exit code not in table 15-33 for an SEV-ES VM.",
                "A violation.") { Rank = 2510, Kvm = KvmFunctions.OfProcessor },
            Situation.SevEs, static (in Step s) =>
        {
            if (s.HasExit && s.Vcpu.SevEs.IsYes && !IsAutomatic(s.Code))
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor();
            }
        }),
        new(new("SVM-15.35-EFER-SVME-IGN", "15.35.10", RuleScope.Processor, Visibility.Observable, Confidence.Likely, Severity.Low,
                "SEV-ES writes to EFER.SVME are ignored.",
                "kvm_exit 0x8f info1 bit12.",
                "KVM masks it.") { Rank = 2520, Kvm = KvmFunctions.By("efer_trap") },
            Situation.SevEs, static (in Step s) =>
        {
            // L0 must not take the bit for a value that EFER may not have, whether or not the virtual CPU has SVM.
            const ulong Svme = 1UL << Efer.SVME;
            if (s.HasExit && s.Code == SvmExitCode.EferWriteTrap && (s.Exit.Info1 & Svme) != 0 && s.Vcpu.SevEs.IsYes)
            {
                Truth refused = Efer.Bits.SetsMustBeZero(Bits64.Of(s.Exit.Info1 & ~Svme), s.Vcpu.Profile);
                if (!refused.IsYes)
                {
                    (refused.IsNo ? s.Expect() : s.Assuming(Evidence.GuestCpuid)).Allow(HappensNot(ComparedField.Exception));
                }
            }
        }),
    ];

    // Exits of AVIC are not the guest's instructions, and L0 has codes of its own.
    private static bool IsAutomatic(SvmExitCode code) =>
        ExitTable.Of(code).IsAutomatic || code == SvmExitCode.AvicIncompleteIpi || code == SvmExitCode.AvicNoAccel || code.Value >= SvmExitCode.HostUse.Value;
}
