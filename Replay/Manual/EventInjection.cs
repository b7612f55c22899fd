using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group F: EVENTINJ, the event a VMRUN delivers before the first instruction of the guest (APM2 15.20).</summary>
internal static class EventInjection
{
    private static readonly ulong Invalid = SvmExitCode.Invalid.Value;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.20-INJ-UNCOND", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "A valid EVENTINJ is delivered unconditionally before the first guest instruction, regardless of IF, GIF, TPR.",
                "kvm_nested_vmenter.event_inj V=1.",
                "First kvm_nested_vmexit after kvm_nested_vmenter either shows it in intr_info or L2 RIP has moved to a handler; " +
                    "kvm_nested_vmexit 0x60 with rip==nested_rip and intr_info V=0 behind immediate_exit=1 = lost injection. Without a forced " +
                    "exit the handler may have returned.") { Rank = 1780, Kvm = KvmFunctions.By("nested_vmcb02_prepare_control") },
            Situation.VmrunOutcome | Situation.VmrunEntered, static (in Step s) =>
        {
            StagedByVmrun(s);

            // An exit at the very RIP that VMRUN loaded, with nothing in delivery: the event is lost, if L2 did not run in between.
            if (FirstExit(s) && s.Vcpu.Vmcb12.EventInj.Valid && s.Exit.IntInfo.IsKnown)
            {
                s.When(s.RanNothing, Evidence.GuestRun)
                    .Allow(IsNot(ComparedField.ExitRip, s.Vcpu.Vmcb12[VmcbField.Rip].Value))
                    .Allow(Is(ComparedField.ExitIntInfo, EventInfo.ValidBit, EventInfo.ValidBit))
                    .Allow(Is(ComparedField.ExitCode, Invalid))
                    .Allow(Is(ComparedField.ExitCode, SvmExitCode.Shutdown.Value));
            }
        }),
        new(new("SVM-15.20-INJ-NOINTERCEPT", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "Injected events are not subject to intercept checks (secondary exceptions are).",
                "kvm_nested_vmenter.event_inj type 3 vector n, kvm_nested_intercepts.excp bit n=1; then kvm_nested_vmexit_inject 0x40+n " +
                    "with rip==nested_rip and exit_int_info invalid.",
                "Violation.") { Rank = 1790, Kvm = KvmFunctions.OfProcessor },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            // Before L2 ran, only the event itself can be the exception; behind its first exit, the guest may have raised one of its own.
            EventInfo injected = s.Vcpu.Vmcb12.EventInj;
            if (injected is not { Valid: true, Type: EventType.Exception, Vector: < 32 } || !s.Intercepted(SvmExitCode.OfException(injected.Vector)).IsYes)
            {
                return;
            }

            if (s.LeftL2BeforeItRan)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.OfException(injected.Vector).Value));
            }
            else if (FirstExit(s) && s.Code == SvmExitCode.OfException(injected.Vector))
            {
                s.Undecided(Evidence.GuestRun);
            }
        }),
        new(new("SVM-15.20-INJ-RECORDED", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "If delivery of an injected event is interrupted by an exit, EXITINTINFO reports it.",
                "kvm_nested_vmenter.event_inj V=1, kvm_nested_vmexit.intr_info V=1.",
                "kvm_nested_vmexit.intr_info vector/type == event_inj vector/type (type 3 vec 3/4 stays 3).") { Rank = 1800, Kvm = KvmFunctions.OfProcessor },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            // A secondary exception may have taken the event's place, and L2 another event once it ran; nothing else may.
            EventInfo injected = s.Vcpu.Vmcb12.EventInj;
            if (FirstExit(s) && injected.Valid && s.Exit.Interrupted.Valid && s.Exit.Interrupted.IsLegal)
            {
                s.When(s.RanNothing, Evidence.GuestRun)
                    .Allow(Is(ComparedField.ExitIntInfo, injected.Raw, IdentityOf(injected)))
                    .Allow(Is(ComparedField.ExitIntInfo, (ulong)EventType.Exception << 8, EventInfo.TypeField))
                    .Allow(Is(ComparedField.ExitCode, Invalid));
            }
        }),
        new(new("SVM-15.20-INJ-NMI-NOBLOCK", "15.20", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "An NMI injected by EVENTINJ does not block further NMIs (unless NMI virtualization is on, then V_NMI_MASK is set).",
                "kvm_nested_vmenter.event_inj type 2; int_ctl bit26.",
                "No IRET interception (kvm_nested_vmexit 0x74 owned by L0) because of an L1-injected NMI.") { Rank = 1810, Kvm = KvmFunctions.By("svm_inject_nmi", "nested_vmcb02_prepare_control") },
            Situation.L2Exit, Codes.Of(SvmExitCode.Iret), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo && s.Vcpu.Vmcb12.EventInj is { Valid: true, Type: EventType.Nmi })
            {
                s.Undecided(Evidence.NmiInjection);
            }
        }),
        new(new("SVM-15.20-INJ-NMI-VEC", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "VECTOR is ignored for TYPE=2.",
                "kvm_nested_vmenter.event_inj type 2, vector!=2.",
                "Accepted, never INVALID.") { Rank = 1820, Kvm = KvmFunctions.OfProcessor },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12.EventInj is { Valid: true, Type: EventType.Nmi } injected && injected.Vector != ExceptionVector.Nmi)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),
        new(new("SVM-15.20-INJ-SOFT-NRIP", "15.20", RuleScope.Composition, Visibility.Partly, Confidence.NotChecked, Severity.High,
                "TYPE=4 (and vectors 3/4) push NextRIP from the VMCB as return address.",
                "nRIP not traced.",
                "Nothing in stock tracepoints.") { Rank = 1830, Kvm = KvmFunctions.By("nested_vmcb02_prepare_control") },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            if (FirstExit(s) && s.Vcpu.Vmcb12.EventInj is { Valid: true, IsSoftware: true } && !s.Vcpu.Vmcb12[VmcbField.NextRip].IsKnown)
            {
                s.Undecided(Evidence.NextRip);
            }
        }),
        new(new("SVM-15.20-INJ-BP-DPL", "15.20", RuleScope.Composition, Visibility.Partly, Confidence.Likely, Severity.Info,
                "Injected vectors 3/4 behave like INT3/INTO: IDT DPL is checked (can raise #GP).",
                "kvm_nested_vmenter.event_inj vec 3/4 then kvm_nested_vmexit/kvm_nested_vmexit_inject #GP with intr_info vec 3/4.",
                "Plausible; do not flag.") { Rank = 1840, Kvm = KvmFunctions.OfProcessor },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            // The IDT's DPL decides between the handler and #GP: both are legal.
            if (FirstExit(s) && s.Code == SvmExitCode.OfException(ExceptionVector.GP)
                && s.Vcpu.Vmcb12.EventInj is { Valid: true, Type: EventType.Exception, IsSoftware: true })
            {
                s.Undecided(Evidence.Cpl);
            }
        }),

        // What L1 makes of an ICEBP is its own affair.
        new(new("SVM-15.20-INJ-ICEBP", "15.20", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Info,
                "ICEBP-originated #DB cannot be injected faithfully; hypervisor must emulate.",
                "kvm_nested_vmexit_inject 0x88 then kvm_nested_vmenter.event_inj type 3 vec 1.",
                "L1's own affair, never a finding.") { Rank = 1850, Kvm = KvmFunctions.OfProcessor },
            Situation.None, Rule.SaysNothing),
        new(new("SVM-15.20-INJ-EV-ERR", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Medium,
                "EV=1 pushes ERRORCODE; EV must match the exception class.",
                "kvm_inj_exception has_error/error_code; kvm_nested_vmenter.event_inj bit11.",
                "kvm_inj_exception vectors 8,10-14,17,21,29,30 has_error=1 (protected mode), others 0.") { Rank = 1860, Kvm = KvmFunctions.By("svm_inject_exception") },
            Situation.EventStaged, ErrorCodeMatches),
        new(new("SVM-15.20-INJ-RESERVED-BITS", "figure 15-5", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "EVENTINJ bits 30:12 are reserved SBZ: they do not make VMRUN fail.",
                "kvm_nested_vmenter.event_inj & 0x7ffff000.",
                "No INVALID attributable to them; KVM 7.1 masks them.") { Rank = 1870, Kvm = KvmFunctions.By("nested_vmcb02_prepare_control") },
            Situation.VmrunOutcome, static (in Step s) =>
        {
            if ((s.Vcpu.Vmcb12[VmcbField.EventInj].Value & EventInfo.ReservedBits) != 0 && !s.Vcpu.Vmcb12.EventInj.Valid)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),
        new(new("SVM-15.20-INJ-ONE", "15.20", RuleScope.Emulation, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "One EVENTINJ per VMRUN: KVM must not queue two injections between two kvm_entry events.",
                "Two of {kvm_inj_exception,kvm_inj_virq,NMI} between consecutive kvm_exit and kvm_entry on one vCPU.",
                "Violation unless first was superseded before kvm_entry (kvm_check_and_inject_events order).") { Rank = 1880, Kvm = KvmFunctions.Several },
            Situation.EventStaged, static (in Step s) =>
            s.Assuming(Evidence.QueuedEvent).Allow(IsAtMost(ComparedField.StagedEvents, 1))),
    ];

    // Where the entry shows EVENTINJ of the VMCB that runs, it is that of vmcb12. A return from System Management Mode is no VMRUN.
    private static void StagedByVmrun(in Step s)
    {
        EventInfo injected = s.Vcpu.Vmcb12.EventInj;
        if (s.Seen.HasVmenter && !s.Seen.SmmLeft && s.EntryEventInj.IsKnown && injected is { Valid: true, IsLegal: true })
        {
            s.Expect()
                .Allow(Is(ComparedField.EntryEventInj, injected.Raw, IdentityOf(injected)))
                .Allow(Happens(ComparedField.ReflectedCode)).Allow(Happens(ComparedField.SmmEntered)).Allow(Happens(ComparedField.UserspaceReason));
        }
    }

    // The vector of an NMI is ignored.
    private static ulong IdentityOf(EventInfo injected) =>
        injected.Type == EventType.Nmi ? EventInfo.ValidBit | EventInfo.TypeField : ExitIntInfo.Identity;

    private static bool FirstExit(in Step s) => s.HasExit && s.Level == GuestLevel.L2 && s.Vcpu.FirstExitPending;

    private static void ErrorCodeMatches(in Step s)
    {
        if (s.Seen.RaisedException is not { } vector)
        {
            return;
        }

        if (!ExceptionVector.PushesErrorCode(vector))
        {
            s.Expect().Allow(HappensNot(ComparedField.Exception)).Allow(Is(ComparedField.ExceptionHasError, 0));
        }
        else if (!IsProtected(s))
        {
            // In real mode no exception pushes an error code, and nothing tells whether the guest is in it.
            s.Undecided(Evidence.OperatingMode);
        }
        else
        {
            s.Expect().Allow(HappensNot(ComparedField.Exception)).Allow(Is(ComparedField.ExceptionHasError, 1));
        }
    }

    // What the guest was when it exited; another level, or the guest of a VMRUN, may be in another mode.
    private static bool IsProtected(in Step s)
    {
        bool isOfL2 = s.Seen.HasVmenter || (s.Level == GuestLevel.L2 && !s.Seen.LeftL2);
        if (s.Seen.State(isOfL2 ? StateMoment.L2AtEntry : StateMoment.L1AtEntry, VmcbField.Cr0Register)[Cr0.PE].IsYes)
        {
            return true;
        }

        if (s.Seen.HasInstruction)
        {
            // Virtual-8086 mode pushes an error code; the recording cannot always tell it from real mode.
            return s.Seen.Mode is not (DecodeMode.Real or DecodeMode.Virtual8086 or DecodeMode.Unknown);
        }

        // Outside protected mode an SVM instruction raises #UD before it exits (15.4), and RIP has at most 32 bits.
        return s.HasExit && !s.Seen.HasVmenter && !s.Seen.LeftL2
            && (s.Exit.Rip > uint.MaxValue || (Availability.IsSvmInstruction(s.Code) && s.Code != SvmExitCode.Vmmcall));
    }
}
