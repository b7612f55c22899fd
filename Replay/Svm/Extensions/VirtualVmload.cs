using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J, virtual VMLOAD and VMSAVE (APM2 15.33.1).</summary>
internal static class VirtualVmload
{
    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.33-VLS-COND", Situation.L2Exit, Codes.Of(SvmExitCode.Vmload, SvmExitCode.Vmsave), static (in Step s) =>
        {
            // L2 runs with EFER.SVME=1, so no #UD; a bad address is #GP.
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Assuming(Evidence.VmcbControlArea)
                    .Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value), IsNot(ComparedField.Exception, ExceptionVector.UD));
            }
        }),
        new("SVM-15.33-VLS-NPF", Situation.L2Emulated, Codes.Of(SvmExitCode.Npf), static (in Step s) =>
        {
            if (s.Seen.Instruction.Code is { } code && (code == SvmExitCode.Vmload || code == SvmExitCode.Vmsave))
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(IsNot(ComparedField.Exception, ExceptionVector.GP));
            }
        }),
    ];
}
