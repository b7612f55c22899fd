using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm.Statements;

/// <summary>Group H of the rule catalogue: nRIP and decode assists.</summary>
internal static class NextRipStatements
{
    /// <summary>Every statement, in the catalogue's order.</summary>
    public static IReadOnlyList<RuleInfo> All { get; } =
    [
        new("SVM-15.7-NRIP-INSN", "15.7.1", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
            "nRIP is saved for instruction intercepts, MSR, IOIO and INT3/INTO/BOUND exceptions; zero otherwise.",
            "nRIP is not traced; its effect is kvm_entry.rip after a skipped instruction.",
            "For CPUID, MSR, HLT and the like kvm_entry.rip = kvm_exit.rip + instruction length (2 for CPUID/RDMSR/WRMSR without " +
                "prefixes)."),
        new("SVM-15.7-NRIP-L1", "15.7.1", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.High,
            "nRIP of vmcb12 is updated when an exit of an instruction is shown to L1.",
            "A recorder with probes that dumps the VMCBs and registers around the exit.",
            "It is what the processor saved."),
        new("SVM-15.7-RIP-FAULTLIKE", "15.7, 15.7.1", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
            "Instruction intercepts are fault-like: kvm_exit.rip is the instruction itself; trap exits (#DB traps, AVIC traps, CR " +
                "write traps, VMGEXIT) report the next.",
            "kvm_exit, the kvm_emulate_insn and kvm_entry that follow.",
            "An exit that L0 emulates advances RIP exactly once, starting at the exit's RIP."),
        new("SVM-15.7-RETRY", "15.2.5", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
            "Any intercepted instruction except task switches can be restarted: for NPF/INTR/NMI/VINTR exits RIP is unchanged at " +
                "re-entry unless emulated.",
            "kvm_exit 0x400/0x60/0x61/0x64 then kvm_entry.",
            "kvm_entry.rip==kvm_exit.rip unless kvm_emulate_insn/kvm_inj_exception/kvm_inj_virq/kvm_nested_vmexit_inject in " +
                "between."),
        new("SVM-15.8-NRIP-CFLOW", "15.7.1", RuleScope.Processor, Visibility.NotTraced, Confidence.NotChecked, Severity.Low,
            "For instructions that transfer control, nRIP is the address behind the instruction.",
            "A recorder with probes that dumps the VMCBs and registers around the exit.",
            "RIP and the instruction's length."),
        new("SVM-15.8-RIP-AFTER-IO", "15.10.2", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
            "After an IN/OUT handled in user space RIP must equal EXITINFO2.",
            "kvm_exit 0x7b info2, kvm_userspace_exit IO, kvm_entry.",
            "kvm_entry.rip = info2, string instructions aside."),
    ];
}
