using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm.Statements;

/// <summary>Group C of the rule catalogue: State load and save at VMRUN and #VMEXIT.</summary>
internal static class StateSwitchStatements
{
    /// <summary>Every statement, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleInfo> All { get; } =
    [
        new("SVM-15.5-GIF-SET", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.High,
            "A successful VMRUN sets GIF=1.",
            "kvm_nested_vmenter then pending INTR/NMI at L1.",
            "With INTR intercept a pending IRQ must give kvm_nested_vmexit_inject 0x60 promptly (kvm_nested_intr_vmexit)."),
        new("SVM-15.6-GIF-CLEAR", "15.6", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.High,
            "#VMEXIT clears GIF: no INTR/NMI/SMI/INIT may be taken by L1 until STGI.",
            "kvm_nested_vmexit_inject then kvm_inj_virq or NMI injection at L1.",
            "First kvm_inj_virq after kvm_nested_vmexit_inject must come after kvm_exit 0x84 (vgif=0) or, with vgif=1, not at " +
                "kvm_entry.rip equal to the VMRUN return RIP."),
        new("SVM-15.6-RESUME-RIP", "15.5.1, 15.6", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
            "After #VMEXIT L1 resumes at the instruction following VMRUN with the saved RSP/RAX.",
            "kvm_nested_vmenter.rip (of VMRUN up to 5.12, of the next instruction since), kvm_nested_vmexit_inject, next kvm_entry.",
            "kvm_entry.rip is that of the instruction behind VMRUN."),
        new("SVM-15.6-HOST-PDPE-SHUTDOWN", "15.6", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Medium,
            "Host in PAE mode with illegal PDPEs, or inconsistent host state, on #VMEXIT -> shutdown.",
            "kvm_nested_vmexit_inject then kvm_userspace_exit reason SHUTDOWN(8).",
            "Shutdown, not continued L1 execution with stale CR3."),
        new("SVM-15.6-VTPR-SAVED", "15.6, 15.21.2", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Medium,
            "V_TPR is written back to the VMCB at #VMEXIT.",
            "kvm_nested_vmenter.int_ctl bits 3:0 on the next VMRUN of the same vmcb.",
            "Equals last L2 CR8 value unless L1 changed it."),
        new("SVM-15.6-VIRQ-SAVED", "15.6, 15.21.4", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.High,
            "V_IRQ is written back: cleared if taken, still 1 if not; never set by the hypervisor's own bookkeeping.",
            "kvm_nested_vmenter(k).int_ctl bit8=0 and kvm_nested_vmenter(k+1).int_ctl bit8=1 for the same vmcb.",
            "Transition 0->1 only if L1 wrote it; correlate with L0 VINTR window exits (kvm_exit 0x64) in between."),
        new("SVM-15.6-EVENTINJ-CLEAR", "15.20 (and vol. 3, VMRUN)", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Medium,
            "EVENTINJ reads as cleared after #VMEXIT.",
            "kvm_nested_vmenter(k+1).event_inj == kvm_nested_vmenter(k).event_inj with V=1 across a kvm_nested_vmexit_inject.",
            "V=0 unless L1 re-queued the event; equality of vector/type plus kvm_nested_vmexit_inject.exit_int_info invalid is " +
                "suspicious."),
        new("SVM-15.6-EXITINTINFO-INVALID-CLEAR", "15.7.2", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
            "EXITINTINFO.V=0 when the exit did not happen during delivery.",
            "kvm_nested_vmexit_inject with preceding kvm_nested_vmexit.intr_info bit31=0 and no pending re-injection " +
                "(kvm_inj_exception/kvm_inj_virq reinjected).",
            "kvm_nested_vmexit_inject.exit_int_info bit31=0."),
        new("SVM-15.6-TSC-OFFSET-CLEAR", "15.6", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Low,
            "TSC_OFFSET is cleared inside the processor on #VMEXIT (L1's own offset applies again).",
            "kvm_write_tsc_offset events.",
            "No L2 offset used at L1."),
        new("SVM-15.6-INTERCEPTS-CLEAR", "15.6", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
            "After #VMEXIT no L1 intercept may fire for L1's own execution.",
            "kvm_nested_vmexit_inject followed by kvm_nested_vmexit without a new kvm_nested_vmenter.",
            "kvm_nested_vmexit/kvm_nested_vmexit_inject only between kvm_nested_vmenter and kvm_nested_vmexit_inject."),
        new("SVM-15.5-VMRUN-TF", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Medium,
            "Host EFLAGS.TF on VMRUN causes a #DB trap after the VMRUN completes on the host side (after #VMEXIT).",
            "kvm_inj_exception #DB after kvm_nested_vmexit_inject at kvm_entry.rip=VMRUN+3.",
            "#DB injected iff TF was set."),
        new("SVM-15.5-GUEST-TF", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
            "Guest TF loaded by VMRUN traps after, not before, the first guest instruction.",
            "kvm_nested_vmexit/kvm_nested_vmexit_inject #DB (0x41) with RIP == kvm_nested_vmenter.nested_rip and no event_inj.",
            "RIP must be past the first instruction."),
        new("SVM-15.5-GUEST-RF", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Low,
            "Guest RF=1 suppresses an instruction breakpoint on the first guest instruction.",
            "DR7 and RF are not traced.",
            "No #DB at kvm_nested_vmenter.nested_rip."),
        new("SVM-15.6-EXIT-ONCE", "15.6", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
            "Every kvm_nested_vmenter is closed by exactly one kvm_nested_vmexit_inject before another kvm_nested_vmenter or " +
                "L1-level exit on that vCPU.",
            "kvm_nested_vmenter ... kvm_nested_vmenter without kvm_nested_vmexit_inject; or kvm_exit at L1 level (no " +
                "kvm_nested_vmexit pair) while L2 active.",
            "Violation: lost nested #VMEXIT (e.g. EFER.SVME cleared in L2, map failure, KVM_SET_NESTED_STATE)."),
        new("SVM-15.6-EFER-SVME-L2", "3.1.7, 15.30 (undefined)", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "Clearing EFER.SVME inside a running guest is undefined; the hypervisor must not simply continue as the host.",
            "L2 active, kvm_msr write C0000080 bit12=0 without kvm_nested_vmexit_inject 0x7c.",
            "kvm_nested_vmexit_inject, or triple fault (userspace SHUTDOWN); violation = kvm_exit at L1 level with no " +
                "kvm_nested_vmexit_inject."),
    ];
}
