using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm.Extensions;

/// <summary>Group J, the virtual interrupt controller (APM2 15.29).</summary>
internal static class Avic
{
    // EXITINFO2 of an incomplete IPI, bits 63:32 (table 15-27).
    private const ulong InvalidType = 0, NotRunning = 1, InvalidTarget = 2, InvalidVector = 4;

    // EXITINFO1 of an access that is not accelerated: the register's offset, and bit 32 for a write (15.29.9.2).
    private const ulong Offset = 0xff0, WriteAccess = 1UL << 32, EoiRegister = 0xb0, VectorField = 0xff;

    // Virtual interrupt control of vmcb12: x2AVIC and AVIC enable.
    private const ulong AvicBits = 3UL << 30;

    private static readonly Func<SvmExitCode, bool> Incomplete = Codes.Of(SvmExitCode.AvicIncompleteIpi),
        Either = Codes.Of(SvmExitCode.AvicIncompleteIpi, SvmExitCode.AvicNoAccel);

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.29-AVIC-IGNORES-VIRQ", Situation.AvicExit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            if (s.Vcpu.AvicActive.IsYes)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new("SVM-15.29-AVIC-IPI-ID0", Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, InvalidType))
            {
                s.Expect().Allow(Happens(ComparedField.ApicIpiSent));
            }
        }),
        new("SVM-15.29-AVIC-IPI-ID1", Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, NotRunning))
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(HappensNot(ComparedField.ApicIpiSent));
            }
        }),
        new("SVM-15.29-AVIC-IPI-ID2", Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, InvalidTarget))
            {
                s.Expect().Allow(Happens(ComparedField.ApicIpiSent));
            }
        }),
        new("SVM-15.29-AVIC-IPI-ID4", Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, InvalidVector))
            {
                s.Assuming(Evidence.PendingInterrupts)
                    .Allow(HappensNot(ComparedField.ApicIpiSent), IsNot(ComparedField.UserspaceReason, UserspaceExit.InternalErrorReason));
            }
        }),
        new("SVM-15.29-AVIC-EOI-LEVEL", Situation.AvicExit, Codes.Of(SvmExitCode.AvicNoAccel), static (in Step s) =>
        {
            if ((s.Exit.Info1 & (Offset | WriteAccess)) == (EoiRegister | WriteAccess))
            {
                s.Expect().Allow(Is(ComparedField.EoiVector, s.Exit.Info2 & VectorField));
            }
        }),
        new("SVM-15.29-AVIC-NESTED-OFF", Situation.VmrunEntered | Situation.L2Exit, Either, static (in Step s) =>
        {
            // L0 works without AVIC while L2 runs, so an exit of AVIC shows that the bits of vmcb12, or those of L1, reached the processor.
            if (!s.Vcpu.Vmcb12[VmcbField.IntCtl].Any(AvicBits).IsUnknown && s.Level == GuestLevel.L2 && s.HasExit && Either(s.Code))
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
            else if (s.Seen.HasVmenter && s.Vcpu.Vmcb12[VmcbField.IntCtl].Any(AvicBits).IsYes)
            {
                s.Undecided(Evidence.VmcbControlArea);
            }
        }),
    ];

    private static bool IsFor(in Step s, ulong reason) => s.Exit.Info2 >> 32 == reason;
}
