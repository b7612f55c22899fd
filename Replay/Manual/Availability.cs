using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Replay.Manual.InstructionConditions;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group A: which SVM instructions exist, and which exception comes first (APM2 15.4, 15.9 table 15-7).</summary>
internal static class Availability
{
    private const ulong UD = ExceptionVector.UD, GP = ExceptionVector.GP, EntryL2 = 2;

    private static readonly SvmExitCode UdExit = SvmExitCode.OfException(ExceptionVector.UD);

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.4-SVME-UD-VMRUN", "15.4, 15.5.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "VMRUN with EFER.SVME=0 (or not in protected mode) raises #UD.",
                "kvm_exit reason 0x80 at L1 and SVME=0 (last MSR write to C0000080).",
                "Next event kvm_inj_exception vector 6, same RIP at kvm_entry; violation = kvm_nested_vmenter/kvm_nested_vmenter_failed " +
                    "or RIP advanced.") { Rank = 10, Kvm = KvmFunctions.By("nested_svm_check_permissions") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), UdWithoutSvme)
        {
            Raises = new(ExceptionVector.UD, IsNotEnabled, SvmExitCode.Vmrun),
        },
        new(new("SVM-15.4-SVME-UD-VMLOAD", "15.4, 15.5.2", RuleScope.Emulation, Visibility.Partly, Confidence.Certain, Severity.High,
                "VMLOAD with SVME=0 raises #UD.",
                "kvm_exit 0x82 at L1 with SVME=0; with vls=1 and no intercept there is NO exit at all.",
                "kvm_inj_exception #UD, RIP unchanged.") { Rank = 20, Kvm = KvmFunctions.By("vmload_vmsave_interception", "svm_recalc_instruction_intercepts") },
            Situation.SvmInstruction | Situation.SvmMsr, Codes.Of(SvmExitCode.Vmload), static (in Step s) =>
        {
            UdWithoutSvme(s);
            BlindWithoutSvme(s, s.Vcpu.VmloadExits, Evidence.VirtualVmload, SvmExitCode.Vmload);
        })
        {
            Raises = new(ExceptionVector.UD, IsNotEnabled, SvmExitCode.Vmload),
        },
        new(new("SVM-15.4-SVME-UD-VMSAVE", "15.4, 15.5.2", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.High,
                "VMSAVE with SVME=0 raises #UD.",
                "kvm_exit 0x83 at L1 with SVME=0; invisible under vls.",
                "kvm_inj_exception #UD, RIP unchanged.") { Rank = 30, Kvm = KvmFunctions.By("vmload_vmsave_interception", "svm_recalc_instruction_intercepts") },
            Situation.SvmInstruction | Situation.SvmMsr, Codes.Of(SvmExitCode.Vmsave), static (in Step s) =>
        {
            UdWithoutSvme(s);
            BlindWithoutSvme(s, s.Vcpu.VmloadExits, Evidence.VirtualVmload, SvmExitCode.Vmsave);
        })
        {
            Raises = new(ExceptionVector.UD, IsNotEnabled, SvmExitCode.Vmsave),
        },
        new(new("SVM-15.4-SVME-UD-CLGI", "15.4", RuleScope.Emulation, Visibility.Partly, Confidence.Certain, Severity.High,
                "CLGI with SVME=0 raises #UD.",
                "kvm_exit 0x85 at L1 with SVME=0; invisible under vgif=1 before 460c7eb2e759.",
                "kvm_inj_exception #UD.") { Rank = 40, Kvm = KvmFunctions.By("clgi_interception") },
            Situation.SvmInstruction | Situation.SvmMsr | Situation.StatesRecorded, Codes.Of(SvmExitCode.Clgi), static (in Step s) =>
        {
            if (s.HasExit && s.Code == SvmExitCode.Clgi)
            {
                UdWithoutSvme(s);
            }

            StateRules.GifStaysWithoutSvme(s, set: false);
            BlindWithoutSvme(s, s.Vcpu.GifInstructionsExit, Evidence.VirtualGif, SvmExitCode.Clgi);
        })
        {
            Raises = new(ExceptionVector.UD, IsNotEnabled, SvmExitCode.Clgi),
        },
        new(new("SVM-15.4-SVME-UD-INVLPGA", "15.4", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "INVLPGA with SVME=0 raises #UD.",
                "kvm_exit 0x7a at L1 with SVME=0.",
                "kvm_inj_exception #UD and no kvm_invlpga event; violation = kvm_invlpga emitted and RIP advanced.") { Rank = 50, Kvm = KvmFunctions.By("invlpga_interception") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Invlpga), UdWithoutSvme)
        {
            Raises = new(ExceptionVector.UD, IsNotEnabled, SvmExitCode.Invlpga),
        },
        new(new("SVM-15.4-SVME-UD-VMMCALL", "15.4, 15.18", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Info,
                "VMMCALL with SVME=0 raises #UD.",
                "kvm_exit 0x81 at L1 with SVME=0.",
                "kvm_inj_exception #UD. KVM departs by ABI design: VMMCALL from L1 is KVM's hypercall and never faults (kvm_hypercall / " +
                    "kvm_hv_hypercall follows).") { Rank = 60, Kvm = KvmFunctions.By("vmmcall_interception", "kvm_emulate_hypercall") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmmcall), UdWithoutSvme),
        new(new("SVM-15.4-STGI-SKINIT-AVAIL", "15.4, 15.31", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "STGI and SKINIT are usable if SVME=1 OR CPUID 8000_0001 ECX[SKINIT]=1 (and per §15.31 if SVML=1); only otherwise #UD.",
                "kvm_exit 0x84/0x86 with SVME=0; SKINIT/SVML bits from a kvm_cpuid event for 0x80000001 / 0x8000000A.",
                "#UD if both feature bits are 0; no #UD if either is 1.") { Rank = 70, Kvm = KvmFunctions.By("stgi_interception", "skinit_interception") },
            Situation.SvmInstruction | Situation.SvmMsr | Situation.StatesRecorded, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Skinit), StgiOrSkinitWithoutSvme)
        {
            Raises = new(ExceptionVector.UD, IsNotEnabledNorUnlocked, SvmExitCode.Stgi, SvmExitCode.Skinit),
        },
        new(new("SVM-15.5-VMRUN-CPL", "15.5.1, table 15-7", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Medium,
                "VMRUN at CPL>0 raises #GP(0) and this is checked before the VMRUN intercept.",
                "kvm_exit 0x80 must never be seen for CPL>0; CPL is not traced.",
                "If kvm_exit 0x4d (#GP intercepted) then kvm_inj_exception #GP(0).") { Rank = 80, Kvm = KvmFunctions.By("nested_svm_check_permissions") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), ExceptionsFirst.GpBeforeExit)
        {
            Raises = new(ExceptionVector.GP, IsUnprivileged, SvmExitCode.Vmrun),
        },
        new(new("SVM-15.5-VMLOADSAVE-CPL", "15.5.2, table 15-7", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Medium,
                "VMLOAD/VMSAVE at CPL>0 raise #GP(0), ahead of the intercept.",
                "As VMRUN-CPL for 0x82/0x83.",
                "kvm_inj_exception #GP err 0.") { Rank = 90, Kvm = KvmFunctions.By("vmload_vmsave_interception") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmload, SvmExitCode.Vmsave), ExceptionsFirst.GpBeforeExit)
        {
            Raises = new(ExceptionVector.GP, IsUnprivileged, SvmExitCode.Vmload, SvmExitCode.Vmsave),
        },
        new(new("SVM-15.9-GIF-CPL", "table 15-7", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "STGI/CLGI/SKINIT/INVLPGA check #GP (CPL>0) before their intercept.",
                "kvm_exit 0x84,0x85,0x86,0x7a; CPL not traced.",
                "#GP never follows such an exit because hardware faulted first.") { Rank = 100, Kvm = KvmFunctions.By("nested_svm_check_permissions") },
            Situation.SvmInstruction,
            Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi, SvmExitCode.Skinit, SvmExitCode.Invlpga), ExceptionsFirst.NoGpAfterExit)
        {
            Raises = new(ExceptionVector.GP, IsUnprivileged, SvmExitCode.Stgi, SvmExitCode.Clgi, SvmExitCode.Skinit, SvmExitCode.Invlpga),
        },
        new(new("SVM-15.4-UD-OVER-GP", "15.4, 15.5.1", RuleScope.Emulation, Visibility.Partly, Confidence.Certain, Severity.Low,
                "When both apply, #UD (SVME=0) has priority over #GP (CPL>0, bad RAX).",
                "kvm_exit 0x4d with kvm_emulate_insn bytes 0f 01 d8/da/db..de while SVME=0.",
                "kvm_inj_exception #UD rather than #GP. KVM leaves it open when #GP is not intercepted.") { Rank = 110, Kvm = KvmFunctions.By("gp_interception", "svm_recalc_instruction_intercepts", "x86_emulate_insn") },
            Situation.L1Exception, Codes.OfExceptions(ExceptionVector.GP), UdOverGp),
        new(new("SVM-15.5-VMRUN-RAX-ALIGN", "15.5.1, volume 3 VMRUN", RuleScope.Emulation, Visibility.Partly, Confidence.Certain, Severity.High,
                "VMRUN/VMLOAD/VMSAVE raise #GP(0) when rAX is not 4K aligned or exceeds the supported physical address width.",
                "kvm_nested_vmenter.vmcb gives rAX for VMRUN; for VMLOAD/VMSAVE rAX is not traced.",
                "kvm_nested_vmenter.vmcb[11:0]=0 and kvm_nested_vmenter.vmcb < 2^MAXPHYADDR; otherwise kvm_inj_exception #GP expected.") { Rank = 120, Kvm = KvmFunctions.By("page_address_valid", "nested_svm_vmrun", "vmload_vmsave_interception") },
            Situation.VmrunEntered, VmcbAddressLegal)
        {
            Raises = new(ExceptionVector.GP, IsNoLegalPage, SvmExitCode.Vmrun, SvmExitCode.Vmload, SvmExitCode.Vmsave) { BehindIntercept = true },
        },
        new(new("SVM-15.5-VMRUN-MAPFAIL-GP", "volume 3 VMRUN; KVM policy", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "A VMRUN whose VMCB cannot be accessed must not silently complete: an exception or emulation failure must follow.",
                "kvm_exit 0x80 with no kvm_nested_vmenter and no kvm_nested_vmenter_failed.",
                "kvm_inj_exception #GP (<= 6.x) or kvm_userspace_exit internal error (7.1); violation = kvm_entry at same RIP repeating " +
                    "the VMRUN exit (livelock) or RIP advanced.") { Rank = 130, Kvm = KvmFunctions.By("nested_svm_vmrun") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), VmrunDoesSomething),
        new(new("SVM-15.5-VMRUN-SMM", "15.5", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "VMRUN inside SMM is not supported (undefined); KVM chooses #UD.",
                "kvm_smm_transition enter without leave, then kvm_exit 0x80.",
                "kvm_inj_exception #UD.") { Rank = 140, Kvm = KvmFunctions.By("nested_svm_vmrun") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmrun), static (in Step s) =>
        {
            if (s.Vcpu.InSmm.IsYes)
            {
                s.Expect().Allow(Is(ComparedField.Exception, UD));
            }
        })
        {
            Raises = new(ExceptionVector.UD, static i => i.InSmm, SvmExitCode.Vmrun),
        },
        new(new("SVM-15.30.4-HSAVE-SET", "15.30.4", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Low,
                "VMM must program VM_HSAVE_PA before the first VMRUN; hardware-derived KVM behaviour is #GP when it is 0.",
                "No kvm_msr write C0010117 before kvm_exit 0x80.",
                "kvm_inj_exception #GP(0) if value is 0.") { Rank = 150, Kvm = KvmFunctions.By("nested_svm_vmrun") },
            Situation.VmrunEntered, static (in Step s) =>
        {
            Truth unset = ByVmrun(s) ? IsHsavePaUnset(s.Vcpu.Instruction.Afresh()) : Truth.No;
            if (unset.IsYes)
            {
                s.Assuming(Evidence.HsavePa).Allow(HappensNot(ComparedField.VmrunsEntered));
            }
            else
            {
                s.When(unset, Evidence.HsavePa);
            }
        })
        {
            Raises = new(ExceptionVector.GP, IsHsavePaUnset, SvmExitCode.Vmrun) { BehindIntercept = true },
        },
        new(new("SVM-15.30.4-HSAVE-GP", "15.30.4", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "WRMSR VM_HSAVE_PA faults with #GP if any of bits 11:0 is set or address >= max physical address.",
                "kvm_msr write ecx=C0010117 data[11:0]!=0 or data>=2^MAXPHYADDR.",
                "kvm_msr exception flag =1 then kvm_inj_exception #GP.") { Rank = 160, Kvm = KvmFunctions.By("svm_set_msr") },
            Situation.SvmMsr, HsaveLegal)
        {
            Raises = RaisedException.ByWrite(HsavePa.Index, IsNoLegalPage),
        },
        new(new("SVM-15.30.1-VMCR-SVMDIS-GP", "15.30.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "Setting VM_CR.SVMDIS while SVME=1 raises #GP regardless of LOCK.",
                "kvm_msr write C0010114 bit4=1 with SVME=1.",
                "Exception flag =1.") { Rank = 170, Kvm = KvmFunctions.By("svm_set_vm_cr") },
            Situation.SvmMsr, static (in Step s) =>
        {
            if (Writes(s, VmCr.Index))
            {
                s.WhenRaised(DisablesEnabledSvm, Bits64.Of(s.Seen.Msr.Value)).Allow(Is(ComparedField.MsrFaulted, 1));
            }
        })
        {
            Raises = RaisedException.ByWrite(VmCr.Index, DisablesEnabledSvm),
        },
        new(new("SVM-15.30.1-VMCR-LOCK", "15.30.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "With VM_CR.LOCK=1 writes to LOCK and SVMDIS are silently ignored.",
                "kvm_msr write C0010114 then later kvm_msr read of it.",
                "Read value keeps LOCK/SVMDIS.") { Rank = 180, Kvm = KvmFunctions.By("svm_set_vm_cr") },
            Situation.SvmMsr, static (in Step s) =>
        {
            if (!s.Seen.Msr.Write && s.Seen.Msr.Index == VmCr.Index && s.Vcpu.VmCr[VmCr.Lock].IsYes)
            {
                s.Expect().Allow(Is(ComparedField.MsrValue, s.Vcpu.VmCr.Value, VmCr.Lockable & s.Vcpu.VmCr.Known));
            }
        }),
        new(new("SVM-15.30.1-VMCR-MBZ", "15.30.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "VM_CR bits 63:5 are MBZ: writing 1 raises #GP.",
                "kvm_msr write C0010114 data>>5 != 0.",
                "Exception flag =1.") { Rank = 190, Kvm = KvmFunctions.By("svm_set_vm_cr") },
            Situation.SvmMsr, static (in Step s) =>
        {
            if (Writes(s, VmCr.Index))
            {
                s.WhenRaised(SetsReservedOfVmCr, Bits64.Of(s.Seen.Msr.Value)).Allow(Is(ComparedField.MsrFaulted, 1));
            }
        })
        {
            Raises = RaisedException.ByWrite(VmCr.Index, SetsReservedOfVmCr),
        },
        new(new("SVM-15.30.1-SVMDIS-EFER", "15.30.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "With SVMDIS=1, EFER.SVME is MBZ: WRMSR EFER setting it raises #GP.",
                "VM_CR.SVMDIS=1 tracked, kvm_msr write C0000080 bit12=1.",
                "Exception flag =1.") { Rank = 200, Kvm = KvmFunctions.By("svm_set_vm_cr", "kvm_valid_efer") },
            Situation.SvmMsr, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L1 && Writes(s, Efer.Index))
            {
                s.WhenRaised(EnablesDisabledSvm, Bits64.Of(s.Seen.Msr.Value)).Allow(Is(ComparedField.MsrFaulted, 1));
            }
        })
        {
            Raises = RaisedException.ByWrite(Efer.Index, EnablesDisabledSvm),
        },
        new(new("SVM-15.9-VMMCALL-NOCPL", "15.18", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Info,
                "VMMCALL performs no CPL check.",
                "kvm_exit 0x81.",
                "No #GP(0) attributable to CPL; KVM hypercalls from CPL>0 return -EPERM in rAX, not a fault.") { Rank = 210, Kvm = KvmFunctions.By("kvm_emulate_hypercall") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Vmmcall), ExceptionsFirst.NoGpAfterExit),
        new(new("SVM-15.18-VMMCALL-UNINT-UD", "15.18, table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "In a guest whose hypervisor does not intercept VMMCALL, VMMCALL raises #UD.",
                "L2 active, kvm_nested_intercepts.word4 bit1=0, kvm_nested_vmexit 0x81 (or kvm_nested_vmexit 0x46 with kvm_emulate_insn " +
                    "0f 01 d9).",
                "kvm_inj_exception #UD into L2 (or kvm_nested_vmexit_inject 0x46 if L1 intercepts #UD); violation = " +
                    "kvm_hypercall/kvm_hv_hypercall at L2, or repeated kvm_emulate_insn of the same bytes.") { Rank = 220, Kvm = KvmFunctions.By("vmmcall_interception") },
            Situation.L2Exit,
            static code => code == SvmExitCode.Vmmcall || code == UdExit, VmmcallNotIntercepted),
        new(new("SVM-15.9-VMMCALL-PRIO", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "The VMMCALL intercept takes priority over exceptions.",
                "L2, kvm_nested_intercepts.word4 bit1=1, kvm_nested_vmexit 0x81.",
                "kvm_nested_vmexit_inject 0x81, no kvm_inj_exception in between.") { Rank = 230, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Vmmcall), static (in Step s) =>
        {
            if (!s.Seen.MayFlushForHyperv)
            {
                ReflectedIfIntercepted(s);
            }
        }),
        new(new("SVM-15.9-RDPRU-EXC", "table 15-7", RuleScope.Composition | RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "RDPRU checks all exceptions before its intercept; if the feature is absent the result is #UD not an exit.",
                "kvm_exit/kvm_nested_vmexit 0x8e; feature from kvm_cpuid 80000008 EBX[4].",
                "KVM: L1 RDPRU -> kvm_inj_exception #UD; L2: kvm_nested_vmexit_inject 0x8e only if the feature is exposed and " +
                    "kvm_nested_intercepts.word4 bit14=1.") { Rank = 240, Kvm = KvmFunctions.By("kvm_handle_invalid_op", "nested_svm_sanitize_intercept") },
            Situation.L1Rare | Situation.L2Exit, Codes.Of(SvmExitCode.Rdpru), static (in Step s) =>
            s.When(!s.Vcpu.Profile.Has(CpuFeature.Rdpru), Evidence.GuestCpuid)
                .Allow(Is(ComparedField.Exception, UD)).Allow(Is(ComparedField.ReflectedCode, UdExit.Value))),
        new(new("SVM-15.9-XSETBV-PRIO", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "XSETBV checks the intercept before #GP. (KVM source adds: #UD for CR4.OSXSAVE=0 precedes it.).",
                "L2, kvm_nested_intercepts.word4 bit13=1, kvm_nested_vmexit 0x8d.",
                "kvm_nested_vmexit_inject 0x8d; violation = kvm_inj_exception #GP first.") { Rank = 250, Kvm = KvmFunctions.By("svm_check_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Xsetbv), ReflectedIfIntercepted),
        new(new("SVM-15.9-UNSUPPORTED-INSN", "table 15-7 (checks exceptions first)", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Low,
                "An intercept of an instruction the virtual CPU does not implement (RDTSCP, SKINIT, XSETBV, RDPRU, INVPCID) must yield " +
                    "#UD, not the exit code.",
                "kvm_nested_vmexit_inject 0x87/0x86/0x8d/0x8e/0xa2 with the CPUID feature known absent.",
                "kvm_nested_vmexit_inject 0x46 or kvm_inj_exception #UD instead.") { Rank = 260, Kvm = KvmFunctions.By("__nested_copy_vmcb_control_to_cache") },
            Situation.L2Exit,
            Codes.Of(SvmExitCode.Rdtscp, SvmExitCode.Xsetbv, SvmExitCode.Rdpru, SvmExitCode.Invpcid), UnsupportedInstruction),
        new(new("SVM-15.9-MONITOR-PRIO", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Low,
                "MONITOR/MONITORX check all exceptions before the intercept.",
                "L2, kvm_nested_vmexit 0x8a.",
                "kvm_nested_vmexit_inject 0x8a iff kvm_nested_intercepts.word4 bit10; no fault may be injected for the same RIP.") { Rank = 270, Kvm = KvmFunctions.By("svm_check_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Monitor), OwnedByBit),
        new(new("SVM-15.9-MWAIT-COND-PRIO", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Weak, Severity.Low,
                "With both MWAIT intercepts active, the conditional one (0x8c, monitor armed) is reported in preference to 0x8b.",
                "kvm_nested_intercepts.word4 bits 11 and 12 both set; kvm_nested_vmexit_inject 0x8b or 0x8c.",
                "0x8c when armed; armed state is not traced.") { Rank = 280, Kvm = KvmFunctions.Absent },
            Situation.L2Exit, Codes.Of(SvmExitCode.Mwait), MwaitConditional),
        new(new("SVM-15.9-INVLPGB-PRIO", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "INVLPGB and INVPCID intercepts beat every exception except #GP for CPL!=0; TLBSYNC checks #GP first.",
                "kvm_nested_vmexit 0xa0/0xa1/0xa2/0xa4.",
                "kvm_nested_vmexit_inject with same code iff kvm_nested_intercepts.word5 bits 0/1/2/4.") { Rank = 290, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit,
            Codes.Of(SvmExitCode.Invlpgb, SvmExitCode.IllegalInvlpgb, SvmExitCode.Invpcid, SvmExitCode.Tlbsync), OwnedByBit),
        new(new("SVM-15.9-RSM-PRIO", "table 15-7", RuleScope.Composition | RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "RSM intercept takes priority over all exceptions (so even RSM outside SMM exits).",
                "L2, kvm_nested_intercepts.word3 bit19=1, kvm_emulate_insn bytes 0f aa or kvm_nested_vmexit 0x73.",
                "kvm_nested_vmexit_inject 0x73; not intercepted and not in SMM -> #UD.") { Rank = 300, Kvm = KvmFunctions.By("rsm_interception") },
            Situation.L1Rare | Situation.L2Exit, Codes.Of(SvmExitCode.Rsm), RsmIntercept),
        new(new("SVM-15.9-PUSHF-POPF-IRET-PRIO", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "PUSHF, POPF, IRET and INTn intercepts take priority over any exception.",
                "L2 with kvm_nested_intercepts.word3 bits 16/17/20/21; kvm_nested_vmexit 0x70/71/74/75.",
                "kvm_nested_vmexit_inject same code; no kvm_inj_exception for that RIP first.") { Rank = 310, Kvm = KvmFunctions.By("svm_check_intercept") },
            Situation.L2Exit,
            Codes.Of(SvmExitCode.Pushf, SvmExitCode.Popf, SvmExitCode.Iret, SvmExitCode.SwInt), ReflectedIfIntercepted),
        new(new("SVM-15.9-CR-EXC-FIRST", "table 15-7", RuleScope.Composition | RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Info,
                "MOV CRn checks non-memory exceptions (CPL, illegal bit combinations) before the intercept.",
                "kvm_exit/kvm_nested_vmexit 0x10..0x1f.",
                "An kvm_inj_exception #GP following kvm_exit write_cr0/cr4 for an illegal value is wrong-side: hardware would have " +
                    "faulted before exiting.") { Rank = 320, Kvm = KvmFunctions.By("cr_interception") },
            Situation.L1Rare | Situation.L2Exit, Codes.Between(SvmExitCode.CrRead, SvmExitCode.LastCrWrite), ExceptionsFirst.ControlRegisterLegal),
        new(new("SVM-15.9-DR-EXC-FIRST", "table 15-7", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "MOV DRn: all exceptions (#GP CPL, #UD DR4/5 with CR4.DE, #DB GD) precede the intercept.",
                "kvm_nested_vmexit 0x20..0x3f.",
                "kvm_nested_vmexit_inject same code iff L1 DR intercept (word1 NOT traced).") { Rank = 330, Kvm = KvmFunctions.By("dr_interception") },
            Situation.L2Exit, Codes.Between(SvmExitCode.DrRead, SvmExitCode.LastDrWrite), static (in Step s) =>
            s.When(s.Intercepted(s.Code), Evidence.DrIntercepts).Allow(Is(ComparedField.ReflectedCode, s.Code.Value))),
        new(new("SVM-15.9-RDTSC-PMC-EXC-FIRST", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Low,
                "RDTSC, RDTSCP, RDPMC, HLT, INVD, WBINVD, INVLPG check their exceptions before the intercept.",
                "kvm_nested_vmexit 0x6e,0x87,0x6f,0x78,0x76,0x89,0x79.",
                "kvm_nested_vmexit_inject same code iff bit set; KVM-injected #GP/#UD after such an kvm_nested_vmexit is suspicious.") { Rank = 340, Kvm = KvmFunctions.By("svm_check_intercept") },
            Situation.L1Rare | Situation.L2Exit,
            Codes.Of(SvmExitCode.Rdtsc, SvmExitCode.Hlt, SvmExitCode.Invd, SvmExitCode.Wbinvd, SvmExitCode.Invlpg), ExceptionsFirst.LegalAtExit),
        new(new("SVM-15.9-LIDT-PRIO", "table 15-7", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Low,
                "LIDT/SIDT/LGDT/SGDT/LLDT/SLDT/LTR/STR: intercept after #UD/#GP, before memory access.",
                "kvm_nested_intercepts.word3 bits 6..13; kvm_nested_vmexit or kvm_emulate_insn of 0f 00 / 0f 01 forms.",
                "kvm_nested_vmexit_inject 0x66..0x6d; a #PF/NPF for the operand before kvm_nested_vmexit_inject is a violation.") { Rank = 350, Kvm = KvmFunctions.By("svm_check_intercept") },
            Situation.L2Exit, Codes.Between(SvmExitCode.IdtrRead, SvmExitCode.TrWrite), ReflectedIfIntercepted),
        new(new("SVM-15.11-MSR-PRIO", "15.11", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Medium,
                "RDMSR/WRMSR order: common exceptions (CPL), then MSRPM intercept, then MSR-specific exceptions.",
                "L2 kvm_nested_vmexit 0x7c and kvm_msr with exception flag.",
                "If L1's MSRPM bit is set, kvm_nested_vmexit_inject 0x7c must appear and no kvm_msr #GP; MSRPM content not traced.") { Rank = 360, Kvm = KvmFunctions.By("nested_svm_exit_handled_msr") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Msr), MsrOwner),
        new(new("SVM-15.10-IOIO-PRIO", "15.10.2", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Low,
                "VM86/IOPL/TSS-bitmap exceptions precede the IOIO intercept; all others follow it.",
                "kvm_nested_vmexit 0x7b.",
                "kvm_nested_vmexit_inject 0x7b before any #PF/NPF of a string operand.") { Rank = 370, Kvm = KvmFunctions.By("check_perm_in", "check_perm_out") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Ioio), static (in Step s) =>
            s.When(s.Intercepted(s.Code) & s.Vcpu.PortIntercepted, Evidence.IoPermissionMap).Allow(Is(ComparedField.ReflectedCode, s.Code.Value))),
        new(new("SVM-15.9-BREAKPOINT-FIRST", "15.7", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "Instruction breakpoints of this instruction and pending data-breakpoint traps of the previous one are checked before " +
                    "instruction intercepts.",
                "DR7 not traced.",
                "kvm_inj_exception/kvm_nested_vmexit_inject #DB precedes the instruction exit.") { Rank = 380, Kvm = KvmFunctions.By("kvm_vcpu_check_code_breakpoint") },
            Situation.L2Exit, Codes.ByBit, static (in Step s) =>
        {
            if (s.Vcpu.BreakpointAtRip.IsYes)
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor();
            }
        }),
        new(new("SVM-15.35.6-VMGEXIT-NONES", "15.35.6", RuleScope.Emulation | RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "VMGEXIT outside an SEV-ES guest behaves exactly as VMMCALL.",
                "kvm_emulate_insn bytes f3/f2 0f 01 d9 or kvm_exit 0x81.",
                "Apply the VMMCALL rules; kvm_exit 0x403 may only appear for SEV-ES VMs (kvm_vmgexit_enter).") { Rank = 390, Kvm = KvmFunctions.By("sev_handle_vmgexit") },
            Situation.L1Rare, Codes.Of(SvmExitCode.Vmgexit), static (in Step s) =>
            s.When(!s.Vcpu.SevEs, Evidence.GuestCpuid).Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor()),
        new(new("SVM-15.27-SKINIT-ABSENT", "15.4, 15.27", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Info,
                "SKINIT with neither SVME nor SKINIT feature raises #UD; KVM never implements it and raises #UD always.",
                "kvm_exit 0x86 + kvm_skinit.",
                "kvm_inj_exception #UD, RIP unchanged.") { Rank = 400, Kvm = KvmFunctions.By("skinit_interception") },
            Situation.SvmInstruction, Codes.Of(SvmExitCode.Skinit), SkinitAbsent),
        new(new("SVM-15.4-SVME-NO-NESTED", "15.4, 15.5.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "While the guest's EFER.SVME is 0 no nested run may start or end: nested state is gone.",
                "kvm_msr write of C0000080 with bit 12 clear (no #GP flagged in kvm_msr.exception) followed by " +
                    "kvm_nested_vmenter/kvm_nested_intercepts/kvm_nested_vmexit_inject/kvm_invlpga on the same vCPU thread before the next " +
                    "write with bit 12 set.",
                "Violation = any of those events in the window.") { Rank = 410, Kvm = KvmFunctions.By("svm_set_efer", "svm_leave_nested", "svm_free_nested", "nested_svm_check_permissions") },
            Situation.NestedWithoutSvme, static (in Step s) => s.Expect().Allow(
            HappensNot(ComparedField.VmrunsEntered), HappensNot(ComparedField.ReflectedCode), HappensNot(ComparedField.InvlpgaExecuted))),

        // An inference, not a check: Narrowing draws it.
        new(new("SVM-15.4-SVME-INFER", "15.4", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Info,
                "Inference rule, not a check: a successful kvm_nested_vmenter, STGI with vgif=0, VMLOAD/VMSAVE emulation without a " +
                    "following #UD proves SVME=1 at that instant on a correct kernel.",
                "kvm_nested_vmenter, or kvm_exit 0x82/0x83/0x84/0x85 with RIP advanced at the next kvm_entry.",
                "Sets the tracked SVME value to 1 with origin=inferred; a rule that depends on an inferred value must report at most " +
                    "C2.") { Rank = 420, Kvm = KvmFunctions.OfReading },
            Situation.None, Rule.SaysNothing),

        // Why nothing is expected of VMLOAD and VMSAVE that do exit although they could run virtualized.
        new(new("SVM-15.5-VMLOADSAVE-INTEL", "outside the APM (KVM policy)", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.Info,
                "For a vCPU model with an Intel vendor/FMS, KVM always intercepts VMLOAD/VMSAVE so that SYSENTER_ESP/EIP bits 63:32 are " +
                    "dropped; STGI/CLGI are not special.",
                "kvm_exit 0x82/0x83 with vls=1 and SVME=1; CPUID vendor known out of band.",
                "Not a departure; suppress VLS-based expectations for such guests.") { Rank = 430, Kvm = KvmFunctions.By("svm_recalc_instruction_intercepts", "guest_cpuid_is_intel_compatible") },
            Situation.None, Rule.SaysNothing),
        new(new("SVM-15.17-GIF-SVME", "15.17 (no text makes SVME change GIF)", RuleScope.Emulation, Visibility.NotTraced, Confidence.Weak, Severity.Low,
                "Clearing EFER.SVME does not by itself change GIF.",
                "Needs a probe on svm_set_gif / vmcb01 int_ctl; only the side effect (kvm_inj_virq right after an EFER write while GIF " +
                    "was 0) is visible.",
                "No kvm_inj_virq/NMI injection enabled only by SVME 1->0.") { Rank = 440, Kvm = KvmFunctions.By("svm_set_efer") },
            Situation.SvmMsr, static (in Step s) =>
        {
            if (ClearsSvme(s) && s.Vcpu.Gif.IsNo)
            {
                s.Expect().Allow(HappensNot(ComparedField.NewInterrupt));
            }

            if (s.Seen.HasStates)
            {
                StateRules.GifSurvivesSvme(s);
            }
        }),
    ];

    // When an instruction of SVM does not exist for want of what enables it.
    private static readonly Dictionary<SvmExitCode, InstructionGuard> Undefined = Rows
        .Where(static row => row.Raises is { Vector: ExceptionVector.UD })
        .SelectMany(static row => row.Raises!.Of, static (row, code) => (Code: code, row.Raises!.When))
        .DistinctBy(static one => one.Code).ToDictionary(static one => one.Code, static one => one.When);

    /// <summary>Whether an exit is for an instruction that SVM defines.</summary>
    public static bool IsSvmInstruction(SvmExitCode code) =>
        code == SvmExitCode.Invlpga || (code.Value >= SvmExitCode.Vmrun.Value && code.Value <= SvmExitCode.Skinit.Value);

    /// <summary>Whether an MSR belongs to SVM.</summary>
    public static bool IsSvmMsr(uint index) => index is Efer.Index or VmCr.Index or HsavePa.Index;

    private static bool Bit(ulong value, int bit) => ((value >> bit) & 1) != 0;

    private static bool Writes(in Step s, uint msr) => s.Seen.HasMsr && s.Seen.Msr.Write && s.Seen.Msr.Index == msr;

    private static bool ClearsSvme(in Step s) =>
        s.Level == GuestLevel.L1 && Writes(s, Efer.Index) && !Bit(s.Seen.Msr.Value, Efer.SVME) && s.Vcpu.Svme.IsYes;

    private static bool ByVmrun(in Step s) => s.HasExit && s.Level == GuestLevel.L1 && s.Code == SvmExitCode.Vmrun;

    // Nothing else happens, RIP stays.
    private static void UdWithoutSvme(in Step s)
    {
        if (s.HasExit && IsSvmInstruction(s.Code))
        {
            s.WhenRaised(IsNotEnabled).Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
            NoUdWithSvme(s);
        }
    }

    // An instruction that exits has passed the processor's checks of mode and CPL: with EFER.SVME set by L1 there is no #UD left,
    // outside System Management Mode; without paging L0 departs in a way it documents.
    private static void NoUdWithSvme(in Step s)
    {
        Truth paging = s.Vcpu.Cr0[Cr0.PG] | Truth.Of(s.Exit.Rip > uint.MaxValue);
        bool legal = s.Level == GuestLevel.L1 && !s.Vcpu.SvmeConcluded && (s.Vcpu.Svme & !s.Vcpu.InSmm & paging).IsYes;
        if (legal && s.Code != SvmExitCode.Vmmcall && s.Code != SvmExitCode.Skinit)
        {
            s.Expect().Allow(IsNot(ComparedField.Exception, UD)).Allow(Is(ComparedField.EntryLevel, EntryL2));
        }
    }

    // Where the instruction does not exit, its #UD or its execution cannot be seen.
    // What L0 enters L1 with tells whether it exits.
    private static void BlindWithoutSvme(in Step s, Truth exits, Evidence hidden, SvmExitCode code)
    {
        if (ClearsSvme(s) && s.Seen.IsRecorded(StateMoment.L1AtEntry, VmcbField.InterceptMisc2))
        {
            StateRules.ExitsOnceEntered(s, code);
        }
        else if (ClearsSvme(s) && !exits.IsYes)
        {
            s.Undecided(hidden);
        }
    }

    private static void StgiOrSkinitWithoutSvme(in Step s)
    {
        Truth available = IsUnlocked(s.Vcpu.Instruction.Afresh());
        if (available.IsNo)
        {
            StateRules.GifStaysWithoutSvme(s, set: true);
            BlindWithoutSvme(s, s.Vcpu.GifInstructionsExit, Evidence.VirtualGif, SvmExitCode.Stgi);
        }
        else if (ClearsSvme(s) && !s.Vcpu.GifInstructionsExit.IsYes)
        {
            s.Undecided(Evidence.VirtualGif);
        }

        if (!s.HasExit || (s.Code != SvmExitCode.Stgi && s.Code != SvmExitCode.Skinit))
        {
            return;
        }

        if (!s.Vcpu.Svme.IsNo)
        {
            s.WhenRaised(IsNotEnabled);
            NoUdWithSvme(s);
        }
        else if (available.IsYes)
        {
            s.Expect().Allow(IsNot(ComparedField.Exception, UD));
        }
        else
        {
            Expecting expecting = available.IsNo ? s.Expect() : s.Assuming(Evidence.GuestCpuid);
            expecting.Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
        }
    }

    // The processor checks CPL before the intercept: an exit at CPL > 0 is its fault. The exit itself tells that CPL is 0.
    private static void UdOverGp(in Step s)
    {
        if (s.Seen.Instruction.Code is { } instruction && Undefined.TryGetValue(instruction, out InstructionGuard? undefined))
        {
            s.WhenRaised(undefined).Allow(Is(ComparedField.Exception, UD));
        }
    }

    private static void VmcbAddressLegal(in Step s)
    {
        if (ByVmrun(s))
        {
            WhenNoLegalPage(s, s.Seen.Vmenter.Vmcb12).Allow(HappensNot(ComparedField.VmrunsEntered), Is(ComparedField.Exception, GP));
        }
    }

    // The width is the one that CPUID told the guest; what refuses the address goes by the processor's.
    private static Expecting WhenNoLegalPage(in Step s, ulong address)
    {
        InstructionState state = s.Vcpu.Instruction.Afresh(Bits64.Of(address));
        Truth beyond = state.OperandIsBeyondWidth;
        return state.OperandIsNoPage.IsYes ? s.Expect() : beyond.IsYes ? s.Assuming(Evidence.GuestCpuid) : s.When(beyond, state.Missing);
    }

    private static void VmrunDoesSomething(in Step s)
    {
        // Where failed checks are not named, a refused VMRUN leaves no other sign than RIP behind it.
        s.Expect()
            .Allow(Happens(ComparedField.VmrunsEntered)).Allow(Happens(ComparedField.Exception))
            .Allow(Happens(ComparedField.ReflectedCode)).Allow(Happens(ComparedField.UserspaceReason))
            .Allow(s.Header.NamesFailedChecks ? Happens(ComparedField.VmrunChecksFailed) : IsNot(ComparedField.EntryRip, s.Exit.Rip));
    }

    private static void HsaveLegal(in Step s)
    {
        if (Writes(s, HsavePa.Index))
        {
            WhenNoLegalPage(s, s.Seen.Msr.Value).Allow(Is(ComparedField.MsrFaulted, 1));
        }
    }

    // The instruction exits by itself, or the processor raised #UD because the hypervisor let it run.
    private static void VmmcallNotIntercepted(in Step s)
    {
        bool vmmcall = s.Code == SvmExitCode.Vmmcall || (s.Code == UdExit && s.Seen.Instruction.Code == SvmExitCode.Vmmcall);
        if (!vmmcall || s.Seen.HypervFlush)
        {
            return;
        }

        Truth udIntercepted = s.Intercepted(UdExit);
        Expecting expecting = s.When(!s.Intercepted(SvmExitCode.Vmmcall), Evidence.Vmcb12Controls);
        if (!udIntercepted.IsYes)
        {
            expecting.Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
        }

        if (!udIntercepted.IsNo)
        {
            expecting.Allow(Is(ComparedField.ReflectedCode, UdExit.Value));
        }
    }

    private static void ReflectedIfIntercepted(in Step s)
    {
        if (s.Intercepted(s.Code).IsYes)
        {
            NestedReflection.AllowUnsupported(s, s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value)));
        }
    }

    private static void OwnedByBit(in Step s)
    {
        ReflectedIfIntercepted(s);
        if (s.Intercepted(s.Code).IsNo)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    private static void UnsupportedInstruction(in Step s)
    {
        if (ExitTable.Of(s.Code).Feature is { } feature)
        {
            s.When(!s.Vcpu.Profile.Has(feature), Evidence.GuestCpuid).Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    private static void MwaitConditional(in Step s)
    {
        bool both = s.Intercepted(SvmExitCode.Mwait).IsYes && s.Intercepted(SvmExitCode.MwaitConditional).IsYes;
        if (both)
        {
            s.When(s.Vcpu.MonitorArmed, Evidence.MonitorArmed).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Mwait.Value));
        }
    }

    private static void RsmIntercept(in Step s)
    {
        if (s.Level == GuestLevel.L2)
        {
            ReflectedIfIntercepted(s);
        }
        else if (s.Level == GuestLevel.L1 && s.Vcpu.InSmm.IsNo)
        {
            s.Expect().Allow(Is(ComparedField.Exception, UD));
        }
    }

    // An MSR outside the map is always intercepted; for the others the map decides, and no tracepoint carries it.
    private static void MsrOwner(in Step s)
    {
        Truth uncovered = s.Seen.HasMsr ? Truth.Of(!MsrPermissionMap.Covers(s.Seen.Msr.Index)) : Truth.Unknown;
        s.When(s.Intercepted(s.Code) & (uncovered | s.Vcpu.MsrIntercepted), Evidence.MsrPermissionMap)
            .Allow(Is(ComparedField.ReflectedCode, s.Code.Value), HappensNot(ComparedField.MsrAccessed));
    }

    private static void SkinitAbsent(in Step s)
    {
        if (s.Vcpu.Svme.IsNo)
        {
            return;
        }

        Truth present = s.Vcpu.Profile.Has(CpuFeature.Skinit);
        Expecting expecting = present.IsUnknown ? s.Assuming(Evidence.GuestCpuid) : s.Expect();
        if (present.IsYes)
        {
            expecting.Allow(IsNot(ComparedField.Exception, UD));
        }
        else
        {
            expecting.Allow(Is(ComparedField.Exception, UD), Is(ComparedField.EntryRip, s.Exit.Rip));
        }
    }
}
