using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm.Statements;

/// <summary>Group E of the rule catalogue: EXITINTINFO: delivery interrupted by an exit.</summary>
internal static class ExitIntInfoStatements
{
    /// <summary>Every statement, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleInfo> All { get; } =
    [
        new("SVM-15.7-INTINFO-VALID", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "EXITINTINFO.V=1 iff the exit occurred while an event was being delivered through the IDT.",
            "kvm_nested_vmexit.intr_info bit31=1 (hardware truth) or an injected event " +
                "(kvm_nested_vmenter.event_inj/kvm_inj_exception/kvm_inj_virq) not yet confirmed by a clean kvm_nested_vmexit.",
            "kvm_nested_vmexit_inject.exit_int_info bit31=1 with the same vector/type; violation = lost event (V=0)."),
        new("SVM-15.7-INTINFO-TYPE", "15.7.2 table 15-1", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "TYPE in {0 INTR, 2 NMI, 3 exception, 4 INTn}; INT3, INTO, INT1 count as exceptions.",
            "kvm_exit/kvm_nested_vmexit/kvm_nested_vmexit_inject int_info bits 10:8.",
            "Values 1,5,6,7 never appear; vector 3/4 appear with type 3."),
        new("SVM-15.7-INTINFO-EV", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "EV=1 exactly for events that push an error code; then ERRORCODE is that code.",
            "kvm_nested_vmexit_inject.exit_int_info bit11 vs vector; exit_int_info_err.",
            "EV=1 only with type 3 and vector in {8,10,11,12,13,14,17,21,29,30}; err equals kvm_nested_vmexit.error_code."),
        new("SVM-15.7-INTINFO-NMIVEC", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Info,
            "For NMI the vector is 2 (KVM writes vector 0 with type 2).",
            "kvm_nested_vmexit_inject.exit_int_info type 2.",
            "Vector field 2 expected; KVM emits 0: tolerated because EVENTINJ ignores VECTOR for NMI."),
        new("SVM-15.7-INTINFO-RESERVED", "figure 15-1", RuleScope.Processor | RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
            "Bits 30:12 of EXITINTINFO are reserved (0).",
            "kvm_exit/kvm_nested_vmexit/kvm_nested_vmexit_inject.",
            "Zero."),
        new("SVM-15.7-INTINFO-AGGREGATE", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
            "With several exceptions EXITINTINFO holds the combination of all but the intercepted one (e.g. #DF).",
            "kvm_nested_vmexit.intr_info vector 8 then kvm_nested_vmexit_inject for #PF/NPF.",
            "kvm_nested_vmexit_inject.exit_int_info = #DF EV=1 err=0."),
        new("SVM-15.7-INTINFO-DF-DIRECT", "15.7.3", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
            "A #DF that itself is intercepted: the earlier exception is what EXITINTINFO records.",
            "kvm_nested_vmexit_inject 0x48.",
            "EXITINTINFO holds the earlier exception."),
        new("SVM-15.7-INTINFO-DIRECT-EXIT", "15.7.3", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "An event that causes the exit directly (intercepted exception, INTR, NMI, VINTR) is not recorded in EXITINTINFO.",
            "kvm_nested_vmexit_inject 0x60/0x61/0x64/0x40+n.",
            "Exit_int_info must not describe the same event (e.g. kvm_nested_vmexit_inject 0x60 with V=1 type 0 for that IRQ)."),
        new("SVM-15.7-REINJECT-L0", "15.7.2, 15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Critical,
            "When L0 resolves an exit whose EXITINTINFO.V=1, the event must be re-injected before the next guest instruction.",
            "kvm_exit (L0-owned) intr_info V=1.",
            "Before kvm_entry: kvm_inj_exception/kvm_inj_virq reinjected=1 (or kvm NMI injection) with the same vector; " +
                "NPF/INTR/NMI exits typical."),
        new("SVM-15.7-REINJECT-ONCE", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.High,
            "An event is re-injected exactly once per interrupted delivery; no re-injection if intr_info.V=0.",
            "kvm_inj_exception/kvm_inj_virq reinjected=1 while the last kvm_exit.intr_info V=0 and no cancelled injection.",
            "Violation (exception: svm_cancel_injection, i.e. kvm_entry not reached)."),
        new("SVM-15.7-REINJECT-SOFT", "15.20, 15.7.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
            "Soft interrupts/INT3/INTO are re-injected with NextRIP of the original instruction, or retried; never dropped.",
            "kvm_exit intr_info type 4 (or type 3 vec 3/4).",
            "kvm_inj_virq soft=1 reinjected / kvm_inj_exception 3|4, or (pre-6.0) kvm_entry.rip == same INT instruction."),
        new("SVM-15.7-REINJECT-SOFT-INSN", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Medium,
            "Computing NextRIP must decode the original INT3/INTO/INTn; if the code was patched, do not skip another instruction.",
            "kvm_exit intr_info soft, then kvm_emulate_insn whose bytes do not start with cc/ce/cd.",
            "Violation if RIP then skips that instruction."),
        new("SVM-15.7-NO-REINJECT-VC", "15.35.5", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
            "#VC (29) is never re-injected by the hypervisor.",
            "kvm_exit intr_info vector 29.",
            "No kvm_inj_exception 29."),
        new("SVM-15.7-NESTED-TRANSFER", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
            "If a nested exit is synthesised while an event is still queued for L2, the event must move to vmcb12 EXITINTINFO and " +
                "must not be injected into L1.",
            "kvm_inj_exception/kvm_inj_virq queued for L2 (after kvm_nested_vmexit) then kvm_nested_vmexit_inject.",
            "kvm_nested_vmexit_inject.exit_int_info carries it; no kvm_inj_exception/kvm_inj_virq of it after " +
                "kvm_nested_vmexit_inject at L1."),
        new("SVM-15.7-DF-COMBINE", "15.7.2", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
            "VMM-reflected fault on top of EXITINTINFO follows x86 combination rules (contributory+contributory, PF+contributory/PF " +
                "-> #DF; #DF+any -> shutdown).",
            "kvm_exit intr_info exc A, then kvm_inj_exception B (not reinjected).",
            "If A,B combine, kvm_inj_exception must be #DF (8); #DF+fault -> SHUTDOWN exit."),
        new("SVM-15.7-TASKSW-GATE", "15.14.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
            "Task switch caused by an event: EXITINTINFO valid and neither IRET nor JMP bit; the pending event is consumed.",
            "kvm_exit 0x7d intr_info V=1.",
            "No reinjection of that event afterwards."),
    ];
}
