using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm.Statements;

/// <summary>Group G of the rule catalogue: GIF, interrupts, NMI, SMI, INIT, virtual TPR.</summary>
internal static class InterruptControlStatements
{
    /// <summary>Every statement, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleInfo> All { get; } =
    [
        new("SVM-15.17-GIF0-INTR", "table 15-10", RuleScope.Emulation, Visibility.Partly, Confidence.Certain, Severity.High,
            "GIF=0: INTR and vINTR are held pending.",
            "GIF tracked from kvm_nested_vmexit_inject (clear), kvm_exit 0x84/0x85, kvm_nested_vmenter (set).",
            "No kvm_inj_virq at L1 while GIF=0."),
        new("SVM-15.17-GIF0-NMI", "table 15-10", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.High,
            "GIF=0: NMI held pending.",
            "No tracepoint for NMI injection by KVM except absence of others; kvm_apic_accept_irq (NMI mode) shows arrival.",
            "NMI delivery only after STGI."),
        new("SVM-15.17-GIF0-SMI-INIT", "table 15-10", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
            "GIF=0: INIT and external SMI are held pending.",
            "kvm_smm_transition enter while GIF=0; INIT via kvm_apic_accept_irq mode 5.",
            "None until GIF=1."),
        new("SVM-15.21-INTR-NOINTERCEPT", "15.13.1, 15.21.4", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "INTR intercept clear: a physical interrupt for L1 is taken directly inside L2.",
            "kvm_nested_intercepts.word3 bit0=0; kvm_inj_virq while L2 active.",
            "kvm_inj_virq into L2 is right; kvm_nested_vmexit_inject 0x60 = violation."),
        new("SVM-15.13-INTR-INTERCEPT", "15.13.1", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
            "INTR intercept set: the interrupt causes #VMEXIT(INTR), stays pending, and is taken by L1 later.",
            "kvm_nested_intercepts.word3 bit0=1.",
            "kvm_inj_virq while L2 active = violation; kvm_nested_vmexit_inject 0x60 info1=info2=0; later kvm_inj_virq at L1 for " +
                "the accepted vector."),
        new("SVM-15.13-INTR-PRECEDED-TRACE", "KVM-internal", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
            "kvm_nested_intr_vmexit and kvm_nested_vmexit_inject 0x60 come in pairs.",
            "kvm_nested_intr_vmexit without kvm_nested_vmexit_inject 0x60 next.",
            "Trace-consistency check."),
        new("SVM-15.13-NMI-INTERCEPT", "15.13.2, table 15-13", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "NMI intercept set: NMI -> kvm_nested_vmexit_inject 0x61 and stays pending; clear: taken in L2.",
            "kvm_nested_intercepts.word3 bit1; kvm_nested_vmexit_inject 0x61.",
            "kvm_nested_vmexit_inject 0x61 requires bit1=1."),
        new("SVM-15.13-SMI-INTERCEPT", "15.13.3, table 15-14", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
            "SMI intercept set (and HWCR.SMMLOCK clear): kvm_nested_vmexit_inject 0x62; else SMM entered from L2.",
            "kvm_nested_intercepts.word3 bit2; kvm_nested_vmexit_inject 0x62 / kvm_smm_transition.",
            "Bit2=1 -> kvm_nested_vmexit_inject 0x62 before kvm_smm_transition."),
        new("SVM-15.13-INIT-INTERCEPT", "15.13.4, table 15-12", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
            "INIT intercept: kvm_nested_vmexit_inject 0x63, INIT remains pending until GIF=1; with R_INIT redirection and no " +
                "intercept, #SX.",
            "kvm_nested_intercepts.word3 bit3; kvm_nested_vmexit_inject 0x63.",
            "kvm_nested_vmexit_inject 0x63 requires bit3=1."),
        new("SVM-15.21-VIRQ-CONDITIONS", "15.21.4", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.High,
            "Virtual interrupt is taken iff V_IRQ, V_INTR_PRIO > V_TPR (or V_IGN_TPR), guest IF=1, GIF=1 (VGIF), no shadow.",
            "kvm_nested_vmenter.int_ctl bits 8,19:16,20,3:0,9/25.",
            "With VINTR intercept: kvm_nested_vmexit_inject 0x64 only if prio>tpr or IGN_TPR."),
        new("SVM-15.21-CR8-VTPR", "15.21.2", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Medium,
            "V_INTR_MASKING=1: L2 CR8 accesses only touch V_TPR, never L1's APIC TPR.",
            "kvm_cr write cr8 at L2 with kvm_nested_vmenter.int_ctl bit24=1; kvm_apic TASKPRI writes.",
            "No kvm_apic TPR change caused by L2 CR8."),
        new("SVM-15.33-VGIF-INTERCEPT", "15.33.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "STGI/CLGI intercepts still work with VGIF enabled.",
            "kvm_nested_intercepts.word4 bits 4/5=1; kvm_nested_vmexit 0x84/0x85.",
            "kvm_nested_vmexit_inject 0x84/0x85."),
        new("SVM-15.33-VGIF-NOT-INTERCEPTED", "15.17, 15.33.2", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Low,
            "L1 not intercepting STGI/CLGI and not using VGIF: L2's STGI/CLGI act on the (single) GIF that also gates L1 events.",
            "kvm_nested_intercepts.word4 bits 4/5=0, kvm_nested_vmenter.int_ctl bit25=0.",
            "kvm_nested_vmexit 0x84/0x85 handled by L0, no kvm_nested_vmexit_inject."),
    ];
}
