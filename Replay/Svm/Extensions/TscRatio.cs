using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J, the TSC ratio and the TSC of L2 (APM2 15.30.5).</summary>
internal static class TscRatio
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.30.5-TSCRATIO-MBZ", Situation.SharedMsr, static (in Step s) =>
        {
            if (!s.Seen.HasMsr || s.Seen.Msr.Index != SharedMsrs.TscRatioIndex)
            {
                return;
            }

            bool reserved = s.Seen.Msr.Write && TscRatioMsr.Bits.SetsMustBeZero(Bits64.Of(s.Seen.Msr.Value), s.Vcpu.Profile).IsYes;
            if (reserved || s.Vcpu.Profile.Has(CpuFeature.TscRateMsr).IsNo)
            {
                s.Expect().Allow(Is(ComparedField.MsrFaulted, 1));
            }
        }),
        new("SVM-15.30.5-TSC-L2", Situation.L2Exit, Codes.Of(SvmExitCode.Rdtsc, SvmExitCode.Rdtscp), static (in Step s) =>
        {
            if (!s.Seen.LeftL2)
            {
                s.Undecided(Evidence.VmcbControlArea);
            }
        }),
    ];
}
