using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Replay.Manual.Tables.ExitInfoBits;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group I: nested page faults, INVLPGA, PAT and MTRRs (APM2 15.16, 15.25).</summary>
internal static class NestedPaging
{
    private const ulong IgnoredRootBits = 0x1f, Above32 = 0xffff_ffff_0000_0000;

    private static readonly SvmExitCode PF = SvmExitCode.OfException(ExceptionVector.PF);
    private static readonly Func<SvmExitCode, bool> Faults = Codes.Of(SvmExitCode.Npf);

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.25-NP-TRANSLATE-OWNER", "15.25.6", RuleScope.Composition, Visibility.Partly, Confidence.Certain, Severity.High,
                "A nested page fault belongs to L1 if and only if L1's tables deny the access; otherwise it is L0's.",
                "kvm_nested_vmexit 0x400 and kvm_nested_vmenter.tdp_enabled.",
                "tdp_enabled=n: kvm_nested_vmexit_inject 0x400 is a violation.") { Rank = 2210, Kvm = KvmFunctions.By("nested_svm_inject_npf_exit") },
            Situation.L2Exit | Situation.LeftByFault, Faults, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12.NestedPaging.IsNo && s.Seen.LeftL2)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value));
            }
            else if (!s.Vcpu.Vmcb12.NestedPaging.IsNo && s.HasExit && s.Code == SvmExitCode.Npf)
            {
                s.Undecided(Evidence.NestedPageTables);
            }
        }),
        new(new("SVM-15.25-FAULT-ORDER", "15.25.6", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "Guest #PF (guest tables) is raised before the final nested translation fault; nested faults on guest-table walks come " +
                    "first.",
                "kvm_nested_vmexit 0x4e / kvm_nested_vmexit 0x400 bit33 sequence.",
                "For one access: bit33 NPFs, then #PF, then bit32 NPF.") { Rank = 2220, Kvm = KvmFunctions.OfProcessor },
            Situation.L2Exit, Codes.Of(SvmExitCode.Npf, PF), static (in Step s) =>
        {
            // A second access of the same instruction would explain it.
            bool table = s.Code == PF || (s.Exit.Info1 & NpfWalk) != 0;
            if (table && s.Vcpu.LastFinalFault == s.Exit.Rip)
            {
                s.Assuming(Evidence.InstructionBytes).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new(new("SVM-15.25-PF-NOT-L1", "15.25.6", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "With nested paging and no #PF intercept in vmcb12, guest #PF must be delivered in L2.",
                "kvm_nested_intercepts.excp bit14=0; kvm_nested_vmexit_inject 0x4e.",
                "A violation.") { Rank = 2230, Kvm = KvmFunctions.By("nested_svm_exit_special") },
            Situation.LeftByFault, static (in Step s) =>
        {
            if (s.Intercepted(PF).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, PF.Value));
            }
        }),
        new(new("SVM-15.25-USER-BIT", "15.25.5", RuleScope.Processor | RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "Nested table accesses are user accesses (U=1) unless GMET/SSS.",
                "kvm_exit/kvm_nested_vmexit/kvm_nested_vmexit_inject 0x400 info1 bit2.",
                "Bit 2 is set.") { Rank = 2240, Kvm = KvmFunctions.Several },
            Situation.NestedPageFault, static (in Step s) =>
        {
            // Supervisor fetches under GMET and supervisor shadow stacks are the manual's exceptions.
            if ((s.Exit.Info1 & (Fetch | ShadowStack | NpfShadowStackCheck)) == 0)
            {
                s.Expect().Allow(Is(ComparedField.ExitInfo1, User, User)).ByProcessor();
                ForL1(s, Is(ComparedField.ReflectedInfo1, User, User));
            }
        }),
        new(new("SVM-15.25-ROGPT-WRITE", "15.25.5", RuleScope.Processor | RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "Guest table walks are treated as writes unless Read-Only Guest Page Tables is enabled.",
                "info1 bit33=1.",
                "Bit 1 is set.") { Rank = 2250, Kvm = KvmFunctions.Several },
            Situation.NestedPageFault, static (in Step s) =>
        {
            if ((s.Exit.Info1 & NpfWalk) != 0)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Is(ComparedField.ExitInfo1, Write, Write)).ByProcessor();
            }
        }),
        new(new("SVM-15.25-NCR3-LOW-IGN", "15.25.4, 5.2.1", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Low,
                "nCR3[4:0] is ignored for legacy PAE hosts (32-byte aligned PDPT).",
                "kvm_nested_vmenter.nested_cr3 low bits.",
                "No failure because of them.") { Rank = 2260, Kvm = KvmFunctions.By("nested_svm_get_tdp_pdptr") },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12.NestedPaging.IsYes && s.Vcpu.Vmcb12[VmcbField.NCr3].Any(IgnoredRootBits).IsYes)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),
        new(new("SVM-15.16-TLBCTL-HONOUR", "15.16.1", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.High,
                "The flushes of TLB_CONTROL 1, 3 and 7 are carried out; VMRUN does not change the field.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "The entry flushes where L1 asks for it; the field stays.") { Rank = 2270, Kvm = KvmFunctions.By("nested_svm_transition_tlb_flush") },
            Situation.SvmStatesRecorded, StateRules.TlbControlHonoured),
        new(new("SVM-15.16-INVLPGA-OPERANDS", "15.16.2", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Low,
                "INVLPGA: address in rAX (address-size masked), ASID in ECX.",
                "kvm_invlpga(rip,asid,address).",
                "The address is below 2^32 outside 64-bit mode.") { Rank = 2280, Kvm = KvmFunctions.By("invlpga_interception") },
            Situation.SvmInstruction | Situation.L2Exit, Codes.Of(SvmExitCode.Invlpga), static (in Step s) =>
        {
            if (s.Seen.HasInstruction && s.Seen.Mode != DecodeMode.Long64)
            {
                s.Assuming(Evidence.OperatingMode).Allow(HappensNot(ComparedField.InvlpgaExecuted)).Allow(Is(ComparedField.InvlpgaAddress, 0, Above32));
            }
        }),
        new(new("SVM-15.25-PAT-SEPARATE", "15.25.2, 15.25.4", RuleScope.Composition, Visibility.Partly, Confidence.Certain, Severity.Medium,
                "With nested paging PAT is replicated: L2's WRMSR PAT changes gPAT only; RDMSR returns gPAT.",
                "kvm_msr 0x277 at L2 and at L1.",
                "L1 read value unaffected by L2 write.") { Rank = 2290, Kvm = KvmFunctions.By("nested_vmcb02_prepare_save", "svm_set_msr") },
            Situation.SharedMsr, static (in Step s) =>
        {
            if (Reads(s, SharedMsrs.PatIndex) && s.Level == GuestLevel.L1 && s.Vcpu.Shared is { Pat.IsKnown: true, PatWrittenByL2: true })
            {
                s.Expect().Allow(Is(ComparedField.MsrFaulted, 1)).Allow(Is(ComparedField.MsrValue, s.Vcpu.Shared.Pat.Value));
            }
        }),
        new(new("SVM-15.25-MTRR-SHARED", "15.25.2", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Info,
                "MTRRs are not replicated.",
                "kvm_msr 0x200 and those after it.",
                "Same values at L1/L2.") { Rank = 2300, Kvm = KvmFunctions.Several },
            Situation.SharedMsr, static (in Step s) =>
        {
            if (s.Seen.HasMsr && !s.Seen.Msr.Write && s.Vcpu.Shared.Mtrr(s.Seen.Msr.Index) is { IsKnown: true } known)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Is(ComparedField.MsrFaulted, 1)).Allow(Is(ComparedField.MsrValue, known.Value));
            }
        }),
        new(new("SVM-15.25-GMET", "15.25.13", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "GMET: supervisor execution from a U=1 nested page raises NPF; U bit in info1 tells user/supervisor.",
                "info1 bits 4,2.",
                "Bit 4 is set where bit 2 is not.") { Rank = 2310, Kvm = KvmFunctions.Several },
            Situation.NestedPageFault, static (in Step s) =>
        {
            if ((s.Exit.Info1 & User) == 0)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Is(ComparedField.ExitInfo1, Fetch, Fetch)).ByProcessor();
            }
        }),
        new(new("SVM-15.25-A20", "15.25.11", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.Low,
                "No A20 masking applies to guest physical addresses.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "Bit 20 of the faulting address is that of the access.") { Rank = 2320, Kvm = KvmFunctions.OfProcessor },
            Situation.SvmStatesRecorded, StateRules.NoA20Mask),

        // Flushing more than the manual asks for is allowed and flushing less needs guest memory: no recorded state breaks it.
        new(new("SVM-15.16-ASID-CURRENT", "15.16.1", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.Medium,
                "MOV CR3 and the other implicit flushes concern the current address space only.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "Flushing more is not visible to any guest; flushing less shows as a wrong translation, for which guest memory is needed.") { Rank = 2330, Kvm = KvmFunctions.By("pre_svm_run") },
            Situation.None, Rule.SaysNothing),
        new(new("SVM-15.25-RSVD-BIT", "15.25.6", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "Reserved bit in L1's nPT -> NPF with RSV=1,P=1.",
                "kvm_nested_vmexit_inject 0x400 info1 bit3=1.",
                "Bit 0 is set too.") { Rank = 2340, Kvm = KvmFunctions.Several },
            Situation.LeftByFault, static (in Step s) => s.Expect()
            .Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value))
            .Allow(Is(ComparedField.ReflectedInfo1, 0, Reserved))
            .Allow(Is(ComparedField.ReflectedInfo1, Present, Present))),
    ];

    /// <summary>Whether a nested page fault of L1 looks as nearly all do, so that no rule need look at it.</summary>
    public static bool IsUsual(in HardwareExit exit) =>
        exit.Code != SvmExitCode.Npf || (exit.Info1 & (User | NpfWalk)) == User || (exit.Info1 & (User | Write)) == (User | Write);

    /// <summary>Whether a nested page fault is about the final translation, not about a table of the guest.</summary>
    public static bool IsFinal(in HardwareExit exit) => exit.Code == SvmExitCode.Npf && (exit.Info1 & (NpfFinal | NpfWalk)) == NpfFinal;

    private static bool Reads(in Step s, uint index) => s.Seen.HasMsr && !s.Seen.Msr.Write && s.Seen.Msr.Index == index;

    // What the processor got wrong is not L0's fault when it is passed on.
    private static void ForL1(in Step s, Constraint wanted)
    {
        if (s.Seen.LeftL2 && (s.Exit.Info1 & User) != 0)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value)).Allow(wanted);
        }
    }
}
