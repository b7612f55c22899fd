using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group G: GIF, physical and virtual interrupts, NMI, SMI, INIT, virtual TPR (APM2 15.13, 15.17, 15.21).</summary>
internal static class InterruptControl
{
    /// <summary>V_IRQ, bit 8 of the virtual interrupt control: L1 requests a virtual interrupt.</summary>
    public const int VIrq = 8;

    private const ulong NmiEvent = EventInfo.ValidBit | ((ulong)EventType.Nmi << 8), TypeAndValid = EventInfo.ValidBit | EventInfo.TypeField;
    private const int VGif = 9, VNmi = 11, VIntrMasking = 24, VGifEnable = 25, VNmiEnable = 26, AvicEnable = 31;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.17-GIF0-INTR", "table 15-10", RuleScope.Emulation, Visibility.Partly, Confidence.Certain, Severity.High,
                "GIF=0: INTR and vINTR are held pending.",
                "GIF tracked from kvm_nested_vmexit_inject (clear), kvm_exit 0x84/0x85, kvm_nested_vmenter (set).",
                "No kvm_inj_virq at L1 while GIF=0.") { Rank = 1890, Kvm = KvmFunctions.By("svm_interrupt_blocked") },
            Situation.EventStaged, static (in Step s) =>
        {
            // "INTR is held pending": none is taken by L1 before STGI.
            Truth gif = GifAtEntry(s);
            if (gif.IsNo)
            {
                s.Expect().Allow(HappensNot(ComparedField.NewInterrupt)).Allow(Is(ComparedField.EntryLevel, 2));
            }
            else if (s.Level == GuestLevel.L1 && gif.IsUnknown && s.Vcpu.GifClearedByExit)
            {
                s.Undecided(Evidence.Gif);
            }
        }),
        new(new("SVM-15.17-GIF0-NMI", "table 15-10", RuleScope.Emulation, Visibility.Partly, Confidence.Weak, Severity.High,
                "GIF=0: NMI held pending.",
                "No tracepoint for NMI injection by KVM except absence of others; kvm_apic_accept_irq (NMI mode) shows arrival.",
                "NMI delivery only after STGI.") { Rank = 1910, Kvm = KvmFunctions.By("svm_nmi_blocked") },
            Situation.EntryShowsEvent, static (in Step s) =>
        {
            if (GifAtEntry(s).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid)).Allow(Is(ComparedField.EntryLevel, 2));
            }
        }),
        new(new("SVM-15.17-GIF0-SMI-INIT", "table 15-10", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "GIF=0: INIT and external SMI are held pending.",
                "kvm_smm_transition enter while GIF=0; INIT via kvm_apic_accept_irq mode 5.",
                "None until GIF=1.") { Rank = 1920, Kvm = KvmFunctions.By("svm_smi_blocked") },
            Situation.Smm, static (in Step s) =>
        {
            if (s.Seen.SmmEntered && GifAtEntry(s).IsNo && !s.Seen.LeftL2ForHostUse)
            {
                s.Assuming(Evidence.Gif).Allow(HappensNot(ComparedField.SmmEntered));
            }
        }),
        new(new("SVM-15.17-GIF0-DB", "table 15-10", RuleScope.Emulation, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "GIF=0: breakpoint-register #DB is discarded; TF single-step traps still work.",
                "DR7/TF not traced.",
                "No #DB of a breakpoint register while GIF=0.") { Rank = 1930, Kvm = KvmFunctions.Absent },
            Situation.EventStaged, static (in Step s) =>
        {
            if (GifAtEntry(s).IsNo && s.Seen.RaisedException == ExceptionVector.DB)
            {
                s.When(s.Vcpu.BreakpointAtRip, Evidence.DebugRegisters).Allow(IsNot(ComparedField.Exception, ExceptionVector.DB));
            }
        }),
        new(new("SVM-15.21-VINTRMASK-IF", "15.21.1", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.High,
                "V_INTR_MASKING=1: the host IF at VMRUN gates physical interrupts; guest IF gates virtual ones only.",
                "kvm_nested_vmenter.int_ctl bit24=1, kvm_nested_intercepts.word3 bit0=1, host IRQ arrives (kvm_apic_accept_irq).",
                "kvm_nested_vmexit_inject 0x60 without waiting for L2 IF/interrupt window; if L1 IF=0, no kvm_nested_vmexit_inject " +
                    "0x60.") { Rank = 1940, Kvm = KvmFunctions.By("svm_interrupt_blocked") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Intr), static (in Step s) =>
        {
            // IF of L1 as VMRUN found it; no tracepoint shows it.
            if (s.Seen.LeftL2 && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes)
            {
                s.When(!s.Vcpu.Rflags[Rflags.IF], Evidence.Rflags).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value));
            }
        }),
        new(new("SVM-15.21-NOVINTRMASK-IF", "15.21.1", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Medium,
                "V_INTR_MASKING=0: guest IF controls both physical and virtual interrupts, even with the INTR intercept set.",
                "kvm_nested_vmenter.int_ctl bit24=0, kvm_nested_intercepts.word3 bit0=1.",
                "kvm_nested_vmexit_inject 0x60 only when L2 IF=1 (kvm_nested_intr_vmexit).") { Rank = 1950, Kvm = KvmFunctions.By("svm_interrupt_blocked") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Intr), static (in Step s) =>
        {
            if (s.Seen.LeftL2 && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsNo)
            {
                // Once L2 ran, it may have changed IF.
                Truth masked = IsAsVmrunLeftIt(s) ? !s.Vcpu.Vmcb12[VmcbField.RflagsRegister][Rflags.IF] : Truth.Unknown;
                s.When(masked, Evidence.Rflags).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value));
            }
        }),
        new(new("SVM-15.21-INTR-NOINTERCEPT", "15.13.1, 15.21.4", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "INTR intercept clear: a physical interrupt for L1 is taken directly inside L2.",
                "kvm_nested_intercepts.word3 bit0=0; kvm_inj_virq while L2 active.",
                "kvm_inj_virq into L2 is right; kvm_nested_vmexit_inject 0x60 = violation.") { Rank = 1960, Kvm = KvmFunctions.By("nested_exit_on_intr") },
            Situation.LeftL2, static (in Step s) => OnlyIfIntercepted(s, SvmExitCode.Intr)),
        new(new("SVM-15.13-INTR-INTERCEPT", "15.13.1", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "INTR intercept set: the interrupt causes #VMEXIT(INTR), stays pending, and is taken by L1 later.",
                "kvm_nested_intercepts.word3 bit0=1.",
                "kvm_inj_virq while L2 active = violation; kvm_nested_vmexit_inject 0x60 info1=info2=0; later kvm_inj_virq at L1 for " +
                    "the accepted vector. intr_info of L2 with an interrupt that VMRUN did not inject, V_IRQ and AVIC off = violation.") { Rank = 1970, Kvm = KvmFunctions.By("svm_check_nested_events") },
            Situation.EventStaged | Situation.DeliveryInterrupted, static (in Step s) =>
        {
            BegunByNobody(s, EventType.Interrupt, SvmExitCode.Intr, [VIrq, AvicEnable]);

            // What VMRUN itself injects, or was being delivered already, is L2's.
            bool owed = s.Exit.Interrupted.Valid || s.Vcpu.Queued.Valid || s.Vcpu.Vmcb12.EventInj.Valid;
            if (s.Level == GuestLevel.L2 && !owed)
            {
                s.When(s.Intercepted(SvmExitCode.Intr), Evidence.Vmcb12Controls)
                    .Allow(Is(ComparedField.EntryLevel, 1)).Allow(HappensNot(ComparedField.NewInterrupt));
            }
        }),
        new(new("SVM-15.13-INTR-PRECEDED-TRACE", "KVM-internal", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "kvm_nested_intr_vmexit and kvm_nested_vmexit_inject 0x60 come in pairs.",
                "kvm_nested_intr_vmexit without kvm_nested_vmexit_inject 0x60 next.",
                "Trace-consistency check.") { Rank = 1980, Kvm = KvmFunctions.By("svm_check_nested_events") },
            Situation.LeftL2 | Situation.L2Exit | Situation.VmrunEntered, static (in Step s) =>
        {
            // It comes in the same breath; where vmcb12 cannot be written, L1 shuts down.
            if (s.Seen.Kinds.Has(KvmEventKind.NestedIntrVmexit))
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Intr.Value)).Allow(Happens(ComparedField.ShutdownReported));
            }
        }),
        new(new("SVM-15.13-NMI-INTERCEPT", "15.13.2, table 15-13", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "NMI intercept set: NMI -> kvm_nested_vmexit_inject 0x61 and stays pending; clear: taken in L2.",
                "kvm_nested_intercepts.word3 bit1; kvm_nested_vmexit_inject 0x61.",
                "kvm_nested_vmexit_inject 0x61 requires bit1=1; intr_info of L2 with an NMI that VMRUN did not inject, virtual NMIs off, requires bit1=0.") { Rank = 1990, Kvm = KvmFunctions.By("nested_exit_on_nmi") },
            Situation.LeftL2 | Situation.EntryShowsEvent | Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Level != GuestLevel.L2 || !s.HasExit)
            {
                return;
            }

            BegunByNobody(s, EventType.Nmi, SvmExitCode.Nmi, [VNmiEnable]);
            if (s.Seen.LeftL2)
            {
                OnlyIfIntercepted(s, SvmExitCode.Nmi);
            }
            bool owed = s.Exit.Interrupted.Valid || s.Vcpu.Queued.Valid || s.Vcpu.Vmcb12.EventInj.Valid;
            if (s.EntryEventInj.IsKnown && !owed && s.Intercepted(SvmExitCode.Nmi).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.EntryLevel, 1)).Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid));
            }
        }),
        new(new("SVM-15.13-SMI-INTERCEPT", "15.13.3, table 15-14", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "SMI intercept set (and HWCR.SMMLOCK clear): kvm_nested_vmexit_inject 0x62; else SMM entered from L2.",
                "kvm_nested_intercepts.word3 bit2; kvm_nested_vmexit_inject 0x62 / kvm_smm_transition.",
                "Bit2=1 -> kvm_nested_vmexit_inject 0x62 before kvm_smm_transition.") { Rank = 2000, Kvm = KvmFunctions.By("nested_exit_on_smi") },
            Situation.LeftL2 | Situation.Smm, static (in Step s) =>
        {
            OnlyIfIntercepted(s, SvmExitCode.Smi);
            if (s.Seen.SmmEntered && s.Level == GuestLevel.L2 && s.Intercepted(SvmExitCode.Smi).IsYes)
            {
                s.Assuming(Evidence.Smm).Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Smi.Value));
            }
        }),
        new(new("SVM-15.13-INIT-INTERCEPT", "15.13.4, table 15-12", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "INIT intercept: kvm_nested_vmexit_inject 0x63, INIT remains pending until GIF=1; with R_INIT redirection and no " +
                    "intercept, #SX.",
                "kvm_nested_intercepts.word3 bit3; kvm_nested_vmexit_inject 0x63.",
                "kvm_nested_vmexit_inject 0x63 requires bit3=1.") { Rank = 2010, Kvm = KvmFunctions.By("nested_exit_on_init") },
            Situation.LeftL2, static (in Step s) => OnlyIfIntercepted(s, SvmExitCode.Init)),
        new(new("SVM-15.21-VIRQ-CONDITIONS", "15.21.4", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.High,
                "Virtual interrupt is taken iff V_IRQ, V_INTR_PRIO > V_TPR (or V_IGN_TPR), guest IF=1, GIF=1 (VGIF), no shadow.",
                "kvm_nested_vmenter.int_ctl bits 8,19:16,20,3:0,9/25.",
                "With VINTR intercept: kvm_nested_vmexit_inject 0x64 only if prio>tpr or IGN_TPR.") { Rank = 2020, Kvm = KvmFunctions.OfProcessor },
            Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            // Without V_IRQ in vmcb12 the only virtual interrupt is one that L0 made up for its own window.
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIrq].IsNo)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.VIntr.Value));
            }
        }),
        new(new("SVM-15.21-VIRQ-VECTOR", "15.21.4", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.High,
                "A virtual interrupt takes its vector from V_INTR_VECTOR, without an acknowledge cycle.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "The vector in delivery is V_INTR_VECTOR.") { Rank = 2030, Kvm = KvmFunctions.By("svm_clear_vintr") },
            Situation.SvmStatesRecorded, StateRules.VirtualVector),
        new(new("SVM-15.21-PHYS-OVER-VIRT", "15.21.4", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "Physical interrupts take priority over virtual ones (directly or via #VMEXIT).",
                "kvm_nested_vmenter.int_ctl V_IRQ=1 and host IRQ pending (kvm_apic_accept_irq before kvm_entry) with both intercepts.",
                "kvm_nested_vmexit_inject 0x60 before kvm_nested_vmexit_inject 0x64.") { Rank = 2040, Kvm = KvmFunctions.By("svm_check_nested_events") },
            Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            // An interrupt that L1 or its APIC masks gives way; so does one that arrives behind the exit, or is another vCPU's.
            bool both = s.Intercepted(SvmExitCode.Intr).IsYes && s.Intercepted(SvmExitCode.VIntr).IsYes;
            if (both && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIrq].IsYes && s.Seen.Kinds.Has(KvmEventKind.ApicAcceptIrq))
            {
                s.When(s.Vcpu.Rflags[Rflags.IF].IsNo ? Truth.No : Truth.Unknown, Evidence.PendingInterrupts);
            }
        }),
        new(new("SVM-15.21-SHADOW-NOBLOCK-EXIT", "15.21.5", RuleScope.Composition, Visibility.Partly, Confidence.NotChecked, Severity.Low,
                "Interrupt shadow delays interrupts taken in the guest; an intercepted INTR exit is not blocked by it on AMD.",
                "The shadow is not traced.",
                "The exit does not wait for the shadow to end.") { Rank = 2050, Kvm = KvmFunctions.By("svm_interrupt_blocked") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Intr), static (in Step s) =>
        {
            if (s.Seen.Kinds.Has(KvmEventKind.ApicAcceptIrq) && !s.Seen.LeftL2 && s.Intercepted(SvmExitCode.Intr).IsYes)
            {
                // Whether its priority lets it through, and whose it is, is not recorded.
                Truth shadow = IsAsVmrunLeftIt(s) ? s.Vcpu.Vmcb12[VmcbField.InterruptShadow][0] : Truth.Unknown;
                s.When(shadow.IsNo ? Truth.No : Truth.Unknown, shadow.IsYes ? Evidence.PendingInterrupts : Evidence.InterruptShadow);
            }
        }),
        new(new("SVM-15.21-CR8-VTPR", "15.21.2", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "V_INTR_MASKING=1: L2 CR8 accesses only touch V_TPR, never L1's APIC TPR.",
                "kvm_cr write cr8 at L2 with kvm_nested_vmenter.int_ctl bit24=1; kvm_apic TASKPRI writes.",
                "No kvm_apic TPR change caused by L2 CR8.") { Rank = 2060, Kvm = KvmFunctions.By("nested_svm_virtualize_tpr") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(HappensNot(ComparedField.TaskPriorityWritten)).Allow(Happens(ComparedField.ReflectedCode));
            }
        }),
        new(new("SVM-15.21-CR8-BOTH", "15.21.2", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "V_INTR_MASKING=0: CR8 writes affect both APIC TPR and V_TPR.",
                "kvm_cr write cr8 at L2 with kvm_nested_vmenter.int_ctl bit24=0.",
                "L1's task priority follows.") { Rank = 2070, Kvm = KvmFunctions.By("sync_cr8_to_lapic") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsNo && s.Intercepted(s.Code).IsNo)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Happens(ComparedField.TaskPriorityWritten)).Allow(Happens(ComparedField.ReflectedCode));
            }
        }),
        new(new("SVM-15.29-VTPR-SYNC-AVIC", "15.21.2, 15.29", RuleScope.Processor, Visibility.Partly, Confidence.Weak, Severity.Medium,
                "V_TPR must track the vAPIC TPR also when AVIC is active.",
                "kvm_apic TASKPRI write then kvm_exit 0x64/pending IRQ masked wrongly.",
                "No CR8 write exits while AVIC is active.") { Rank = 2080, Kvm = KvmFunctions.By("sync_lapic_to_cr8") },
            Situation.AvicExit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.AvicActive.IsYes)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new(new("SVM-15.33-VGIF-INIT", "15.33.2", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "VMRUN with VGIF enable loads V_GIF from bit 9; saved back on #VMEXIT; bit 9 only meaningful if bit 25 set.",
                "kvm_nested_vmenter.int_ctl bits 9,25 across runs of one vmcb.",
                "Changes only via L2 STGI/CLGI or L1.") { Rank = 2090, Kvm = KvmFunctions.By("nested_vmcb02_prepare_control") },
            Situation.VmrunEntered, static (in Step s) =>
        {
            // L1 may have changed V_GIF itself in between.
            bool again = s.Vcpu.LastVmrun is { } last && last.Vmcb12 == s.Seen.Vmenter.Vmcb12
                && (last.IntCtl & s.Seen.Vmenter.IntCtl & (1u << VGifEnable)) != 0
                && ((last.IntCtl ^ s.Seen.Vmenter.IntCtl) & (1u << VGif)) != 0;
            if (again)
            {
                s.Assuming(Evidence.VirtualGif).Allow(HappensNot(ComparedField.VmrunsEntered));
            }
        }),
        new(new("SVM-15.33-VGIF-INTERCEPT", "15.33.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "STGI/CLGI intercepts still work with VGIF enabled.",
                "kvm_nested_intercepts.word4 bits 4/5=1; kvm_nested_vmexit 0x84/0x85.",
                "kvm_nested_vmexit_inject 0x84/0x85.") { Rank = 2100, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-15.33-VGIF-NOT-INTERCEPTED", "15.17, 15.33.2", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Low,
                "L1 not intercepting STGI/CLGI and not using VGIF: L2's STGI/CLGI act on the (single) GIF that also gates L1 events.",
                "kvm_nested_intercepts.word4 bits 4/5=0, kvm_nested_vmenter.int_ctl bit25=0.",
                "kvm_nested_vmexit 0x84/0x85 handled by L0, no kvm_nested_vmexit_inject.") { Rank = 2110, Kvm = KvmFunctions.Several },
            Situation.L2Exit, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo && s.Vcpu.Vmcb12[VmcbField.IntCtl][VGifEnable].IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-15.21-VNMI-MASK", "15.21.10", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "V_NMI_MASK set when the vNMI is recognised, cleared by IRET; exit during delivery leaves it 0 with EXITINTINFO set.",
                "kvm_nested_vmenter.int_ctl bits 11,12,26.",
                "Bit11 1->0 after delivery; bit12 consistent.") { Rank = 2120, Kvm = KvmFunctions.By("svm_is_vnmi_pending") },
            Situation.VmrunEntered, static (in Step s) =>
        {
            // L1 may have made another NMI pending, or cleared the mask.
            bool changed = s.Vcpu.LastVmrun is { } last && last.Vmcb12 == s.Seen.Vmenter.Vmcb12
                && (last.IntCtl & s.Seen.Vmenter.IntCtl & (1u << VNmiEnable)) != 0 && (last.IntCtl & (1u << VNmi)) != 0;
            if (changed)
            {
                s.Undecided(Evidence.VmcbControlArea);
            }
        }),
        new(new("SVM-15.21-VNMI-PHYS-ONLY", "15.21.10", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "With vNMI on, the NMI intercept applies to physical NMIs only.",
                "kvm_nested_vmenter.int_ctl bit26=1,bit11=1; kvm_nested_vmexit_inject 0x61 with no physical NMI accepted.",
                "A violation.") { Rank = 2130, Kvm = KvmFunctions.Several },
            Situation.LeftL2, static (in Step s) =>
        {
            Bits64 control = s.Vcpu.Vmcb12[VmcbField.IntCtl];
            bool physical = s.HasExit && s.Code == SvmExitCode.Nmi;
            if ((control[VNmiEnable] & control[VNmi]).IsYes && !physical && !s.Vcpu.Profile.Has(CpuFeature.VNmi).IsNo)
            {
                // A physical NMI may have waited since before the VMRUN, or come from the VMM.
                s.Undecided(Evidence.PendingInterrupts);
            }
        }),
        new(new("SVM-15.21-NMI-IRET", "15.21.9", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "After KVM injects an NMI without vNMI, NMIs stay blocked until IRET completes.",
                "kvm_exit 0x74 (IRET intercept) must precede the next NMI injection.",
                "Order NMI, kvm_exit 0x74, NMI.") { Rank = 2140, Kvm = KvmFunctions.By("iret_interception") },
            Situation.EntryShowsEvent, static (in Step s) =>
        {
            // One whose delivery was interrupted is the same NMI again.
            bool again = s.Exit.Interrupted is { Valid: true, Type: EventType.Nmi } || s.Vcpu.Queued is { Valid: true, Type: EventType.Nmi };
            bool unblocked = s.HasExit && (s.Code == SvmExitCode.Iret || s.Code == SvmExitCode.Rsm);
            if (s.Vcpu.NmiTaken && s.HasExit && s.Level == GuestLevel.L1 && !again && !unblocked && !s.Seen.WentToUserspace && !s.Vcpu.SevEs.IsYes)
            {
                s.Assuming(Evidence.NmiInjection)
                    .Allow(Is(ComparedField.EntryLevel, 2)).Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid));
            }
        }),
    ];

    private static bool IsGifInstruction(in Step s) => s.Code == SvmExitCode.Stgi || s.Code == SvmExitCode.Clgi;

    // #VMEXIT clears GIF (15.6), a VMRUN sets it (15.5.1); STGI and CLGI that exit change it before L1 goes on.
    private static Truth GifAtEntry(in Step s)
    {
        if (s.Seen.LeftL2)
        {
            return Truth.No;
        }

        if (s.Level != GuestLevel.L1 || s.Seen.HasVmenter)
        {
            return Truth.Unknown;
        }

        // Where an instruction sets or clears GIF, or nothing tells, what L1 is entered with does; whether that is right is asked elsewhere.
        Truth known = s.HasExit && IsGifInstruction(s) ? Truth.Unknown : s.Vcpu.Gif;
        return known.IsUnknown ? s.Seen.State(StateMoment.L1AtEntry, VmcbField.Gif)[0] : known;
    }

    private static bool IsAsVmrunLeftIt(in Step s) => s.Vcpu.FirstExitPending && s.RanNothing.IsYes;

    // An event that L1 intercepts reaches L2 only where VMRUN injects it, where it is delivered again, or where a feature of vmcb12
    // lets the processor deliver it by itself.
    private static void BegunByNobody(in Step s, EventType type, SvmExitCode intercept, ReadOnlySpan<int> features)
    {
        bool inDelivery = s.HasExit && s.Level == GuestLevel.L2 && s.Exit.Interrupted.Valid && s.Exit.Interrupted.Type == type;
        bool begun = s.Vcpu.Vmcb12.EventInj.Valid || s.Vcpu.Queued.Valid || s.Vcpu.InDelivery == s.Exit.Interrupted;
        if (!inDelivery || begun || !s.Intercepted(intercept).IsYes)
        {
            return;
        }

        Truth virtually = Truth.No;
        foreach (int feature in features)
        {
            virtually |= s.Vcpu.Vmcb12[VmcbField.IntCtl][feature];
        }

        if (!s.Vcpu.QueuedSeen || s.Vcpu.AskedMonitorInL2 || s.Vcpu.Vmcb12[VmcbField.EventInj].Known == 0)
        {
            s.Undecided(Evidence.QueuedEvent);
        }
        else
        {
            s.When(!virtually, Evidence.VmcbControlArea).Allow(IsNot(ComparedField.ExitIntInfo, EventInfo.ValidBit | ((ulong)type << 8), TypeAndValid));
        }
    }

    private static void OnlyIfIntercepted(in Step s, SvmExitCode code)
    {
        if (s.Intercepted(code).IsNo)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, code.Value));
        }
    }
}
