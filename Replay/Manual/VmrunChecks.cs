using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group B: the conditions that make VMRUN exit at once with VMEXIT_INVALID (APM2 15.5.1), and some that must not.</summary>
/// <remarks>Rows stand in the catalogue's order. All are evaluated: a report names every broken rule, not the first.</remarks>
internal static class VmrunChecks
{
    private const ulong High32 = 0xffff_ffff_0000_0000, Low32 = 0xffff_ffff, Low12 = 0xfff;
    private const int SegmentL = 9, SegmentD = 10;
    private const int VirtualNmi = 1;
    private const int NpEnable = 0, SssCheck = 4;
    private const int MostBits = 52;
    private const ulong Above52 = ~((1UL << MostBits) - 1);
    private const ulong IopmSize = 0x3000, MsrpmSize = 0x2000;

    // S_CET: SH_STK_EN and WR_SHSTK_EN.
    private const ulong ShadowStackControls = 3;

    // SVME, LMA and LME have conditions of their own.
    private const ulong OtherEfer = ~((1UL << Efer.SVME) | (1UL << Efer.LMA) | (1UL << Efer.LME));

    private static readonly ulong Invalid = SvmExitCode.Invalid.Value;

    // Nothing of vmcb12 is known but, perhaps, whether it asks for nested paging; the virtual CPU has all features, or none, or nobody knows.
    private static readonly VmrunState[] Unseen =
    [
        .. from features in (Truth[])[Truth.Unknown, Truth.Yes, Truth.No]
           from nestedPaging in (Truth[])[Truth.Unknown, Truth.Yes, Truth.No]
           select new VmrunState(new Vmcb12 { NestedPaging = nestedPaging }, Profile.Of(features)),
    ];

    // #CP and #VC exist where the feature does that raises them (APM2 8.2.21, 8.2.22).
    private static readonly (byte Vector, CpuFeature Feature)[] ExceptionsOfFeatures =
    [
        (ExceptionVector.CP, CpuFeature.ShadowStacks),
        (ExceptionVector.VC, CpuFeature.SevEs),
    ];

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        Check(new("SVM-15.5-VMRUN-EFER-SVME0", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.High,
                "VMCB EFER.SVME=0 -> VMEXIT_INVALID.",
                "Vmcb12.efer not traced; kvm_nested_vmenter_failed message names the check.",
                "kvm_nested_vmenter_failed(efer & SVME) or kvm_nested_vmexit_inject 0xffffffff; L2 must never run with SVME clear.") { Rank = 450, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => !v[VmcbField.EferRegister][Efer.SVME]),
        Check(new("SVM-15.5-VMRUN-CR0-CDNW", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "CR0.CD=0 with CR0.NW=1 -> INVALID.",
                "Vmcb12.cr0 not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 460, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => !v[VmcbField.Cr0Register][Cr0.CD] & v[VmcbField.Cr0Register][Cr0.NW]),
        Check(new("SVM-15.5-VMRUN-CR0-HI", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "CR0[63:32] must be zero.",
                "Not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 470, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => v.Refuses(VmcbField.Cr0Register, High32, Cr0.Bits)),
        Check(new("SVM-15.5-VMRUN-CR3-MBZ", "15.5.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "Any MBZ bit of CR3 set -> INVALID (long mode: bits above MAXPHYADDR; KVM checks only when LME&PG).",
                "kvm_nested_vmenter.guest_pgd carries guest CR3 when tdp_enabled=n.",
                "If guest_pgd >= 2^MAXPHYADDR then kvm_nested_vmexit_inject -1/kvm_nested_vmenter_failed must follow.") { Rank = 480, Kvm = KvmFunctions.By("kvm_vcpu_is_legal_cr3") },
            static v => AboveWidth(v, VmcbField.Cr3Register) & (!v.NestedPaging | LongModePaging(v) | Truth.Unknown)),
        Check(new("SVM-15.5-VMRUN-CR4-MBZ", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.High,
                "Any MBZ bit of CR4 set -> INVALID.",
                "Not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 490, Kvm = KvmFunctions.By("__kvm_is_valid_cr4") },
            static v => v.Refuses(VmcbField.Cr4Register, ulong.MaxValue, Cr4.Bits)),
        Check(new("SVM-15.5-VMRUN-DR6-HI", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "DR6[63:32] must be zero.",
                "Not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 500, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => v[VmcbField.Dr6].Any(High32)),
        Check(new("SVM-15.5-VMRUN-DR7-HI", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "DR7[63:32] must be zero.",
                "Not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 510, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => v[VmcbField.Dr7].Any(High32)),
        Check(new("SVM-15.5-VMRUN-EFER-MBZ", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "Any MBZ bit of EFER set -> INVALID.",
                "Not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 520, Kvm = KvmFunctions.By("kvm_valid_efer") },
            static v => v.Refuses(VmcbField.EferRegister, OtherEfer, Efer.Bits)),
        Check(new("SVM-15.5-VMRUN-EFER-NOLM", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "LMA or LME set on a processor without long mode -> INVALID.",
                "CPUID LM from kvm_cpuid 80000001.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 530, Kvm = KvmFunctions.By("kvm_valid_efer") },
            static v =>
            (v[VmcbField.EferRegister][Efer.LME] | v[VmcbField.EferRegister][Efer.LMA]) & !v.Has(CpuFeature.LongMode)),
        Check(new("SVM-15.5-VMRUN-LME-PG-NOPAE", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.High,
                "LME=1, PG=1, PAE=0 -> INVALID.",
                "Not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 540, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => LongModePaging(v) & !v[VmcbField.Cr4Register][Cr4.PAE]),
        Check(new("SVM-15.5-VMRUN-LME-PG-NOPE", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.High,
                "LME=1, PG=1, PE=0 -> INVALID.",
                "Not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 550, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => LongModePaging(v) & !v[VmcbField.Cr0Register][Cr0.PE]),
        Check(new("SVM-15.5-VMRUN-CSL-CSD", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "LME, PG, PAE, CS.L and CS.D all set -> INVALID. (Bochs tests L&&D unconditionally: Bochs gap.).",
                "CS attributes not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 560, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => LongModePaging(v) & v[VmcbField.Cr4Register][Cr4.PAE]
            & v[VmcbField.CsAttributes][SegmentL] & v[VmcbField.CsAttributes][SegmentD]),
        new(new("SVM-15.5-VMRUN-LMA-IGNORED", "15.5.1 (absence of a check)", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "EFER.LMA inconsistent with LME&PG is not an illegal state; hardware recomputes LMA.",
                "Not traced.",
                "VMRUN must succeed: kvm_nested_vmenter_failed citing LMA, MMU BUG or KVM_BUG is a violation.") { Rank = 570, Kvm = KvmFunctions.By("nested_vmcb02_prepare_save") },
            Situation.VmrunRefused, static (in Step s) => NotRefusedFor(s, "EFER_LMA")),
        Check(new("SVM-15.5-VMRUN-INTERCEPT", "15.5.1, table 15-7", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "The VMRUN intercept bit must be set or VMEXIT_INVALID.",
                "kvm_nested_intercepts.word4 bit0.",
                "kvm_nested_intercepts is emitted only on success, so kvm_nested_intercepts.word4 bit0=0 is by itself a violation.") { Rank = 580, Kvm = KvmFunctions.By("__nested_vmcb_check_controls") },
            static v => !v.Intercepts(SvmExitCode.Vmrun)),
        Check(new("SVM-15.5-VMRUN-ASID0", "15.5.1, 15.25.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.High,
                "Guest ASID=0 -> VMEXIT_INVALID.",
                "ASID not traced; kvm_nested_vmenter_failed names asid.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 590, Kvm = KvmFunctions.By("__nested_vmcb_check_controls") },
            static v => v[VmcbField.GuestAsid].Equal(0, Low32)),
        Check(new("SVM-15.10-IOPM-RANGE", "15.10.1, 15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "Last byte of the IOPM (12K + 3 bits; bits 11:0 of the base ignored) at or above max physical address -> INVALID.",
                "Base not traced.",
                "kvm_nested_vmenter_failed(nested_svm_check_bitmap_pa) or kvm_nested_vmexit_inject -1.") { Rank = 600, Kvm = KvmFunctions.By("nested_svm_check_bitmap_pa") },
            static v => MapOutside(v, VmcbField.IopmBasePa, IopmSize)),
        Check(new("SVM-15.11-MSRPM-RANGE", "15.11, 15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "Last byte of the 8K MSRPM at or above max physical address -> INVALID.",
                "Base not traced.",
                "kvm_nested_vmenter_failed or kvm_nested_vmexit_inject -1.") { Rank = 610, Kvm = KvmFunctions.By("nested_svm_check_bitmap_pa") },
            static v => MapOutside(v, VmcbField.MsrpmBasePa, MsrpmSize)),
        Check(new("SVM-15.20-INJ-TYPE", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "EVENTINJ.V=1 with TYPE not in {0,2,3,4} -> VMEXIT_INVALID.",
                "kvm_nested_vmenter.event_inj bit31=1 and bits10:8 in {1,5,6,7}.",
                "kvm_nested_vmexit_inject 0xffffffff must be the first L2 result; violation = any other " +
                    "kvm_nested_vmexit/kvm_nested_vmexit_inject.") { Rank = 620, Kvm = KvmFunctions.By("nested_svm_check_event_inj") },
            static v => Injection(v, HasNoType)),
        Check(new("SVM-15.20-INJ-VEC2", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "TYPE=3 with vector 2 (NMI) or any vector that is not an exception -> INVALID.",
                "kvm_nested_vmenter.event_inj type 3, vector in {2,9,15,20,22..27,31,>31}, 21 without shadow stacks, 29 without SEV-ES.",
                "kvm_nested_vmexit_inject -1.") { Rank = 630, Kvm = KvmFunctions.By("nested_svm_check_event_inj") },
            static v => Injection(v, HasNoException) | (InjectsNoExceptionYet(v) & Truth.Unknown),
            new(Evidence.GuestCpuid, InjectsNoExceptionYet)),
        Check(new("SVM-15.20-INJ-IMPOSSIBLE", "15.20", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "Event impossible in the guest mode (e.g. #BR, #OF in 64-bit mode) -> INVALID, no guest instruction executes.",
                "kvm_nested_vmenter.event_inj vector 5 or 4 type 3; L2 CS.L unknown (kvm_emulate_insn prot64 flag on earlier L2 " +
                    "instructions helps).",
                "kvm_nested_vmexit_inject -1 if L2 is in 64-bit mode.") { Rank = 640, Kvm = KvmFunctions.OfProcessor },
            static v => Injection(v, IsOfLegacyModes) & Truth.Unknown,
            new(Evidence.OperatingMode, static v => Injection(v, IsOfLegacyModes) & v.StartsIn64BitMode)),
        new(new("SVM-15.20-INJ-NOSTATE", "15.20, volume 3 VMRUN", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "On VMEXIT_INVALID nothing was delivered: EXITINTINFO is not derived from the rejected injection.",
                "kvm_nested_vmexit_inject 0xffffffff.",
                "kvm_nested_vmexit_inject.exit_int_info unchanged/0, no kvm_nested_vmexit between kvm_nested_vmenter and " +
                    "kvm_nested_vmexit_inject.") { Rank = 650, Kvm = KvmFunctions.By("nested_save_pending_event_to_vmcb12") },
            Situation.LeftL2, NothingDelivered),
        new(new("SVM-15.25-NP-HOST-PG", "15.25.3", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Low,
                "NP_ENABLE=1 with hCR0.PG=0 -> VMEXIT_INVALID. KVM departs: any VMRUN with CR0.PG=0 gets #UD.",
                "kvm_cr write cr0 PG=0 at L1 then kvm_exit 0x80.",
                "kvm_nested_vmexit_inject -1 if NP; success if !NP; KVM gives kvm_inj_exception #UD (documented departure).") { Rank = 660, Kvm = KvmFunctions.By("nested_svm_check_permissions") },
            Situation.SvmInstruction, static (in Step s) =>
        {
            if (s.Code == SvmExitCode.Vmrun && s.Vcpu.Svme.IsYes && s.Vcpu.Cr0[Cr0.PG].IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.Exception, ExceptionVector.UD));
            }
        }),
        Check(new("SVM-15.25-NCR3-MBZ", "15.25.4", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "With NP_ENABLE=1 any MBZ bit of nCR3 -> INVALID.",
                "kvm_nested_vmenter.tdp_enabled=y and kvm_nested_vmenter nested_cr3 >= 2^MAXPHYADDR.",
                "kvm_nested_vmenter_failed/kvm_nested_vmexit_inject -1; kvm_nested_vmenter itself shows KVM accepted it.") { Rank = 670, Kvm = KvmFunctions.By("__nested_vmcb_check_controls") },
            static v => v.NestedPaging & (v[VmcbField.NCr3].Any(Above52) | (AboveWidth(v, VmcbField.NCr3) & Truth.Unknown)),
            new(Evidence.GuestCpuid, static v => v.NestedPaging & AboveWidth(v, VmcbField.NCr3))),
        Check(new("SVM-15.25-GPAT-VALID", "15.25.4", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "With NP_ENABLE=1 a bad type or reserved field in G_PAT -> INVALID.",
                "Not traced.",
                "kvm_nested_vmenter_failed(kvm_pat_valid)/kvm_nested_vmexit_inject -1.") { Rank = 680, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            static v => v.NestedPaging & BadPat(v[VmcbField.GPat])),
        new(new("SVM-15.5-PAE-PDPTE", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Medium,
                "Without nested paging and in PAE mode, reserved bits in the four PDPEs -> #VMEXIT (INVALID).",
                "kvm_nested_vmenter tdp n; PDPTEs not traced.",
                "kvm_nested_vmenter_failed(load_pdptrs) then kvm_nested_vmexit_inject -1.") { Rank = 690, Kvm = KvmFunctions.By("nested_svm_load_cr3") },
            Situation.VmrunRefused, static (in Step s) =>
        {
            if (s.FailedChecks.Names("pdptr") && s.Seen.HasVmenter && s.Seen.Vmenter.NestedPaging.IsNo)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, Invalid));
            }
        }),
        new(new("SVM-15.25-PAE-PDPTE-NP", "15.25.10", RuleScope.Emulation, Visibility.Partly, Confidence.Certain, Severity.Medium,
                "With nested paging, PDPEs are read on demand: illegal PDPEs must not fail VMRUN or MOV CR3.",
                "kvm_nested_vmenter tdp y; kvm_nested_vmenter_failed(load_pdptrs) seen.",
                "kvm_nested_vmenter_failed(load_pdptrs) with tdp=y is a violation.") { Rank = 700, Kvm = KvmFunctions.By("nested_svm_load_cr3") },
            Situation.VmrunRefused, static (in Step s) =>
        {
            if (s.Seen.HasVmenter && s.Seen.Vmenter.NestedPaging.IsYes)
            {
                NotRefusedFor(s, "pdptr");
            }
        }),
        Check(new("SVM-15.21.10-VNMI-NEEDS-NMI", "15.21.10", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "V_NMI_ENABLE=1 without the NMI intercept -> VMEXIT_INVALID.",
                "kvm_nested_vmenter.int_ctl bit26=1 and kvm_nested_intercepts.word3 bit1=0.",
                "kvm_nested_vmexit_inject -1.") { Rank = 710, Kvm = KvmFunctions.By("__nested_vmcb_check_controls") },
            static v => v.Has(CpuFeature.VNmi) & EnablesVNmiAlone(v),
            new(Evidence.GuestCpuid, EnablesVNmiAlone)),
        new(new("SVM-15.29-AVIC-INDEX", "15.29.4.3", RuleScope.Processor, Visibility.NotTraced, Confidence.NotChecked, Severity.High,
                "With AVIC on, an index of the physical table above 255 (above 511 with x2AVIC, unless it is extended) is an illegal state.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "VMEXIT_INVALID.") { Rank = 720, Kvm = KvmFunctions.By("avic_init_vmcb") },
            Situation.SvmStatesRecorded, StateRules.AvicIndexLegal),
        new(new("SVM-15.34-SEV-CHECKS", "15.34.3", RuleScope.Processor, Visibility.Partly, Confidence.Likely, Severity.High,
                "SEV enabled: NP must be on, SmmLock set, ASID within limit, host in 64-bit mode -> else INVALID.",
                "kvm_exit -1 + kvm_userspace_exit FAIL_ENTRY.",
                "Never happens in healthy runs.") { Rank = 730, Kvm = KvmFunctions.By("pre_sev_run") },
            Situation.InvalidExit, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L1 && s.Vcpu.SevEs.IsYes)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(IsNot(ComparedField.ExitCode, Invalid));
            }
        }),
        new(new("SVM-15.35-SEVES-INJ", "15.35.8", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "SEV-ES guests: injecting a software interrupt or exception vectors 3/4 -> INVALID.",
                "kvm_inj_virq soft=1 or kvm_inj_exception vector 3/4 for a VM that shows kvm_vmgexit_enter.",
                "Must not occur.") { Rank = 740, Kvm = KvmFunctions.By("svm_inject_irq", "svm_inject_exception") },
            Situation.SevEs | Situation.EventStaged, static (in Step s) =>
        {
            if (s.Vcpu.SevEs.IsYes && s.Seen.RaisedException is { } vector)
            {
                s.Expect().Allow(vector is ExceptionVector.BP or ExceptionVector.OF
                    ? HappensNot(ComparedField.Exception) : IsNot(ComparedField.Exception, ExceptionVector.BP));
            }
        }),

        // What is held against vmcb12: StateRules.LoadsWhatIsNotClean asks the clean bits.
        new(new("SVM-15.5-CHECK-CLEANBITS", "15.5.1", RuleScope.Emulation, Visibility.NotTraced, Confidence.NotChecked, Severity.Info,
                "The consistency checks look at the merged state: a field that is marked clean may hide an edit of the VMCB.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "Guides what is held against vmcb12: fields that are not marked clean.") { Rank = 750, Kvm = KvmFunctions.By("nested_vmcb02_prepare_save") },
            Situation.None, Rule.SaysNothing),
        new(new("SVM-15.5-NONARCH-CHECK-NP", "15.25.12", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "NP_ENABLE on a CPU that does not support nested paging is not a listed illegal state.",
                "kvm_nested_vmenter_failed message contains NP_ENABLE && !npt_enabled.",
                "Flag: KVM added a non-architectural failure (removed by e0b6f031d64c).") { Rank = 760, Kvm = KvmFunctions.By("__nested_vmcb_check_controls") },
            Situation.VmrunRefused, static (in Step s) => NotRefusedFor(s, "NP_ENABLE", "npt_enabled")),
        new(new("SVM-15.16-TLBCTL-RSVD", "15.16.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "Reserved TLB_CONTROL encodings are not in the illegal-state list: VMRUN must not fail because of them.",
                "kvm_nested_vmenter_failed message contains nested_svm_check_tlb_ctl.",
                "Flag non-architectural failure.") { Rank = 770, Kvm = KvmFunctions.By("__nested_vmcb_check_controls") },
            Situation.VmrunRefused, static (in Step s) => NotRefusedFor(s, "tlb_ctl")),
        Check(new("SVM-15.5-CET-SCET", "15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "Reserved bit in S_CET, or CR4.CET=1 with CR0.WP=0, or CR4.CET with U_CET.SS=1 and EFLAGS.VM=1 -> INVALID.",
                "Not traced.",
                "kvm_nested_vmenter_failed/kvm_nested_vmexit_inject -1.") { Rank = 780, Kvm = KvmFunctions.By("__kvm_is_valid_cr4") },
            static v =>
            (v[VmcbField.Cr4Register][Cr4.CET] & !v[VmcbField.Cr0Register][Cr0.WP]) | (v[VmcbField.SCet].Any(~ShadowStackControls) & v.Has(CpuFeature.ShadowStacks))),
        Check(new("SVM-15.5-SSS-NP", "15.25.14", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "SSSCheckEn=1 with nested paging off -> INVALID.",
                "Bit 4 of VMCB offset 090h, which is not traced.",
                "kvm_nested_vmexit_inject -1.") { Rank = 790, Kvm = KvmFunctions.Several },
            static v => v[VmcbField.NestedControl][SssCheck] & !v[VmcbField.NestedControl][NpEnable]),
        new(new("SVM-15.5-RIP-NOT-ILLEGAL", "15.5.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "Non-canonical or out-of-limit guest rIP is not illegal state: #GP is delivered inside the guest.",
                "kvm_nested_vmenter.nested_rip non-canonical (bits 63:47 mixed).",
                "First L2 result is #GP (kvm_inj_exception or kvm_nested_vmexit/kvm_nested_vmexit_inject 0x4d), never " +
                    "kvm_nested_vmexit_inject -1.") { Rank = 800, Kvm = KvmFunctions.OfProcessor },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            // Not canonical even with 57-bit addresses: bits 63:56 are not all alike.
            ulong rip = s.Vcpu.Vmcb12[VmcbField.Rip].Value >> 56;
            if (s.Vcpu.Vmcb12[VmcbField.Rip].IsKnown && rip is not (0 or 0xff))
            {
                NoReasonToRefuse(s);
            }
        }),
        new(new("SVM-15.19-PAGED-REAL", "15.19, 15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "VMRUN may load CR0 with PE=0, PG=1 (when LME=0): it must not fail.",
                "Not traced.",
                "kvm_nested_vmenter_failed on PG&&!PE with LME=0 is a violation.") { Rank = 810, Kvm = KvmFunctions.By("__nested_vmcb_check_save") },
            Situation.VmrunRefused, static (in Step s) =>
        {
            if (s.FailedChecks.Names("CR0_PE") && !s.FailedChecks.Names("LME"))
            {
                Truth longMode = s.Vcpu.Vmcb12[VmcbField.EferRegister][Efer.LME];
                s.When(!longMode, Evidence.VmcbSaveArea).Allow(HappensNot(ComparedField.VmrunChecksFailed));
            }
        }),
        new(new("SVM-15.5-VMRUN-INVALID-CODE", "appendix C, 15.5.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "VMEXIT_INVALID is the 64-bit value -1.",
                "kvm_nested_vmexit_inject.exit_code (u32 before 7.1, u64 after).",
                "0xffffffff / 0xffffffffffffffff; with a u64 trace 0x00000000ffffffff is a violation.") { Rank = 820, Kvm = KvmFunctions.By("nested_svm_vmrun") },
            Situation.LeftL2, static (in Step s) =>
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Low32))),
        new(new("SVM-15.5-VMRUN-INVALID-RIP", "15.5.1 (exits to next instruction)", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "After a failed VMRUN the host resumes at the instruction after VMRUN (RIP+3 without prefixes).",
                "kvm_exit 0x80 rip=R, kvm_nested_vmenter_failed, next kvm_entry at L1.",
                "kvm_entry.rip = R+3 (or +4.. with prefixes).") { Rank = 830, Kvm = KvmFunctions.By("nested_svm_vmrun") },
            Situation.VmrunRefused, ResumesBehindVmrun),
        new(new("SVM-15.5-VMRUN-INVALID-GIF", "15.6", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "GIF=0 after #VMEXIT(INVALID) too.",
                "kvm_nested_vmenter_failed then kvm_inj_virq/kvm_inj_exception-NMI into L1 before any STGI exit.",
                "No kvm_inj_virq until STGI (invisible with vgif): none at the entry behind, nor at the next exit while L1 has not moved.") { Rank = 1900, Kvm = KvmFunctions.By("nested_svm_vmrun") },
            Situation.VmrunRefused | Situation.EventStaged | Situation.EntryShowsEvent, static (in Step s) =>
        {
            // VMEXIT_INVALID clears GIF: L1 takes no interrupt at the entry that follows, nor at the next one where it has not moved.
            bool refused = s.Level == GuestLevel.L1 && s.HasExit && s.Code == SvmExitCode.Vmrun && !s.Seen.HasVmenter && s.Seen.HasFailedChecks;
            if (refused || (s.Vcpu.LastVmrunRefused && Vmexit.StandsWithoutGif(s)))
            {
                Vmexit.TakesNoInterrupt(s);
            }
        }),
        new(new("SVM-15.5-VMRUN-INVALID-EVENTINJ", "15.6, 15.20", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Low,
                "EVENTINJ is cleared in the VMCB on every #VMEXIT including INVALID.",
                "kvm_nested_vmexit_inject -1/kvm_nested_vmenter_failed for vmcb V, then kvm_nested_vmenter for the same vmcb with " +
                    "event_inj identical to the rejected one.",
                "The V bit should be 0 unless L1 wrote it again.") { Rank = 840, Kvm = KvmFunctions.By("nested_svm_vmrun") },
            Situation.VmrunEntered, static (in Step s) =>
        {
            // L1 may have written the same event again.
            if (s.Vcpu.Rejected is { EventInj.Valid: true } rejected && s.Seen.Vmenter.Vmcb12 == rejected.Vmcb12
                && s.Seen.Vmenter.EventInj == rejected.EventInj)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(HappensNot(ComparedField.VmrunsEntered));
            }
        }),
    ];

    // A check is in play at every VMRUN; what it would need and recordings lack is said there. When it is known to fail,
    // the first thing L1 or L2 shows must be VMEXIT_INVALID.
    private static Rule Check(RuleInfo info, VmrunGuard illegal, Supposition? likely = null) =>
        new(info, Situation.VmrunEntered | Situation.VmrunOutcome, null, (in Step s) => Judge(s, illegal, likely), NeedsOf(illegal, likely))
        {
            Illegal = likely is null ? illegal : state => illegal(state) is { IsUnknown: false } decided ? decided : likely.Illegal(state),
        };

    private static void Judge(in Step s, VmrunGuard guard, Supposition? likely)
    {
        bool shows = !s.Seen.HasVmenter || s.Seen.LeftL2;
        VmrunState state = s.Vcpu.VmrunState.Afresh();
        Truth illegal = guard(state);
        if (illegal.IsUnknown && likely is not null && likely.Illegal(state) is { IsUnknown: false } supposed)
        {
            if (supposed.IsYes && shows)
            {
                s.Assuming(likely.Assumed).Allow(Is(Outcome(s), Invalid));
            }
        }
        else if (illegal.IsUnknown && s.Seen.HasVmenter && state.Missing != Evidence.None)
        {
            s.Undecided(state.Missing);
        }
        else if (illegal.IsYes && shows)
        {
            s.Expect().Allow(Is(Outcome(s), Invalid));
        }
    }

    // What the condition reads, if while none of it is known nothing else settles the check.
    private static Vmcb12Needs NeedsOf(VmrunGuard illegal, Supposition? likely)
    {
        if (likely is not null)
        {
            return default;
        }

        var needs = default(Vmcb12Needs);
        foreach (VmrunState state in Unseen)
        {
            if (!illegal(state.Afresh()).IsUnknown)
            {
                return default;
            }

            needs = new Vmcb12Needs(needs.Fields | state.Read, needs.Missing == Evidence.None ? state.Missing : needs.Missing);
        }

        return needs;
    }

    /// <summary>What is seen of vmcb12 is no reason to refuse it. Another reason, which no tracepoint shows, may be one all the same.</summary>
    public static void NoReasonToRefuse(in Step s) => s.When(IsLegal(s.Vcpu), Evidence.VmcbSaveArea).Allow(IsNot(Outcome(s), Invalid));

    private static Truth IsLegal(Vcpu vcpu)
    {
        Truth legal = Truth.Yes;
        foreach (Rule row in Rows)
        {
            legal &= row.Illegal is { } illegal ? !illegal(vcpu.VmrunState) : Truth.Yes;
        }

        return legal;
    }

    // KVM may reflect the failure itself, or the processor reports it at the first exit.
    private static ComparedField Outcome(in Step s) => s.Seen.HasVmenter ? ComparedField.ReflectedCode : ComparedField.ExitCode;

    private static Truth LongModePaging(VmrunState v) => v[VmcbField.EferRegister][Efer.LME] & v[VmcbField.Cr0Register][Cr0.PG];

    private static Truth EnablesVNmiAlone(VmrunState v) => v[VmcbField.IntCtl][IntCtlBits.VNmiEnableBit] & !v[VmcbField.InterceptMisc1][VirtualNmi];

    private static Truth AboveWidth(VmrunState v, VmcbField address)
    {
        int width = v.PhysicalAddressBits;
        return v[address].Any(Above52) | v.Asked(
            width is > 0 and < 52 ? v[address].Any(~((1UL << width) - 1)) : v[address].Any(~((1UL << 36) - 1)) & Truth.Unknown, Evidence.GuestCpuid);
    }

    private static Truth MapOutside(VmrunState v, VmcbField start, ulong size)
    {
        // No processor has more than 52 bits (APM2 5.1). The end of a map may lie beyond 64 bits, so its start is compared.
        int width = v.PhysicalAddressBits;
        Truth outside = v[start].Holds(~0UL, address => (address & ~Low12) > (1UL << (width > 0 ? width : MostBits)) - size);
        return outside | (width > 0 ? Truth.No : v.Asked(Truth.Unknown, Evidence.GuestCpuid));
    }

    private static Truth Injection(VmrunState v, Func<EventInfo, bool> illegal)
    {
        VmrunState.Field field = v[VmcbField.EventInj];
        return field.Noted((field.Bits.Known & EventInfo.ValidBit) == 0 ? Truth.Unknown : Truth.Of(v.EventInj.Valid && illegal(v.EventInj)));
    }

    private static Truth BadPat(VmrunState.Field pat) => pat.Holds(~0UL, static value => !Pat.IsLegal(value));

    /// <summary>Whether VMRUN refuses an event on any processor: a type that does not exist, an exception that none can have (APM2 15.20).</summary>
    public static bool IsIllegalEvent(EventInfo injected) => injected.Valid && (HasNoType(injected) || HasNoException(injected));

    private static bool HasNoType(EventInfo injected) => (int)injected.Type is 1 or > 4;

    private static bool HasNoException(EventInfo injected) => injected is { Type: EventType.Exception, Vector: ExceptionVector.Nmi or > 31 };

    // No vector of an exception, on any processor known today or on one without the feature that brings it.
    private static Truth InjectsNoExceptionYet(VmrunState v)
    {
        Truth none = Injection(v, IsNoExceptionYet);
        foreach ((byte vector, CpuFeature feature) in ExceptionsOfFeatures)
        {
            Truth injected = Injection(v, what => what.Type == EventType.Exception && what.Vector == vector);
            none |= injected.IsNo ? Truth.No : injected & !v.Has(feature);
        }

        return none;
    }

    private static bool IsNoExceptionYet(EventInfo injected) => injected.Type == EventType.Exception && NotAnException(injected.Vector);

    private static bool IsOfLegacyModes(EventInfo injected) => injected is { Type: EventType.Exception, Vector: ExceptionVector.OF or ExceptionVector.BR };

    private static bool NotAnException(byte vector) =>
        vector is ExceptionVector.Nmi or > 31 || ExceptionVector.All[vector].Name is null;

    // L1's own failed VMRUN: EXITINTINFO must not be made from the rejected EVENTINJ. An old value may be left standing.
    private static void NothingDelivered(in Step s)
    {
        EventInfo injected = s.Vcpu.Vmcb12.EventInj;
        if (injected.Valid && injected != s.Vcpu.LastReflectedIntInfo && (s.Seen.HasVmenter || s.Vcpu.FirstExitPending))
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Invalid)).Allow(IsNot(ComparedField.ReflectedIntInfo, injected.Raw, Low32));
        }
    }

    private static void NotRefusedFor(in Step s, params ReadOnlySpan<string> words)
    {
        if (s.FailedChecks.Names(words))
        {
            s.Expect().Allow(HappensNot(ComparedField.VmrunChecksFailed));
        }
    }

    private static void ResumesBehindVmrun(in Step s)
    {
        if (!s.HasExit || s.Code != SvmExitCode.Vmrun || s.Level != GuestLevel.L1)
        {
            return;
        }

        // 0f 01 d8, and prefixes that change nothing.
        int length = s.Seen.Instruction.Code == SvmExitCode.Vmrun ? s.Seen.Instruction.Length : 0;
        Expecting expecting = s.Expect();
        for (int i = length == 0 ? 3 : length; i <= (length == 0 ? 6 : length); i++)
        {
            expecting.Allow(Is(ComparedField.EntryRip, unchecked(s.Exit.Rip + (ulong)i)));
        }
    }

    /// <summary>A condition that holds only if something unseen is as it supposes; asked where the certain condition is not known.</summary>
    /// <param name="Assumed">What it supposes.</param>
    /// <param name="Illegal">The condition.</param>
    private sealed record Supposition(Evidence Assumed, VmrunGuard Illegal);
}
