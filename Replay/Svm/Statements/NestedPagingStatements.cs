using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm.Statements;

/// <summary>Group I of the rule catalogue: nested paging, ASID, TLB, PAT.</summary>
internal static class NestedPagingStatements
{
    /// <summary>Every statement, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleInfo> All { get; } =
    [
        new("SVM-15.25-NP-TRANSLATE-OWNER", "15.25.6", RuleScope.Composition, Visibility.Partly, Confidence.Certain, Severity.High,
            "A nested page fault belongs to L1 if and only if L1's tables deny the access; otherwise it is L0's.",
            "kvm_nested_vmexit 0x400 and kvm_nested_vmenter.tdp_enabled.",
            "tdp_enabled=n: kvm_nested_vmexit_inject 0x400 is a violation."),
        new("SVM-15.25-FAULT-ORDER", "15.25.6", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
            "Guest #PF (guest tables) is raised before the final nested translation fault; nested faults on guest-table walks come " +
                "first.",
            "kvm_nested_vmexit 0x4e / kvm_nested_vmexit 0x400 bit33 sequence.",
            "For one access: bit33 NPFs, then #PF, then bit32 NPF."),
        new("SVM-15.25-PF-NOT-L1", "15.25.6", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
            "With nested paging and no #PF intercept in vmcb12, guest #PF must be delivered in L2.",
            "kvm_nested_intercepts.excp bit14=0; kvm_nested_vmexit_inject 0x4e.",
            "A violation."),
        new("SVM-15.25-USER-BIT", "15.25.5", RuleScope.Processor | RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
            "Nested table accesses are user accesses (U=1) unless GMET/SSS.",
            "kvm_exit/kvm_nested_vmexit/kvm_nested_vmexit_inject 0x400 info1 bit2.",
            "Bit 2 is set."),
        new("SVM-15.25-ROGPT-WRITE", "15.25.5", RuleScope.Processor | RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Medium,
            "Guest table walks are treated as writes unless Read-Only Guest Page Tables is enabled.",
            "info1 bit33=1.",
            "Bit 1 is set."),
        new("SVM-15.25-NCR3-LOW-IGN", "15.25.4, 5.2.1", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Low,
            "nCR3[4:0] is ignored for legacy PAE hosts (32-byte aligned PDPT).",
            "kvm_nested_vmenter.nested_cr3 low bits.",
            "No failure because of them."),
        new("SVM-15.16-TLBCTL-HONOUR", "15.16.1", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.High,
            "The flushes of TLB_CONTROL 1, 3 and 7 are carried out; VMRUN does not change the field.",
            "A recorder with probes that dumps the VMCBs and registers around the exit.",
            "The entry flushes where L1 asks for it; the field stays."),
        new("SVM-15.16-INVLPGA-OPERANDS", "15.16.2", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Low,
            "INVLPGA: address in rAX (address-size masked), ASID in ECX.",
            "kvm_invlpga(rip,asid,address).",
            "The address is below 2^32 outside 64-bit mode."),
        new("SVM-15.25-PAT-SEPARATE", "15.25.2, 15.25.4", RuleScope.Composition, Visibility.Partly, Confidence.Certain, Severity.Medium,
            "With nested paging PAT is replicated: L2's WRMSR PAT changes gPAT only; RDMSR returns gPAT.",
            "kvm_msr 0x277 at L2 and at L1.",
            "L1 read value unaffected by L2 write."),
        new("SVM-15.25-MTRR-SHARED", "15.25.2", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Info,
            "MTRRs are not replicated.",
            "kvm_msr 0x200 and those after it.",
            "Same values at L1/L2."),
        new("SVM-15.25-GMET", "15.25.13", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
            "GMET: supervisor execution from a U=1 nested page raises NPF; U bit in info1 tells user/supervisor.",
            "info1 bits 4,2.",
            "Bit 4 is set where bit 2 is not."),
        new("SVM-15.25-A20", "15.25.11", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.Low,
            "No A20 masking applies to guest physical addresses.",
            "A recorder with probes that dumps the VMCBs and registers around the exit.",
            "Bit 20 of the faulting address is that of the access."),
        new("SVM-15.16-ASID-CURRENT", "15.16.1", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.Medium,
            "MOV CR3 and the other implicit flushes concern the current address space only.",
            "A recorder with probes that dumps the VMCBs and registers around the exit.",
            "Flushing more is not visible to any guest; flushing less shows as a wrong translation, for which guest memory is needed."),
        new("SVM-15.25-RSVD-BIT", "15.25.6", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
            "Reserved bit in L1's nPT -> NPF with RSV=1,P=1.",
            "kvm_nested_vmexit_inject 0x400 info1 bit3=1.",
            "Bit 0 is set too."),
    ];
}
