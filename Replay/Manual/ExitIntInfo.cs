using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group E: an exit that interrupted the delivery of an event (APM2 15.7.2).</summary>
internal static class ExitIntInfo
{
    /// <summary>V, TYPE and VECTOR.</summary>
    public const ulong Identity = EventInfo.ValidBit | 0x7ff;

    private const ulong Valid = EventInfo.ValidBit;

    private static readonly ulong Invalid = SvmExitCode.Invalid.Value;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.7-INTINFO-VALID", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "EXITINTINFO.V=1 iff the exit occurred while an event was being delivered through the IDT.",
                "kvm_nested_vmexit.intr_info bit31=1 (hardware truth) or an injected event " +
                    "(kvm_nested_vmenter.event_inj/kvm_inj_exception/kvm_inj_virq) not yet confirmed by a clean kvm_nested_vmexit.",
                "kvm_nested_vmexit_inject.exit_int_info bit31=1 with the same vector/type; violation = lost event (V=0).") { Rank = 1620, Kvm = KvmFunctions.By("nested_save_pending_event_to_vmcb12") },
            Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L2)
            {
                Shown(s, Is(ComparedField.ReflectedIntInfo, Valid, Valid));
            }
        }),
        new(new("SVM-15.7-INTINFO-TYPE", "15.7.2 table 15-1", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "TYPE in {0 INTR, 2 NMI, 3 exception, 4 INTn}; INT3, INTO, INT1 count as exceptions.",
                "kvm_exit/kvm_nested_vmexit/kvm_nested_vmexit_inject int_info bits 10:8.",
                "Values 1,5,6,7 never appear; vector 3/4 appear with type 3.") { Rank = 1630, Kvm = KvmFunctions.By("nested_save_pending_event_to_vmcb12") },
            Situation.DeliveryInterrupted | Situation.LeftL2, LegalType),
        new(new("SVM-15.7-INTINFO-EV", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "EV=1 exactly for events that push an error code; then ERRORCODE is that code.",
                "kvm_nested_vmexit_inject.exit_int_info bit11 vs vector; exit_int_info_err.",
                "EV=1 only with type 3 and vector in {8,10,11,12,13,14,17,21,29,30}; err equals kvm_nested_vmexit.error_code.") { Rank = 1640, Kvm = KvmFunctions.By("nested_save_pending_event_to_vmcb12", "svm_get_exit_info") },
            Situation.DeliveryInterrupted, ErrorCodeValid),
        new(new("SVM-15.7-INTINFO-NMIVEC", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.Info,
                "For NMI the vector is 2 (KVM writes vector 0 with type 2).",
                "kvm_nested_vmexit_inject.exit_int_info type 2.",
                "Vector field 2 expected; KVM emits 0: tolerated because EVENTINJ ignores VECTOR for NMI.") { Rank = 1650, Kvm = KvmFunctions.By("nested_save_pending_event_to_vmcb12") },
            Situation.LeftL2, static (in Step s) => s.Expect()
            .Allow(IsNot(ComparedField.ReflectedIntInfo, Nmi(0), Valid | EventInfo.TypeField)).Allow(Is(ComparedField.ReflectedIntInfo, Nmi(2), Identity))),
        new(new("SVM-15.7-INTINFO-RESERVED", "figure 15-1", RuleScope.Processor | RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "Bits 30:12 of EXITINTINFO are reserved (0).",
                "kvm_exit/kvm_nested_vmexit/kvm_nested_vmexit_inject.",
                "Zero.") { Rank = 1660, Kvm = KvmFunctions.Several },
            Situation.DeliveryInterrupted | Situation.LeftL2, static (in Step s) =>
        {
            if (s.HasExit && s.Exit.Interrupted.Valid)
            {
                s.Expect().Allow(Is(ComparedField.ExitIntInfo, 0, EventInfo.ReservedBits)).ByProcessor();
            }

            if (s.Seen.LeftL2 && (s.Exit.Interrupted.Raw & EventInfo.ReservedBits) == 0)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, Invalid)).Allow(Is(ComparedField.ReflectedIntInfo, 0, EventInfo.ReservedBits));
            }
        }),
        new(new("SVM-15.7-INTINFO-AGGREGATE", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "With several exceptions EXITINTINFO holds the combination of all but the intercepted one (e.g. #DF).",
                "kvm_nested_vmexit.intr_info vector 8 then kvm_nested_vmexit_inject for #PF/NPF.",
                "kvm_nested_vmexit_inject.exit_int_info = #DF EV=1 err=0.") { Rank = 1670, Kvm = KvmFunctions.Several },
            Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L2 && s.Exit.Interrupted is { Valid: true, Type: EventType.Exception, Vector: ExceptionVector.DF })
            {
                Shown(s, Is(ComparedField.ReflectedIntInfo, s.Exit.Interrupted.Raw, Identity));
            }
        }),
        new(new("SVM-15.7-INTINFO-DF-DIRECT", "15.7.3", RuleScope.Composition, Visibility.Partly, Confidence.Weak, Severity.Low,
                "A #DF that itself is intercepted: the earlier exception is what EXITINTINFO records.",
                "kvm_nested_vmexit_inject 0x48.",
                "EXITINTINFO holds the earlier exception.") { Rank = 1680, Kvm = KvmFunctions.Several },
            Situation.L2Exit, Codes.OfExceptions(ExceptionVector.DF), static (in Step s) =>
        {
            if (s.Seen.LeftL2)
            {
                s.Assuming(Evidence.QueuedEvent)
                    .Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value)).Allow(Is(ComparedField.ReflectedIntInfo, Valid, Valid));
            }
        }),
        new(new("SVM-15.7-INTINFO-DIRECT-EXIT", "15.7.3", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "An event that causes the exit directly (intercepted exception, INTR, NMI, VINTR) is not recorded in EXITINTINFO.",
                "kvm_nested_vmexit_inject 0x60/0x61/0x64/0x40+n.",
                "Exit_int_info must not describe the same event (e.g. kvm_nested_vmexit_inject 0x60 with V=1 type 0 for that IRQ).") { Rank = 1690, Kvm = KvmFunctions.By("svm_check_nested_events") },
            Situation.L2Exit,
            static code => code == SvmExitCode.Intr || code == SvmExitCode.Nmi || code == SvmExitCode.VIntr || code.IsException, DirectExit),
        new(new("SVM-15.7-REINJECT-L0", "15.7.2, 15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "When L0 resolves an exit whose EXITINTINFO.V=1, the event must be re-injected before the next guest instruction.",
                "kvm_exit (L0-owned) intr_info V=1.",
                "Before kvm_entry: kvm_inj_exception/kvm_inj_virq reinjected=1 (or kvm NMI injection) with the same vector; " +
                    "NPF/INTR/NMI exits typical.") { Rank = 1700, Kvm = KvmFunctions.By("svm_complete_interrupts") },
            Situation.DeliveryInterrupted, DeliveredAgain),
        new(new("SVM-15.7-REINJECT-ONCE", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.High,
                "An event is re-injected exactly once per interrupted delivery; no re-injection if intr_info.V=0.",
                "kvm_inj_exception/kvm_inj_virq reinjected=1 while the last kvm_exit.intr_info V=0 and no cancelled injection.",
                "Violation (exception: svm_cancel_injection, i.e. kvm_entry not reached).") { Rank = 1710, Kvm = KvmFunctions.By("svm_cancel_injection") },
            Situation.EventStaged, static (in Step s) =>
        {
            // What VMRUN itself is to inject comes back as re-injected when the entry is called off; the VMM may have set one.
            bool owed = s.Seen.WentToUserspace || s.Exit.Interrupted.Valid || s.Vcpu.Queued.Valid || (s.Seen.HasVmenter && s.Seen.Vmenter.EventInj.Valid);
            if (s.HasExit && s.Exit.IntInfo.IsKnown && !owed && !s.Vcpu.QueuedSeen)
            {
                s.Undecided(Evidence.QueuedEvent);
            }
            else if (s.HasExit && s.Exit.IntInfo.IsKnown && !owed)
            {
                s.Assuming(Evidence.QueuedEvent).Allow(IsNot(ComparedField.StagedAgain, 1));
            }
        }),
        new(new("SVM-15.7-REINJECT-SOFT", "15.20, 15.7.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "Soft interrupts/INT3/INTO are re-injected with NextRIP of the original instruction, or retried; never dropped.",
                "kvm_exit intr_info type 4 (or type 3 vec 3/4).",
                "kvm_inj_virq soft=1 reinjected / kvm_inj_exception 3|4, or (pre-6.0) kvm_entry.rip == same INT instruction.") { Rank = 1720, Kvm = KvmFunctions.By("svm_update_soft_interrupt_rip") },
            Situation.DeliveryInterrupted, SoftDeliveredAgain),
        new(new("SVM-15.7-REINJECT-SOFT-INSN", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "Computing NextRIP must decode the original INT3/INTO/INTn; if the code was patched, do not skip another instruction.",
                "kvm_exit intr_info soft, then kvm_emulate_insn whose bytes do not start with cc/ce/cd.",
                "Violation if RIP then skips that instruction.") { Rank = 1730, Kvm = KvmFunctions.By("svm_update_soft_interrupt_rip") },
            Situation.DeliveryInterrupted, static (in Step s) =>
        {
            // The instruction at RIP is not the INTn, INT3 or INTO that was being delivered: it must not be skipped for it.
            if (s.Exit.Interrupted is { Valid: true, IsSoftware: true } && s.Seen.HasInstruction && !IsSoftwareInterrupt(s.Seen.Instruction)
                && s.Code == SvmExitCode.Npf)
            {
                s.Assuming(Evidence.InstructionBytes).Allow(IsNot(ComparedField.EntryRip, unchecked(s.Exit.Rip + (ulong)s.Seen.Instruction.Length)));
            }
        }),
        new(new("SVM-15.7-NO-REINJECT-VC", "15.35.5", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "#VC (29) is never re-injected by the hypervisor.",
                "kvm_exit intr_info vector 29.",
                "No kvm_inj_exception 29.") { Rank = 1740, Kvm = KvmFunctions.By("svm_complete_interrupts") },
            Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Exit.Interrupted is { Valid: true, Type: EventType.Exception, Vector: ExceptionVector.VC })
            {
                s.Expect().Allow(IsNot(ComparedField.Exception, ExceptionVector.VC));
            }
        }),
        new(new("SVM-15.7-NESTED-TRANSFER", "15.7.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "If a nested exit is synthesised while an event is still queued for L2, the event must move to vmcb12 EXITINTINFO and " +
                    "must not be injected into L1.",
                "kvm_inj_exception/kvm_inj_virq queued for L2 (after kvm_nested_vmexit) then kvm_nested_vmexit_inject.",
                "kvm_nested_vmexit_inject.exit_int_info carries it; no kvm_inj_exception/kvm_inj_virq of it after " +
                    "kvm_nested_vmexit_inject at L1.") { Rank = 1750, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.DeliveryInterrupted, static (in Step s) =>
        {
            // What L2 was owed goes into vmcb12; it is not L1's to receive.
            EventInfo owed = s.Exit.Interrupted;
            if (s.Level == GuestLevel.L2 && s.Seen.LeftL2 && owed.Type != EventType.Nmi)
            {
                s.Expect().Allow(IsNot(ComparedField.StagedAgain, 1)).Allow(IsNot(ComparedField.StagedEvent, owed.Raw, Identity));
            }
        }),
        new(new("SVM-15.7-DF-COMBINE", "15.7.2", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.High,
                "VMM-reflected fault on top of EXITINTINFO follows x86 combination rules (contributory+contributory, PF+contributory/PF " +
                    "-> #DF; #DF+any -> shutdown).",
                "kvm_exit intr_info exc A, then kvm_inj_exception B (not reinjected).",
                "If A,B combine, kvm_inj_exception must be #DF (8); #DF+fault -> SHUTDOWN exit.") { Rank = 1760, Kvm = KvmFunctions.By("kvm_multiple_exception") },
            Situation.DeliveryInterrupted, CombinesToDoubleFault),
        new(new("SVM-15.7-TASKSW-GATE", "15.14.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "Task switch caused by an event: EXITINTINFO valid and neither IRET nor JMP bit; the pending event is consumed.",
                "kvm_exit 0x7d intr_info V=1.",
                "No reinjection of that event afterwards.") { Rank = 1770, Kvm = KvmFunctions.By("task_switch_interception") },
            Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Code == SvmExitCode.TaskSwitch)
            {
                s.Expect().Allow(IsNot(ComparedField.StagedEvent, s.Exit.Interrupted.Raw, Identity));
            }
        }),
    ];

    /// <summary>Asks for a condition on EXITINTINFO that L1 is shown, where L1 is shown an exit it belongs to.</summary>
    /// <remarks>
    /// Not with the kernel's own code for System Management Mode, nor with VMEXIT_INVALID, which leaves the field as it was, nor with
    /// SHUTDOWN, behind which the state of the VMCB is undefined (15.14.3).
    /// </remarks>
    public static void Shown(in Step s, params ReadOnlySpan<Constraint> conditions)
    {
        if (s.Seen.LeftL2 && !s.Seen.LeftL2ForHostUse)
        {
            Expecting expecting = s.Expect().Allow(conditions).Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Shutdown.Value));
            if (s.Code == SvmExitCode.Invalid || s.Seen.HasVmenter)
            {
                expecting.Allow(Is(ComparedField.ReflectedCode, Invalid));
            }
        }
    }

    private static ulong Nmi(byte vector) => EventInfo.Of(EventType.Nmi, vector).Raw;

    // TYPE is 0, 2, 3 or 4, and an exception has a vector below 32. What L0 passes on is the processor's fault.
    private static void LegalType(in Step s)
    {
        bool hardware = s.HasExit && s.Exit.Interrupted.Valid;
        if (hardware)
        {
            s.Expect().Allow(IsLegalEvent(ComparedField.ExitIntInfo)).ByProcessor();
        }

        if (s.Seen.LeftL2 && s.Exit.Interrupted.IsLegal)
        {
            s.Expect().Allow(IsLegalEvent(ComparedField.ReflectedIntInfo)).Allow(Is(ComparedField.ReflectedCode, Invalid));
        }
    }

    private static void ErrorCodeValid(in Step s)
    {
        EventInfo interrupted = s.Exit.Interrupted;

        // In real mode no exception pushes an error code, so only a code that nothing pushes is wrong for certain.
        if (interrupted.Type != EventType.Exception || !ExceptionVector.PushesErrorCode(interrupted.Vector))
        {
            s.Expect().Allow(Is(ComparedField.ExitIntInfo, 0, EventInfo.ErrorCodeBit)).ByProcessor();
        }

        if (s.Level == GuestLevel.L2 && interrupted.HasErrorCode && s.Exit.IntInfoError.IsKnown)
        {
            Shown(
                s, Is(ComparedField.ReflectedIntInfo, EventInfo.ErrorCodeBit, EventInfo.ErrorCodeBit),
                Is(ComparedField.ReflectedIntInfoError, s.Exit.IntInfoError.Value));
        }
    }

    // An exit that an event causes directly does not record that event.
    private static void DirectExit(in Step s)
    {
        if (s.Seen.LeftL2 && s.Exit.IntInfo.IsKnown && !s.Exit.Interrupted.Valid && !s.Vcpu.MayOweEvent && !s.Seen.MayHaveBegun)
        {
            Shown(s, Is(ComparedField.ReflectedIntInfo, 0, Valid));
        }
    }

    // What L0 resolves without L1 must not cost the guest its event: it is staged again before the next instruction.
    private static void DeliveredAgain(in Step s)
    {
        EventInfo interrupted = s.Exit.Interrupted;
        if (s.Code == SvmExitCode.TaskSwitch || interrupted.IsSoftware || !interrupted.IsLegal
            || interrupted is { Type: EventType.Exception, Vector: ExceptionVector.VC })
        {
            return;
        }

        if (interrupted.Type == EventType.Exception && !s.Header.ShowsReinjection && !s.EntryEventInj.IsKnown)
        {
            s.Undecided(Evidence.Reinjection);
        }
        else if (interrupted.Type == EventType.Nmi && !s.EntryEventInj.IsKnown)
        {
            s.Undecided(Evidence.NmiInjection);
        }
        else
        {
            AllowInstead(s.Expect()).Allow(Is(
                ComparedField.StagedEvent, interrupted.Raw, interrupted.Type == EventType.Nmi ? Valid | EventInfo.TypeField : Identity));
        }
    }

    private static void SoftDeliveredAgain(in Step s)
    {
        EventInfo interrupted = s.Exit.Interrupted;
        if (!interrupted.IsSoftware || s.Code == SvmExitCode.TaskSwitch)
        {
            return;
        }

        if (!s.Header.ShowsReinjection && !s.EntryEventInj.IsKnown)
        {
            // Such a kernel runs the instruction again instead, and does not record INT3 and INTO.
            AllowInstead(s.Assuming(Evidence.Reinjection)).Allow(Is(ComparedField.EntryRip, s.Exit.Rip))
                .Allow(Is(ComparedField.StagedEvent, interrupted.Raw, Valid | 0xff));
        }
        else
        {
            AllowInstead(s.Expect()).Allow(Is(ComparedField.StagedEvent, interrupted.Raw, Identity));
        }
    }

    // L1 is shown the event; another exception replaces it or merges with it; System Management Mode or the VMM takes over.
    private static Expecting AllowInstead(Expecting expecting) => expecting
        .Allow(Happens(ComparedField.ReflectedCode))
        .Allow(Happens(ComparedField.Exception), IsNot(ComparedField.StagedAgain, 1))
        .Allow(Happens(ComparedField.SmmEntered))
        .Allow(Is(ComparedField.UserspaceReason, UserspaceExit.ShutdownReason));

    private static void CombinesToDoubleFault(in Step s)
    {
        if (s.Exit.Interrupted is not { Valid: true, Type: EventType.Exception } first || first.Vector >= 32 || s.Seen.LeftL2)
        {
            return;
        }

        if (s.Seen.RaisedException is { } second && second != first.Vector && ExceptionVector.MakesDoubleFault(first.Vector, second))
        {
            s.Expect().Allow(Is(ComparedField.Exception, ExceptionVector.DF)).Allow(Is(ComparedField.StagedAgain, 1));
        }
    }

    private static bool IsSoftwareInterrupt(in DecodedInstruction instruction) => instruction.Name is "INT" or "INT3" or "INTO";
}
