using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

/// <summary>Group F: EVENTINJ, the event a VMRUN delivers before the first instruction of the guest (APM2 15.20).</summary>
internal static class EventInjection
{
    private static readonly ulong Invalid = SvmExitCode.Invalid.Value;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.20-INJ-UNCOND", Situation.VmrunOutcome | Situation.VmrunEntered, static (in Step s) =>
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
        new("SVM-15.20-INJ-NOINTERCEPT", Situation.VmrunOutcome, static (in Step s) =>
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
        new("SVM-15.20-INJ-RECORDED", Situation.VmrunOutcome, static (in Step s) =>
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
        new("SVM-15.20-INJ-NMI-NOBLOCK", Situation.L2Exit, Codes.Of(SvmExitCode.Iret), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo && s.Vcpu.Vmcb12.EventInj is { Valid: true, Type: EventType.Nmi })
            {
                s.Undecided(Evidence.NmiInjection);
            }
        }),
        new("SVM-15.20-INJ-NMI-VEC", Situation.VmrunOutcome, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12.EventInj is { Valid: true, Type: EventType.Nmi } injected && injected.Vector != ExceptionVector.Nmi)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),
        new("SVM-15.20-INJ-SOFT-NRIP", Situation.VmrunOutcome, static (in Step s) =>
        {
            if (FirstExit(s) && s.Vcpu.Vmcb12.EventInj is { Valid: true, IsSoftware: true } && !s.Vcpu.Vmcb12[VmcbField.NextRip].IsKnown)
            {
                s.Undecided(Evidence.NextRip);
            }
        }),
        new("SVM-15.20-INJ-BP-DPL", Situation.VmrunOutcome, static (in Step s) =>
        {
            // The IDT's DPL decides between the handler and #GP: both are legal.
            if (FirstExit(s) && s.Code == SvmExitCode.OfException(ExceptionVector.GP)
                && s.Vcpu.Vmcb12.EventInj is { Valid: true, Type: EventType.Exception, IsSoftware: true })
            {
                s.Undecided(Evidence.Cpl);
            }
        }),

        // What L1 makes of an ICEBP is its own affair.
        new("SVM-15.20-INJ-ICEBP", Situation.None, Rule.SaysNothing),
        new("SVM-15.20-INJ-EV-ERR", Situation.EventStaged, ErrorCodeMatches),
        new("SVM-15.20-INJ-RESERVED-BITS", Situation.VmrunOutcome, static (in Step s) =>
        {
            if ((s.Vcpu.Vmcb12[VmcbField.EventInj].Value & EventInfo.ReservedBits) != 0 && !s.Vcpu.Vmcb12.EventInj.Valid)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),
        new("SVM-15.20-INJ-ONE", Situation.EventStaged, static (in Step s) =>
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
