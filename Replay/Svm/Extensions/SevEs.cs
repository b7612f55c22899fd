using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J, guests with encrypted state (APM2 15.35).</summary>
internal static class SevEs
{
    private const ulong DefinedEfer = 1 | (1 << Efer.LME) | (1 << Efer.LMA) | (1 << Efer.SVME) | (0xfUL << 13) | (1 << 11);

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
            // L0 must not take the bit for a value that EFER may not have.
            bool sets = s.HasExit && s.Code == SvmExitCode.EferWriteTrap && (s.Exit.Info1 & (1UL << Efer.SVME)) != 0;
            if (sets && s.Vcpu.SevEs.IsYes && (s.Exit.Info1 & ~DefinedEfer) == 0)
            {
                s.Assuming(Evidence.GuestCpuid).Allow(HappensNot(ComparedField.Exception));
            }
        }),
    ];

    // Table 15-33, and the exits of AVIC and of the bus lock, which are not the guest's instructions.
    private static bool IsAutomatic(SvmExitCode code) =>
        code == SvmExitCode.OfException(ExceptionVector.MC)
        || code.Value is >= 0x60 and <= 0x64 || code == SvmExitCode.Pause || code == SvmExitCode.Hlt || code == SvmExitCode.Shutdown
        || code.Value is >= 0x8f and <= 0x9f || code == SvmExitCode.BusLock || code == SvmExitCode.IdleHlt
        || code.Value is >= 0x400 and <= 0x403 || code.Value >= SvmExitCode.HostUse.Value;
}
