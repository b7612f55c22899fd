using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual.Extensions;

/// <summary>Group J, the TSC ratio and the TSC of L2 (APM2 15.30.5).</summary>
internal static class TscRatio
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.30.5-TSCRATIO-MBZ", "15.30.5", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "TSC_RATIO bits 63:40 are MBZ -> #GP; absent feature -> #GP.",
                "kvm_msr write C0000104.",
                "The exception flag is set when data>>40 != 0.") { Rank = 2370, Kvm = KvmFunctions.By("svm_set_msr") },
            Situation.SharedMsr, static (in Step s) =>
        {
            if (!s.Seen.HasMsr || s.Seen.Msr.Index != SharedMsrs.TscRatioIndex)
            {
                return;
            }

            // A read is refused where the register is absent.
            Bits64 written = Bits64.Of(s.Seen.Msr.Write ? s.Seen.Msr.Value : 0);
            if (IsRefused(s.Vcpu.Instruction.Afresh(written)).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.MsrFaulted, 1));
            }
        })
        {
            Raises = RaisedException.ByWrite(TscRatioMsr.Index, IsRefused),
        },
        new(new("SVM-15.30.5-TSC-L2", "15.30.5", RuleScope.Composition, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "L2 TSC = scaled(L1 TSC, ratio) + vmcb12.TSC_OFFSET.",
                "kvm_write_tsc_offset; rdtsc values not traced.",
                "Nothing that a recording shows.") { Rank = 2380, Kvm = KvmFunctions.By("kvm_calc_nested_tsc_offset") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Rdtsc, SvmExitCode.Rdtscp), static (in Step s) =>
        {
            if (!s.Seen.LeftL2)
            {
                s.Undecided(Evidence.VmcbControlArea);
            }
        }),
    ];

    private static Truth IsRefused(InstructionState i) => i.SetsMustBeZero(TscRatioMsr.Bits) | !i.Has(CpuFeature.TscRateMsr);
}
