using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm.Statements;

/// <summary>Group F of the rule catalogue: EVENTINJ: event injection.</summary>
internal static class EventInjectionStatements
{
    /// <summary>Every statement, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleInfo> All { get; } =
    [
        new("SVM-15.20-INJ-UNCOND", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
            "A valid EVENTINJ is delivered unconditionally before the first guest instruction, regardless of IF, GIF, TPR.",
            "kvm_nested_vmenter.event_inj V=1.",
            "First kvm_nested_vmexit after kvm_nested_vmenter either shows it in intr_info or L2 RIP has moved to a handler; " +
                "kvm_nested_vmexit 0x60 with rip==nested_rip and intr_info V=0 behind immediate_exit=1 = lost injection. Without a forced " +
                "exit the handler may have returned."),
        new("SVM-15.20-INJ-NOINTERCEPT", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "Injected events are not subject to intercept checks (secondary exceptions are).",
            "kvm_nested_vmenter.event_inj type 3 vector n, kvm_nested_intercepts.excp bit n=1; then kvm_nested_vmexit_inject 0x40+n " +
                "with rip==nested_rip and exit_int_info invalid.",
            "Violation."),
        new("SVM-15.20-INJ-RECORDED", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "If delivery of an injected event is interrupted by an exit, EXITINTINFO reports it.",
            "kvm_nested_vmenter.event_inj V=1, kvm_nested_vmexit.intr_info V=1.",
            "kvm_nested_vmexit.intr_info vector/type == event_inj vector/type (type 3 vec 3/4 stays 3)."),
        new("SVM-15.20-INJ-NMI-NOBLOCK", "15.20", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Medium,
            "An NMI injected by EVENTINJ does not block further NMIs (unless NMI virtualization is on, then V_NMI_MASK is set).",
            "kvm_nested_vmenter.event_inj type 2; int_ctl bit26.",
            "No IRET interception (kvm_nested_vmexit 0x74 owned by L0) because of an L1-injected NMI."),
        new("SVM-15.20-INJ-NMI-VEC", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
            "VECTOR is ignored for TYPE=2.",
            "kvm_nested_vmenter.event_inj type 2, vector!=2.",
            "Accepted, never INVALID."),
        new("SVM-15.20-INJ-SOFT-NRIP", "15.20", RuleScope.Composition, Visibility.Partly, Confidence.NotChecked, Severity.High,
            "TYPE=4 (and vectors 3/4) push NextRIP from the VMCB as return address.",
            "nRIP not traced.",
            "Nothing in stock tracepoints."),
        new("SVM-15.20-INJ-BP-DPL", "15.20", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Info,
            "Injected vectors 3/4 behave like INT3/INTO: IDT DPL is checked (can raise #GP).",
            "kvm_nested_vmenter.event_inj vec 3/4 then kvm_nested_vmexit/kvm_nested_vmexit_inject #GP with intr_info vec 3/4.",
            "Plausible; do not flag."),
        new("SVM-15.20-INJ-ICEBP", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Info,
            "ICEBP-originated #DB cannot be injected faithfully; hypervisor must emulate.",
            "kvm_nested_vmexit_inject 0x88 then kvm_nested_vmenter.event_inj type 3 vec 1.",
            "L1's own affair, never a finding."),
        new("SVM-15.20-INJ-EV-ERR", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
            "EV=1 pushes ERRORCODE; EV must match the exception class.",
            "kvm_inj_exception has_error/error_code; kvm_nested_vmenter.event_inj bit11.",
            "kvm_inj_exception vectors 8,10-14,17,21,29,30 has_error=1 (protected mode), others 0."),
        new("SVM-15.20-INJ-RESERVED-BITS", "figure 15-5", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
            "EVENTINJ bits 30:12 are reserved SBZ: they do not make VMRUN fail.",
            "kvm_nested_vmenter.event_inj & 0x7ffff000.",
            "No INVALID attributable to them; KVM 7.1 masks them."),
        new("SVM-15.20-INJ-ONE", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Medium,
            "One EVENTINJ per VMRUN: KVM must not queue two injections between two kvm_entry events.",
            "Two of {kvm_inj_exception,kvm_inj_virq,NMI} between consecutive kvm_exit and kvm_entry on one vCPU.",
            "Violation unless first was superseded before kvm_entry (kvm_check_and_inject_events order)."),
    ];
}
