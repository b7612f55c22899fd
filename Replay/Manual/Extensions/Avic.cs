using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Replay.Manual.Tables.ExitInfoBits;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual.Extensions;

/// <summary>Group J, the virtual interrupt controller (APM2 15.29).</summary>
internal static class Avic
{
    // EXITINFO2 of an incomplete IPI, bits 63:32 (table 15-27).
    private const ulong InvalidType = 0, NotRunning = 1, InvalidTarget = 2, InvalidVector = 4;

    // EXITINFO1 of an access that is not accelerated: the register's offset, and bit 32 for a write (15.29.9.2).
    private const ulong EoiRegister = 0xb0, VectorField = 0xff;

    // Virtual interrupt control of vmcb12: x2AVIC and AVIC enable.
    private const ulong AvicBits = 3UL << 30;

    private static readonly Func<SvmExitCode, bool> Incomplete = Codes.Of(SvmExitCode.AvicIncompleteIpi),
        Either = Codes.Of(SvmExitCode.AvicIncompleteIpi, SvmExitCode.AvicNoAccel);

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.29-AVIC-IGNORES-VIRQ", "15.29.8.3", RuleScope.Processor, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "With AVIC active V_IRQ fields are ignored: no VINTR window exit may be relied on.",
                "kvm_exit 0x64 while kvm_apicv_inhibit_changed shows AVIC active.",
                "A violation (KVM must inhibit AVIC first).") { Rank = 2420, Kvm = KvmFunctions.By("svm_enable_irq_window") },
            Situation.AvicExit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            if (s.Vcpu.AvicActive.IsYes)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new(new("SVM-15.29-AVIC-IPI-ID0", "table 15-27", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "ID 0 (invalid int type): VMM must emulate the IPI.",
                "kvm_avic_incomplete_ipi id=0.",
                "kvm_apic_ipi follows.") { Rank = 2430, Kvm = KvmFunctions.By("avic_incomplete_ipi_interception") },
            Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, InvalidType))
            {
                s.Expect().Allow(Happens(ComparedField.ApicIpiSent));
            }
        }),
        new(new("SVM-15.29-AVIC-IPI-ID1", "table 15-27", RuleScope.Processor, Visibility.Observable, Confidence.Likely, Severity.High,
                "ID 1 (target not running): IRR already set; VMM only wakes targets, must not send again.",
                "kvm_avic_incomplete_ipi id=1.",
                "kvm_vcpu_wakeup / kick; no kvm_apic_ipi+accept duplicate.") { Rank = 2440, Kvm = KvmFunctions.By("avic_kick_target_vcpus") },
            Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, NotRunning))
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(HappensNot(ComparedField.ApicIpiSent));
            }
        }),
        new(new("SVM-15.29-AVIC-IPI-ID2", "table 15-27", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "ID 2 (invalid target): VMM must process the ICR write for the valid targets.",
                "kvm_avic_incomplete_ipi id=2.",
                "kvm_apic_ipi follows.") { Rank = 2450, Kvm = KvmFunctions.By("avic_incomplete_ipi_interception") },
            Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, InvalidTarget))
            {
                s.Expect().Allow(Happens(ComparedField.ApicIpiSent));
            }
        }),
        new(new("SVM-15.29-AVIC-IPI-ID4", "table 15-27", RuleScope.Processor, Visibility.Observable, Confidence.Likely, Severity.Low,
                "ID 4 (vector<16): illegal vector error, no warning/unknown handling.",
                "kvm_avic_incomplete_ipi id=4.",
                "No crash; APIC ESR handling.") { Rank = 2460, Kvm = KvmFunctions.By("avic_incomplete_ipi_interception") },
            Situation.AvicExit, Incomplete, static (in Step s) =>
        {
            if (IsFor(s, InvalidVector))
            {
                s.Assuming(Evidence.PendingInterrupts)
                    .Allow(HappensNot(ComparedField.ApicIpiSent), IsNot(ComparedField.UserspaceReason, UserspaceExit.InternalErrorReason));
            }
        }),
        new(new("SVM-15.29-AVIC-EOI-LEVEL", "15.29.9.2", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "EOI of a level-triggered in-service vector exits 0x402 with the vector in EXITINFO2.",
                "kvm_exit 0x402 offset 0xb0.",
                "kvm_eoi vector == info2[7:0].") { Rank = 2470, Kvm = KvmFunctions.By("avic_unaccelerated_access_interception") },
            Situation.AvicExit, Codes.Of(SvmExitCode.AvicNoAccel), static (in Step s) =>
        {
            if ((s.Exit.Info1 & (AvicOffset | AvicWrite)) == (EoiRegister | AvicWrite))
            {
                s.Expect().Allow(Is(ComparedField.EoiVector, s.Exit.Info2 & VectorField));
            }
        }),
        new(new("SVM-15.29-AVIC-NESTED-OFF", "15.29 (composition)", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "AVIC state in vmcb12 int_ctl bits 31:30 must not reach hardware unless emulated.",
                "kvm_nested_vmenter.int_ctl bits 31 and 30; an AVIC exit of L2.",
                "L2 takes no AVIC exit; KVM must mask the bits (CVE-2021-3653).") { Rank = 2480, Kvm = KvmFunctions.By("nested_vmcb02_prepare_control") },
            Situation.VmrunEntered | Situation.L2Exit, Either, static (in Step s) =>
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
