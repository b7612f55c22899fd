using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

/// <summary>Group E: an exit that interrupted the delivery of an event (APM2 15.7.2).</summary>
internal static class ExitIntInfo
{
    /// <summary>V, TYPE and VECTOR.</summary>
    public const ulong Identity = EventInfo.ValidBit | 0x7ff;

    private const ulong Valid = EventInfo.ValidBit;

    private static readonly ulong Invalid = SvmExitCode.Invalid.Value;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.7-INTINFO-VALID", Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L2)
            {
                Shown(s, Is(ComparedField.ReflectedIntInfo, Valid, Valid));
            }
        }),
        new("SVM-15.7-INTINFO-TYPE", Situation.DeliveryInterrupted | Situation.LeftL2, LegalType),
        new("SVM-15.7-INTINFO-EV", Situation.DeliveryInterrupted, ErrorCodeValid),
        new("SVM-15.7-INTINFO-NMIVEC", Situation.LeftL2, static (in Step s) => s.Expect()
            .Allow(IsNot(ComparedField.ReflectedIntInfo, Nmi(0), Valid | EventInfo.TypeField)).Allow(Is(ComparedField.ReflectedIntInfo, Nmi(2), Identity))),
        new("SVM-15.7-INTINFO-RESERVED", Situation.DeliveryInterrupted | Situation.LeftL2, static (in Step s) =>
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
        new("SVM-15.7-INTINFO-AGGREGATE", Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Level == GuestLevel.L2 && s.Exit.Interrupted is { Valid: true, Type: EventType.Exception, Vector: ExceptionVector.DF })
            {
                Shown(s, Is(ComparedField.ReflectedIntInfo, s.Exit.Interrupted.Raw, Identity));
            }
        }),
        new("SVM-15.7-INTINFO-DF-DIRECT", Situation.L2Exit, Codes.OfExceptions(ExceptionVector.DF), static (in Step s) =>
        {
            if (s.Seen.LeftL2)
            {
                s.Assuming(Evidence.QueuedEvent)
                    .Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value)).Allow(Is(ComparedField.ReflectedIntInfo, Valid, Valid));
            }
        }),
        new("SVM-15.7-INTINFO-DIRECT-EXIT", Situation.L2Exit,
            static code => code == SvmExitCode.Intr || code == SvmExitCode.Nmi || code == SvmExitCode.VIntr || code.IsException, DirectExit),
        new("SVM-15.7-REINJECT-L0", Situation.DeliveryInterrupted, DeliveredAgain),
        new("SVM-15.7-REINJECT-ONCE", Situation.EventStaged, static (in Step s) =>
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
        new("SVM-15.7-REINJECT-SOFT", Situation.DeliveryInterrupted, SoftDeliveredAgain),
        new("SVM-15.7-REINJECT-SOFT-INSN", Situation.DeliveryInterrupted, static (in Step s) =>
        {
            // The instruction at RIP is not the INTn, INT3 or INTO that was being delivered: it must not be skipped for it.
            if (s.Exit.Interrupted is { Valid: true, IsSoftware: true } && s.Seen.HasInstruction && !IsSoftwareInterrupt(s.Seen.Instruction)
                && s.Code == SvmExitCode.Npf)
            {
                s.Assuming(Evidence.InstructionBytes).Allow(IsNot(ComparedField.EntryRip, unchecked(s.Exit.Rip + (ulong)s.Seen.Instruction.Length)));
            }
        }),
        new("SVM-15.7-NO-REINJECT-VC", Situation.DeliveryInterrupted, static (in Step s) =>
        {
            if (s.Exit.Interrupted is { Valid: true, Type: EventType.Exception, Vector: ExceptionVector.VC })
            {
                s.Expect().Allow(IsNot(ComparedField.Exception, ExceptionVector.VC));
            }
        }),
        new("SVM-15.7-NESTED-TRANSFER", Situation.DeliveryInterrupted, static (in Step s) =>
        {
            // What L2 was owed goes into vmcb12; it is not L1's to receive.
            EventInfo owed = s.Exit.Interrupted;
            if (s.Level == GuestLevel.L2 && s.Seen.LeftL2 && owed.Type != EventType.Nmi)
            {
                s.Expect().Allow(IsNot(ComparedField.StagedAgain, 1)).Allow(IsNot(ComparedField.StagedEvent, owed.Raw, Identity));
            }
        }),
        new("SVM-15.7-DF-COMBINE", Situation.DeliveryInterrupted, CombinesToDoubleFault),
        new("SVM-15.7-TASKSW-GATE", Situation.DeliveryInterrupted, static (in Step s) =>
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
