using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

/// <summary>Group K: shutdown, FERR_FREEZE, INIT, machine check (APM2 15.12.18, 15.14, 15.21.8, 15.28).</summary>
internal static class Shutdown
{
    private static readonly SvmExitCode MC = SvmExitCode.OfException(ExceptionVector.MC), PF = SvmExitCode.OfException(ExceptionVector.PF);
    private static readonly ulong ShutdownExit = SvmExitCode.Shutdown.Value;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.14-SHUTDOWN-L1", Situation.ShutdownOfL2, static (in Step s) =>
        {
            if (!s.Intercepted(SvmExitCode.Shutdown).IsYes)
            {
                return;
            }

            if (s.Code == SvmExitCode.Shutdown)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, ShutdownExit));
            }
            else
            {
                // L1 itself shuts down where L0 cannot leave L2 for it, and where L2 clears EFER.SVME under it.
                Truth ofL1 = Truth.Of(IsPending(s.Code) || s.Seen is { HasMsr: true, Msr: { Write: true, Index: Efer.Index } })
                    | (s.Code.HasIntercept ? s.Intercepted(s.Code) : Truth.Unknown);

                // A fault while #DF is delivered is a shutdown of L2 itself; only an exit that L1 could not be shown explains it otherwise.
                bool fatal = ofL1.IsUnknown && (IsDoubleFault(s.Exit.Interrupted) || IsDoubleFault(s.Vcpu.Queued));
                (fatal ? s.Assuming(Evidence.QueuedEvent) : s.When(!ofL1, Evidence.QueuedEvent))
                    .Allow(HappensNot(ComparedField.ShutdownReported)).Allow(Happens(ComparedField.ReflectedCode));
            }
        }),
        new("SVM-15.14-SHUTDOWN-NOINT", Situation.ShutdownOfL2 | Situation.LeftByFault, static (in Step s) =>
        {
            if (!s.Intercepted(SvmExitCode.Shutdown).IsNo)
            {
                return;
            }

            if (s.HasExit && s.Level == GuestLevel.L2 && s.Code == SvmExitCode.Shutdown)
            {
                s.Expect().Allow(Happens(ComparedField.ShutdownReported), IsNot(ComparedField.ReflectedCode, ShutdownExit));
            }
            else if (s.Seen.LeftL2)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, ShutdownExit));
            }
        }),
        new("SVM-15.14-SHUTDOWN-L0", Situation.L1Rare, Codes.Of(SvmExitCode.Shutdown), static (in Step s) =>
            s.Expect().Allow(Happens(ComparedField.ShutdownReported))),
        new("SVM-15.14-FERR", Situation.LeftByFault, static (in Step s) =>
        {
            if (s.Intercepted(SvmExitCode.FerrFreeze).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.FerrFreeze.Value));
            }
        }),
        new("SVM-15.12-MC", Situation.LeftByFault, static (in Step s) =>
        {
            if (s.Intercepted(MC).IsNo)
            {
                s.Assuming(Evidence.QueuedEvent).Allow(IsNot(ComparedField.ReflectedCode, MC.Value));
            }
        }),
        new("SVM-15.21-INIT-PENDING", Situation.L2Lost, static (in Step s) =>
        {
            if (s.Level != GuestLevel.L1)
            {
                return;
            }

            if (s.Vcpu.InitAccepted && s.Intercepted(SvmExitCode.Init).IsYes)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
            else if (s.Vcpu.InitAccepted && s.Intercepted(SvmExitCode.Init).IsNo)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(Is(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new("SVM-15.28-SX-ERR", Situation.EventStaged, static (in Step s) =>
        {
            if (s.Seen.RaisedException == ExceptionVector.SX)
            {
                s.Expect().Allow(IsNot(ComparedField.Exception, ExceptionVector.SX))
                    .Allow(Is(ComparedField.ExceptionHasError, 1), Is(ComparedField.ExceptionError, 1));
            }
        }),
        new("SVM-15.14-TF-NO-KILL-L1", Situation.L2Exit, Codes.ByBit, static (in Step s) =>
        {
            // #GP in L2 in place of the #VMEXIT it owes L1: L0 could not write vmcb12.
            if (s.Intercepted(s.Code).IsYes && s.Seen.RaisedException == ExceptionVector.GP && !s.Exit.Interrupted.Valid && !s.Vcpu.Queued.Valid)
            {
                (s.Vcpu.MayOweEvent ? s.Assuming(Evidence.QueuedEvent) : s.Expect())
                    .Allow(Happens(ComparedField.ReflectedCode)).Allow(Happens(ComparedField.ShutdownReported)).Allow(IsNot(ComparedField.Exception, ExceptionVector.GP));
            }
        }),
    ];

    // With such an exit of the host, another #VMEXIT to L1 may have become due.
    private static bool IsPending(SvmExitCode code) => code.Value is >= 0x60 and <= 0x64;

    private static bool IsDoubleFault(EventInfo owed) => owed is { Valid: true, Type: EventType.Exception, Vector: ExceptionVector.DF };

    /// <summary>Whether L1 is shown something that faults or failures cause and that L1 need not have asked for.</summary>
    public static bool IsFault(SvmExitCode code) =>
        code == SvmExitCode.Npf || code == PF || code == MC || code == SvmExitCode.FerrFreeze || code == SvmExitCode.Shutdown;
}
