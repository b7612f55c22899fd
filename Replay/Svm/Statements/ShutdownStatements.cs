using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm.Statements;

/// <summary>Group K of the rule catalogue: shutdown, FERR_FREEZE, INIT, machine check.</summary>
internal static class ShutdownStatements
{
    /// <summary>Every statement, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleInfo> All { get; } =
    [
        new("SVM-15.14-SHUTDOWN-L1", "15.14.3", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
            "Triple fault in L2 with SHUTDOWN intercepted by L1: #VMEXIT(SHUTDOWN), L1 keeps running.",
            "kvm_nested_intercepts.word3 bit31=1; kvm_userspace_exit SHUTDOWN while L2 active.",
            "kvm_nested_vmexit_inject 0x7f instead."),
        new("SVM-15.14-SHUTDOWN-NOINT", "15.14.3", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "SHUTDOWN not intercepted: the processor shuts down (whole VM).",
            "kvm_nested_intercepts.word3 bit31=0.",
            "kvm_userspace_exit SHUTDOWN; kvm_nested_vmexit_inject 0x7f = violation."),
        new("SVM-15.14-SHUTDOWN-L0", "15.14.3", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
            "A SHUTDOWN exit from hardware must reach user space; VMCB contents undefined so it is reset.",
            "kvm_exit 0x7f.",
            "kvm_userspace_exit SHUTDOWN."),
        new("SVM-15.14-FERR", "15.14.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
            "FERR_FREEZE intercept exit 0x7e when frozen with IGNNE deasserted and CR0.NE=0.",
            "kvm_nested_intercepts.word3 bit30; kvm_nested_vmexit_inject 0x7e.",
            "Bit 30 is set."),
        new("SVM-15.12-MC", "15.12.18", RuleScope.Processor, Visibility.Observable, Confidence.Likely, Severity.Medium,
            "#MC intercepted -> exit 0x52 handled on the host, never silently lost.",
            "kvm_exit/kvm_nested_vmexit 0x52.",
            "L0-owned: no kvm_nested_vmexit_inject unless L1 set bit 18 and host chose to reflect."),
        new("SVM-15.21-INIT-PENDING", "15.21.8", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
            "INIT to a vCPU in L2 without intercept resets it; L2 state is dropped.",
            "kvm_apic_accept_irq mode INIT; L2 running.",
            "L2 ends without kvm_nested_vmexit_inject; with INIT intercepted it may not."),
        new("SVM-15.28-SX-ERR", "15.28", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
            "#SX is vector 30 with error code 1.",
            "kvm_inj_exception vector 30.",
            "has_error=1, error_code=1."),
        new("SVM-15.14-TF-NO-KILL-L1", "15.14.3", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.High,
            "A failing nested #VMEXIT (vmcb12 unmappable, bad host CR3) must end in shutdown of L1, not in continued L2/L1 " +
                "execution.",
            "kvm_nested_vmexit, no kvm_nested_vmexit_inject, kvm_inj_exception #GP in L2 or repeated kvm_nested_vmexit.",
            "kvm_userspace_exit SHUTDOWN expected."),
    ];
}
