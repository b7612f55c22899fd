using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J, guests with encrypted state (APM2 15.35).</summary>
internal static class SevEs
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.35-VMGEXIT-ONLY-SEVES", Situation.L1Rare, Codes.Of(SvmExitCode.Vmgexit), static (in Step s) => s.Expect()
            .Allow(Happens(ComparedField.VmgexitBegun), Happens(ComparedField.VmgexitEnded))
            .Allow(HappensNot(ComparedField.VmgexitBegun), HappensNot(ComparedField.VmgexitEnded))),
        new("SVM-15.35-AE-RIP", Situation.SevEs, static (in Step s) =>
        {
            if (s.HasExit && s.Vcpu.SevEs.IsYes && (s.Code == SvmExitCode.Pause || s.Code == SvmExitCode.Hlt || s.Code == SvmExitCode.IdleHlt))
            {
                s.Undecided(Evidence.NextRip);
            }
        }),
        new("SVM-15.35-NAE-VC", Situation.SevEs, static (in Step s) =>
        {
            if (s.HasExit && s.Vcpu.SevEs.IsYes && !IsAutomatic(s.Code))
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor();
            }
        }),
        new("SVM-15.35-EFER-SVME-IGN", Situation.SevEs, static (in Step s) =>
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
        AutomaticExits.Of(code) is not null || code == SvmExitCode.AvicIncompleteIpi || code == SvmExitCode.AvicNoAccel || code.Value >= SvmExitCode.HostUse.Value;
}
