using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group L: what L1 is told of its guest, so that L2 sees what a processor executing L1's VMRUN would show.</summary>
internal static class NestedGuest
{
    private const ulong Valid = EventInfo.ValidBit, EntryL1 = 1;
    private const int VIntrMasking = 24;
    private const int WindowStorm = 8;

    // Bits 7:4, 10, 15:13, 23:21 and 29:27 of the virtual interrupt control (appendix B).
    private const ulong IntCtlReserved = 0x38e0_e4f0;

    private static readonly ulong Invalid = SvmExitCode.Invalid.Value, HostUse = SvmExitCode.HostUse.Value;
    private static readonly SvmExitCode DB = SvmExitCode.OfException(ExceptionVector.DB), UD = SvmExitCode.OfException(ExceptionVector.UD),
        PF = SvmExitCode.OfException(ExceptionVector.PF), MC = SvmExitCode.OfException(ExceptionVector.MC);

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-L-REFLECT-DEFAULT", "15.7, 15.9 (composition)", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "If vmcb12 intercepts the event, the exit is reflected; if not, L0 must handle it invisibly.",
                "kvm_nested_vmexit code c (0x00-0x1f,0x60-0xa6 except 0x7b/0x7c/DR), kvm_nested_intercepts bit.",
                "Bit=1 -> next nested event is kvm_nested_vmexit_inject c before kvm_entry; bit=0 -> kvm_entry without " +
                    "kvm_nested_vmexit_inject c, and no KVM_EXIT_INTERNAL_ERROR.") { Rank = 2600, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.ByBit, NestedReflection.ByBit),
        new(new("SVM-L-REFLECT-IMMEDIATE", "15.6", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "A reflected hardware exit produces kvm_nested_vmexit_inject before any kvm_entry.",
                "kvm_nested_vmexit ... kvm_entry ... kvm_nested_vmexit_inject same cause.",
                "Late reflection (kvm_entry in between, same RIP) = violation except force-immediate-exit cases.") { Rank = 2620, Kvm = KvmFunctions.By("svm_handle_exit") },
            Situation.L2Exit, Codes.ByBit, static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes && !NestedReflection.Exempt(s))
            {
                NestedReflection.AllowUnsupported(s, s.Expect()).Allow(Is(ComparedField.EntryLevel, EntryL1));
            }
        }),
        new(new("SVM-L-NI-CODE-EQ", "composition", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "Reflected exit has the same code as the hardware exit when L1 and L0 intercept the same event.",
                "kvm_nested_vmexit c -> kvm_nested_vmexit_inject c'.",
                "C'=c, or c' justified: NPF->#PF/#NPF, #UD/#GP emulation -> instruction code, INTR/NMI replaced by pending " +
                    "higher-priority event.") { Rank = 2630, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.LeftL2, NestedReflection.Code),
        new(new("SVM-L-NI-INFO-EQ", "composition", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "EXITINFO1/2 seen by L1 equal hardware's for directly reflected exits.",
                "kvm_nested_vmexit info1/2 vs kvm_nested_vmexit_inject info1/2, same code.",
                "Equal (NPF: low bits may be recomputed; #PF L2 address equal).") { Rank = 2640, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.LeftL2, NestedReflection.Info),
        new(new("SVM-L-NI-INTINFO-EQ", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "EXITINTINFO/err seen by L1 equals hardware's intr_info/error_code for directly reflected exits.",
                "kvm_nested_vmexit intr_info/error_code vs kvm_nested_vmexit_inject exit_int_info/err.",
                "Equal when V=1; kvm_nested_vmexit_inject V=0 when kvm_nested_vmexit V=0 and nothing was queued.") { Rank = 2650, Kvm = KvmFunctions.By("nested_save_pending_event_to_vmcb12") },
            Situation.LeftL2, NestedReflection.IntInfo),
        new(new("SVM-L-SIMPLE-INFO-ZERO", "KVM; 15.6 (undefined)", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "Synthesised INTR/NMI/SMI/INIT/SHUTDOWN exits carry zero EXITINFO.",
                "kvm_nested_vmexit_inject 0x60..0x63,0x7f.",
                "Info1=info2=0 (APM: undefined; stale guest data would be an information leak).") { Rank = 2660, Kvm = KvmFunctions.By("nested_svm_simple_vmexit") },
            Situation.LeftL2, NestedReflection.SimpleInfoZero),
        new(new("SVM-L-L0-OWNED", "composition", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.High,
                "Host INTR/NMI/SMI/MC exits taken while L2 runs are L0's: they become kvm_nested_vmexit_inject only if an L1-visible " +
                    "interrupt is pending.",
                "kvm_nested_vmexit 0x60/0x61.",
                "kvm_nested_vmexit_inject 0x60 requires kvm_nested_intr_vmexit and pending L1 IRQ (kvm_apic_accept_irq/kvm_set_irq " +
                    "earlier).") { Rank = 2670, Kvm = KvmFunctions.By("nested_svm_exit_special") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Intr, SvmExitCode.Nmi), static (in Step s) =>
        {
            if (s.Seen.LeftL2 && s.Header.Listed.Has(KvmEventKind.NestedIntrVmexit))
            {
                s.Assuming(Evidence.PendingInterrupts)
                    .Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value)).Allow(Happens(ComparedField.IntrReflectionAnnounced));
            }
        }),
        new(new("SVM-L-EXC-OWNER", "composition", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "Exceptions intercepted only for L0 (#UD,#DB,#AC,#MC,#GP erratum) must be re-delivered to L2 or L1, not swallowed.",
                "kvm_nested_vmexit 0x46/0x51/0x41/0x4d with kvm_nested_intercepts.excp bit=0.",
                "kvm_inj_exception same vector into L2, or kvm_emulate_insn success and RIP advance (erratum/emulation).") { Rank = 2680, Kvm = KvmFunctions.By("ud_interception", "ac_interception", "gp_interception") },
            Situation.L2Exit, Codes.OfExceptions(ExceptionVector.UD, ExceptionVector.GP, ExceptionVector.AC), NestedReflection.ExceptionNotSwallowed),
        new(new("SVM-L-EXC-REFLECT-FIRST", "15.7", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "If L1 intercepts an exception that L2 raises, L1 gets it even when L0 also intercepts.",
                "kvm_nested_vmexit 0x40+n with kvm_nested_intercepts.excp bit n=1.",
                "kvm_nested_vmexit_inject 0x40+n (unless emulation legitimately consumed it, e.g. SVM-insn erratum #GP).") { Rank = 2690, Kvm = KvmFunctions.By("kvm_multiple_exception") },
            Situation.L2Exit | Situation.EventStaged, Codes.Exceptions, NestedReflection.ExceptionReflectedFirst),
        new(new("SVM-L-EMU-CHECK", "15.9", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "When L0 emulates an L2 instruction (kvm_emulate_insn) that L1 intercepts, the nested exit must be synthesised with the " +
                    "right code.",
                "kvm_emulate_insn at L2: decode bytes -> intercept code -> kvm_nested_intercepts bit.",
                "kvm_nested_vmexit_inject code before kvm_entry.") { Rank = 2700, Kvm = KvmFunctions.By("svm_check_intercept") },
            Situation.L2Emulated, NestedReflection.EmulatedIsChecked),
        new(new("SVM-L-EMU-NOSPURIOUS", "15.9", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "Emulation must not synthesise an exit for an instruction L1 does not intercept.",
                "kvm_emulate_insn then kvm_nested_vmexit_inject c with kvm_nested_intercepts bit c=0.",
                "Violation.") { Rank = 2710, Kvm = KvmFunctions.By("svm_check_intercept") },
            Situation.L2Emulated, static (in Step s) =>
        {
            if (s.Seen.Instruction.Code is { } code && s.Code != code && InterceptBits.DecidedByBit(code) && s.Intercepted(code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, code.Value));
            }
        }),
        new(new("SVM-L-GP-INSN-CONDITIONAL", "15.9", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "#GP-erratum handling for VMRUN/VMLOAD/VMSAVE in L2 must respect L1's intercept bits.",
                "kvm_nested_vmexit 0x4d, kvm_emulate_insn 0f 01 d8/da/db, kvm_nested_vmexit_inject 0x80/0x82/0x83.",
                "Allowed only if kvm_nested_intercepts.word4 bit 0/2/3 set (VMRUN always set).") { Rank = 2720, Kvm = KvmFunctions.By("gp_interception") },
            Situation.L2Emulated, Codes.OfExceptions(ExceptionVector.GP), static (in Step s) =>
        {
            if (s.Seen.Instruction.Code is { } code
                && (code == SvmExitCode.Vmrun || code == SvmExitCode.Vmload || code == SvmExitCode.Vmsave) && s.Intercepted(code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, code.Value));
            }
        }),
        new(new("SVM-L-VMRUN-L2", "15.9", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "VMRUN executed by L2 always exits to L1 (intercept is mandatory).",
                "kvm_nested_vmexit 0x80.",
                "kvm_nested_vmexit_inject 0x80; a second kvm_nested_vmenter without kvm_nested_vmexit_inject = violation.") { Rank = 2730, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Vmrun), static (in Step s) =>
            s.Expect().Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Vmrun.Value), HappensNot(ComparedField.VmrunsEntered))),
        new(new("SVM-L-VMLOADSAVE-L2", "15.5.2, 15.33.1", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Critical,
                "VMLOAD/VMSAVE in L2 without L1 intercept and without VLS operate on L1-physical memory: L0 must intercept.",
                "kvm_nested_intercepts.word4 bits 2/3=0; kvm_nested_vmexit 0x82/0x83 seen, no kvm_nested_vmexit_inject.",
                "Handled by L0 (kvm_entry.rip+3).") { Rank = 2740, Kvm = KvmFunctions.By("nested_vmcb_needs_vls_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Vmload, SvmExitCode.Vmsave), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo)
            {
                // Not reflected; emulated, or #GP for a bad address.
                s.Assuming(Evidence.Rax).Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value), IsNot(ComparedField.EntryRip, s.Exit.Rip))
                    .Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value), Happens(ComparedField.Exception))
                    .Allow(Happens(ComparedField.ReflectedCode), IsNot(ComparedField.ReflectedCode, s.Code.Value))
                    .Allow(Happens(ComparedField.UserspaceReason), IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-STGI-CLGI-L2", "15.17", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "STGI/CLGI in L2 with L1 intercept -> kvm_nested_vmexit_inject 0x84/0x85.",
                "kvm_nested_intercepts.word4 bits 4/5.",
                "As stated.") { Rank = 2750, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-INVLPGA-L2", "15.9", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "INVLPGA in L2 with L1 intercept -> kvm_nested_vmexit_inject 0x7a and no kvm_invlpga.",
                "kvm_nested_intercepts.word3 bit26.",
                "As stated.") { Rank = 2760, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Invlpga), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value), HappensNot(ComparedField.InvlpgaExecuted));
            }
        }),
        new(new("SVM-L-SKINIT-L2", "15.9", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "SKINIT in L2 with L1 intercept -> kvm_nested_vmexit_inject 0x86; kvm_skinit must not be emitted.",
                "kvm_nested_intercepts.word4 bit6.",
                "As stated.") { Rank = 2770, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Skinit), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                NestedReflection.AllowUnsupported(s, s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value), HappensNot(ComparedField.SkinitMet)));
            }
        }),
        new(new("SVM-L-IOIO-UNION", "composition", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Medium,
                "Port intercept for L2 = L0 map OR L1 map; L1 only sees ports its own map covers.",
                "kvm_nested_vmexit 0x7b; kvm_nested_vmexit_inject 0x7b.",
                "Decision stable per port.") { Rank = 2780, Kvm = KvmFunctions.By("nested_svm_intercept_ioio") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Ioio), static (in Step s) =>
        {
            if (s.Vcpu.PortIntercepted.IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-MSR-UNION", "composition", RuleScope.Composition, Visibility.Partly, Confidence.Certain, Severity.Medium,
                "MSRPM for L2 = L0 OR L1; a passed-through MSR is never seen.",
                "kvm_nested_vmexit 0x7c; kvm_msr at L2 means L1 did not intercept it.",
                "kvm_msr at L2 followed by kvm_nested_vmexit_inject 0x7c same MSR = violation.") { Rank = 2790, Kvm = KvmFunctions.By("nested_svm_merge_msrpm") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Msr), static (in Step s) =>

            // An access that was carried out was not intercepted: it cannot be reflected afterwards.
            s.Expect().Allow(HappensNot(ComparedField.MsrAccessed)).Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value))),
        new(new("SVM-L-CR8-INTERCEPT", "15.21.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "L0's CR8-write intercept must be dropped for L2 when vmcb12 has V_INTR_MASKING.",
                "kvm_nested_vmenter.int_ctl bit24=1, kvm_nested_intercepts.cr_write bit8=0, kvm_nested_vmexit 0x18.",
                "kvm_nested_vmexit 0x18 not expected (performance).") { Rank = 2800, Kvm = KvmFunctions.By("recalc_intercepts") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes && s.Intercepted(s.Code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-PENDING-PRIO", "15.21.4, table 15-12..14", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "Order of simultaneous L1-bound events at an instruction boundary: INIT, exception (of the completed instruction), SMI, " +
                    "NMI, INTR.",
                "Several pending; first kvm_nested_vmexit_inject/kvm_inj_exception.",
                "Follows that order (Bochs: SMI, INIT, NMI, INTR, VINTR).") { Rank = 2810, Kvm = KvmFunctions.By("svm_check_nested_events") },
            Situation.L2Exit, Codes.Exceptions, static (in Step s) =>
        {
            // An exception of the instruction comes before an interrupt at the boundary behind it.
            if (s.Code != DB && s.Code != MC && s.Code != PF && s.Intercepted(s.Code).IsYes && !s.Seen.MayHaveInstruction)
            {
                s.Assuming(Evidence.PendingInterrupts)
                    .Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value), IsNot(ComparedField.ReflectedCode, SvmExitCode.Nmi.Value));
            }
        }),
        new(new("SVM-L-RUN-PENDING", "15.5.1", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "After kvm_nested_vmenter at least one hardware entry into L2 must happen before a synthesised INTR/NMI/exception exit " +
                    "(so EVENTINJ is delivered).",
                "kvm_nested_vmenter then kvm_nested_vmexit_inject 0x60/0x61/0x4x with no kvm_entry in between.",
                "Violation (VMEXIT_INVALID exempt).") { Rank = 2820, Kvm = KvmFunctions.By("svm_check_nested_events") },
            Situation.VmrunEntered, static (in Step s) =>
        {
            // L2 has not run yet: nothing but a failure of VMRUN itself can be shown to L1, unless it keeps the event that was to
            // be injected. Where an entry stands between, the event moves behind what is recorded.
            if (s.Level != GuestLevel.L2 && !s.Seen.ShownBehindEntry)
            {
                Expecting expecting = s.Expect()
                    .Allow(HappensNot(ComparedField.ReflectedCode)).Allow(Is(ComparedField.ReflectedCode, Invalid)).Allow(Is(ComparedField.ReflectedCode, HostUse));
                if (s.Seen.Vmenter.EventInj is { Valid: true } injected)
                {
                    expecting.Allow(Is(ComparedField.ReflectedIntInfo, injected.Raw, ExitIntInfo.Identity));
                }
            }
        }),
        new(new("SVM-L-INJ-BLOCK", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "New L1-bound events are not recognised while an event is being (re)injected into L2.",
                "kvm_inj_exception/kvm_inj_virq reinjected in L2 and kvm_nested_vmexit_inject 0x60 before kvm_entry/kvm_exit completes " +
                    "it.",
                "Then kvm_nested_vmexit_inject.exit_int_info must carry the event.") { Rank = 2830, Kvm = KvmFunctions.By("kvm_event_needs_reinjection") },
            Situation.LeftL2, static (in Step s) =>
        {
            // Where an entry stands between, EXITINTINFO is recorded before the event that was begun is put into it.
            EventInfo begun = s.Seen.BegunBeforeReflection;
            if (begun.Valid && NestedReflection.FromL2(s) && !s.Seen.ShownBehindEntry)
            {
                ExitIntInfo.Shown(s, Is(ComparedField.ReflectedIntInfo, begun.Raw, ExitIntInfo.Identity));
            }
        }),
        new(new("SVM-L-IRQ-NOT-LOST", "15.13.1", RuleScope.Composition, Visibility.Observable, Confidence.Weak, Severity.High,
                "An IRQ accepted by L1's APIC while L2 runs must show up: kvm_inj_virq in L2 (no intercept) or kvm_nested_vmexit_inject " +
                    "0x60 then kvm_inj_virq in L1, in bounded time once unmasked.",
                "kvm_apic_accept_irq vec v.",
                "kvm_inj_virq v or AVIC doorbell eventually; watch-dog e.g. 10 kvm_entry with IF=1.") { Rank = 2840, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.L2Exit, static (in Step s) =>
        {
            // An interrupt for L1 that arrives while L2 runs shows at once, unless L1, its APIC or L2 masks it; one for another vCPU never does.
            if (s.Seen.Kinds.Has(KvmEventKind.ApicAcceptIrq) && !s.Seen.LeftL2 && s.Intercepted(SvmExitCode.Intr).IsYes)
            {
                // RFLAGS.IF of L1 decides only with V_INTR_MASKING; without it that of L2 does (15.21.1).
                Truth unmasked = s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes ? s.Vcpu.Rflags[Rflags.IF] : Truth.Unknown;
                s.When(unmasked.IsNo ? Truth.No : Truth.Unknown, unmasked.IsYes ? Evidence.PendingInterrupts : Evidence.Rflags);
            }
        }),
        new(new("SVM-L-VINTR-L0-WINDOW", "15.21.4", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "L0's private VINTR window must not reach L1: kvm_nested_vmexit 0x64 with kvm_nested_intercepts.word3 bit4=0 is L0's.",
                "kvm_nested_vmexit 0x64.",
                "No kvm_nested_vmexit_inject 0x64 when bit4=0.") { Rank = 2850, Kvm = KvmFunctions.By("interrupt_window_interception") },
            Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-VINTR-NO-SPURIOUS", "15.21.1", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "With vmcb12 V_INTR_MASKING=1 and L1 IF=0, L0 must not arm VINTR (would never be legal to deliver).",
                "kvm_nested_vmenter.int_ctl bit24=1; repeated kvm_nested_vmexit 0x64 not owned by L1.",
                "Storm of kvm_nested_vmexit 0x64 = violation sign.") { Rank = 2860, Kvm = KvmFunctions.By("recalc_intercepts") },
            Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            // One window without an interrupt is chance; a storm of them can never be delivered.
            if (s.Intercepted(s.Code).IsNo && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes
                && s.Vcpu.FruitlessWindows >= WindowStorm)
            {
                s.When(!s.Vcpu.Rflags[Rflags.IF], Evidence.Rflags).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-HLT-L2-WAKE", "composition", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "L2 HLT not intercepted by L1 halts the vCPU; wake-up event must produce kvm_nested_vmexit_inject 0x60/0x61 (if " +
                    "intercepted) and leave HLT state.",
                "kvm_nested_vmexit 0x78, kvm_vcpu_wakeup.",
                "Next nested event consistent.") { Rank = 2870, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Hlt), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(Is(ComparedField.WakeupsAfterReflection, 0));
            }
        }),
        // Whether RSM itself starts L2 with a sign depends on the kernel; who exits next does not. A pretended exit is shown to L1.
        new(new("SVM-L-SMM-ROUNDTRIP", "15.22.3", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "SMI in L2 without L1 intercept: SMM entered and left without L1 noticing.",
                "kvm_smm_transition enter/leave around kvm_nested_vmexit_inject 0xf0000000.",
                "KVM uses exit code SW internally: L1 must not see kvm_nested_vmexit_inject SW as a real exit; kvm_nested_vmenter " +
                    "follows on RSM.") { Rank = 2880, Kvm = KvmFunctions.By("svm_enter_smm", "svm_leave_smm") },
            Situation.BehindSmm, static (in Step s) =>
            s.Expect().Allow(Is(ComparedField.ExitOfL2, 1)).Allow(Happens(ComparedField.ReflectedCode))),
        new(new("SVM-L-SMM-RECHECK", "15.5.1", RuleScope.Composition, Visibility.Partly, Confidence.Certain, Severity.Medium,
                "Re-entering L2 on RSM must apply the consistency checks to the re-read vmcb12.",
                "kvm_nested_vmenter after kvm_smm_transition leave.",
                "Rules of group B on that kvm_nested_vmenter.") { Rank = 2890, Kvm = KvmFunctions.By("svm_leave_smm") },
            Situation.VmrunEntered, static (in Step s) =>
        {
            if (s.Seen.SmmLeft)
            {
                if (VmrunChecks.IsIllegalEvent(s.Vcpu.Vmcb12.EventInj) || s.Vcpu.Vmcb12.Intercepts(SvmExitCode.Vmrun).IsNo)
                {
                    s.Expect().Allow(HappensNot(ComparedField.VmrunsEntered)).Allow(Is(ComparedField.ReflectedCode, Invalid));
                }
            }
        }),

        // How the recorded page-table address is to be read: Vmcb12.Load does.
        new(new("SVM-L-TDP-FLAG", "15.25.4", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Info,
                "Npt flag and nCR3 consistent: tdp=y gives nested_cr3, tdp=n gives guest_cr3.",
                "kvm_nested_vmenter fields.",
                "Trace decoding rule.") { Rank = 2900, Kvm = KvmFunctions.OfReading },
            Situation.None, Rule.SaysNothing),
        new(new("SVM-L-DB-VMRUN", "15.5.1", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "Single-stepped VMRUN: the #DB is for L1 after kvm_nested_vmexit_inject.",
                "kvm_inj_exception #DB after kvm_nested_vmexit_inject.",
                "Not delivered into L2.") { Rank = 2910, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.LeftL2, static (in Step s) =>
        {
            if (s.Vcpu.Rflags[Rflags.TF].IsYes)
            {
                s.Expect().Allow(Is(ComparedField.Exception, ExceptionVector.DB));
            }
        }),
        new(new("SVM-L-PF-L0-ASYNC", "composition", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Low,
                "Host async #PF in L2 is L0's business, unless delivered as APF to an L1 that intercepts #PF.",
                "kvm_nested_vmexit 0x4e + kvm_async_pf_*.",
                "No kvm_nested_vmexit_inject 0x4e for host APF.") { Rank = 2920, Kvm = KvmFunctions.By("nested_svm_exit_special") },
            Situation.L2Exit, Codes.OfExceptions(ExceptionVector.PF), static (in Step s) =>
        {
            if (s.Seen.AsyncPageFault && s.Intercepted(PF).IsNo)
            {
                s.Assuming(Evidence.HostPaging).Allow(IsNot(ComparedField.ReflectedCode, PF.Value));
            }
        }),
        new(new("SVM-L-TRIPLE-ERR", "15.5.1", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.High,
                "Hardware VMEXIT_INVALID while running L2 is reported to L1 as INVALID (L1's fault) - L0 must make sure its own vmcb02 " +
                    "edits are legal.",
                "kvm_nested_vmexit -1.",
                "kvm_nested_vmexit_inject -1; alert if vmcb12 fields visible in kvm_nested_vmenter look legal (suspect L0 bug).") { Rank = 2930, Kvm = KvmFunctions.By("nested_svm_intercept") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Invalid), static (in Step s) =>
            s.Expect().Allow(Is(ComparedField.ReflectedCode, Invalid))),
        new(new("SVM-L-ERR-L0", "15.5.1", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "kvm_exit -1 outside L2 is a KVM bug: user space gets FAIL_ENTRY.",
                "kvm_exit 0xffffffff at L1 level.",
                "Report.") { Rank = 2940, Kvm = KvmFunctions.By("svm_handle_exit") },
            Situation.InvalidExit, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L1 && s.Vcpu.ProcessorDeparted)
            {
                s.Undecided(Evidence.ProcessorFault);
            }
            else if (s.Level == GuestLevel.L1)
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, Invalid));
            }
        }),
        new(new("SVM-L-HV-TLBFLUSH", "Hyper-V TLFS, not APM", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Info,
                "Exception to the VMMCALL rules: enlightened L2 TLB flush handled by L0, may end in synthetic exit.",
                "kvm_hv_hypercall / kvm_hv_flush_tlb guest_mode=L2.",
                "Allow-list.") { Rank = 2950, Kvm = KvmFunctions.By("nested_svm_is_l2_tlb_flush_hcall") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Vmmcall), static (in Step s) =>
        {
            if (s.Seen.HypervFlush && s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-PAUSE-OWNER", "15.14.4", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "PAUSE in L2 must not exit to L1 unless L1 asked; L0's own PAUSE filter must not disturb L1's.",
                "kvm_nested_vmexit 0x77, kvm_nested_intercepts.word3 bit23.",
                "Bit=0: no kvm_nested_vmexit_inject 0x77.") { Rank = 2960, Kvm = KvmFunctions.By("nested_vmcb02_prepare_control") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Pause), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new(new("SVM-L-L1-DECODE", "15.8", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Low,
                "If DecodeAssists is exposed to L1 synthesised exits must fill EXITINFO1 (KVM does not expose it).",
                "kvm_cpuid 8000000A EDX[7].",
                "If 1: kvm_nested_vmexit_inject CR/DR/INVLPG/INTn info1 rules of group H/D apply to synthesised exits.") { Rank = 2970, Kvm = KvmFunctions.By("svm_set_cpu_caps") },
            Situation.L2Emulated, static (in Step s) =>
        {
            if (s.Seen.Instruction is { IsLmsw: false, Name: "MOV", Code: { } code } && code != s.Code && code.Value <= 0x1f
                && s.Vcpu.Profile.Has(CpuFeature.DecodeAssists).IsYes)
            {
                s.Assuming(Evidence.GuestCpuid).Allow(IsNot(ComparedField.ReflectedCode, code.Value)).Allow(Is(ComparedField.ReflectedInfo1, 1UL << 63, 1UL << 63));
            }
        }),
        new(new("SVM-L-CPUID-LIMITS", "15.9", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "Features not exposed to L1 (VGIF, VNMI, VLS, LBRV, NRIPS, PAUSEFILTER) must behave as absent even if vmcb12 sets the " +
                    "bits.",
                "kvm_nested_vmenter.int_ctl bits 25,26; CPUID.",
                "No VGIF semantics when CPUID bit 16=0.") { Rank = 2980, Kvm = KvmFunctions.By("guest_cpu_cap_has") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Nmi), static (in Step s) =>
        {
            // V_NMI in use although the virtual CPU lacks it: a pending virtual NMI must not be delivered.
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][IntCtlBits.VNmiEnableBit].IsYes && s.Vcpu.Profile.Has(CpuFeature.VNmi).IsNo)
            {
                s.Undecided(Evidence.NmiInjection);
            }
        }),
        new(new("SVM-L-INT-CTL-RESERVED", "appendix B 060h", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Info,
                "Int_ctl reserved bits (7:4, 10, 15:13, 23:21, 29:27) are SBZ and must be ignored.",
                "kvm_nested_vmenter.int_ctl reserved bits set.",
                "Info about L1; no failure expected.") { Rank = 2990, Kvm = KvmFunctions.By("nested_vmcb02_prepare_control") },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl].Any(IntCtlReserved).IsYes)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),

        // A decision inside L0 that no state of the guest shows.
        new(new("SVM-L-MSR-ACTIVE-BITMAP", "composition of 15.11", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.Medium,
                "Whether an MSR is intercepted now is decided by the map of the VMCB that runs.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "What L0 saves and restores of MSRs around L2 is right for L2.") { Rank = 3000, Kvm = KvmFunctions.By("msr_write_intercepted") },
            Situation.None, Rule.SaysNothing),
        new(new("SVM-L-RESTORE-EQUIV", "composition of 15.20 and 15.5.1", RuleScope.Composition, Visibility.NotTraced, Confidence.NotChecked, Severity.Medium,
                "Saving and restoring a nested guest by the VMM is transparent.",
                "A recorder with probes that dumps the VMCBs and registers around the exit.",
                "What L2 had it has again.") { Rank = 3010, Kvm = KvmFunctions.By("svm_get_nested_state", "svm_set_nested_state") },
            Situation.SvmStatesRecorded, StateRules.RestoreIsTransparent),
    ];
}
