using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Group K: shutdown, FERR_FREEZE, INIT, machine check (APM2 15.12.18, 15.14, 15.21.8, 15.28).</summary>
internal static class Shutdown
{
    private static readonly SvmExitCode MC = SvmExitCode.OfException(ExceptionVector.MC), PF = SvmExitCode.OfException(ExceptionVector.PF);
    private static readonly ulong ShutdownExit = SvmExitCode.Shutdown.Value;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<Rule> Rows { get; } =
    [
        new(new("SVM-15.14-SHUTDOWN-L1", "15.14.3", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Critical,
                "Triple fault in L2 with SHUTDOWN intercepted by L1: #VMEXIT(SHUTDOWN), L1 keeps running.",
                "kvm_nested_intercepts.word3 bit31=1; kvm_userspace_exit SHUTDOWN while L2 active.",
                "kvm_nested_vmexit_inject 0x7f instead.") { Rank = 2530, Kvm = KvmFunctions.By("nested_svm_triple_fault") },
            Situation.ShutdownOfL2, static (in Step s) =>
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
        new(new("SVM-15.14-SHUTDOWN-NOINT", "15.14.3", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.High,
                "SHUTDOWN not intercepted: the processor shuts down (whole VM).",
                "kvm_nested_intercepts.word3 bit31=0.",
                "kvm_userspace_exit SHUTDOWN; kvm_nested_vmexit_inject 0x7f = violation.") { Rank = 2540, Kvm = KvmFunctions.By("nested_svm_triple_fault") },
            Situation.ShutdownOfL2 | Situation.LeftByFault, static (in Step s) =>
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
        new(new("SVM-15.14-SHUTDOWN-L0", "15.14.3", RuleScope.Processor, Visibility.Observable, Confidence.Certain, Severity.High,
                "A SHUTDOWN exit from hardware must reach user space; VMCB contents undefined so it is reset.",
                "kvm_exit 0x7f.",
                "kvm_userspace_exit SHUTDOWN.") { Rank = 2550, Kvm = KvmFunctions.By("shutdown_interception") },
            Situation.L1Rare, Codes.Of(SvmExitCode.Shutdown), static (in Step s) =>
            s.Expect().Allow(Happens(ComparedField.ShutdownReported))),
        new(new("SVM-15.14-FERR", "15.14.2", RuleScope.Composition, Visibility.Observable, Confidence.Certain, Severity.Low,
                "FERR_FREEZE intercept exit 0x7e when frozen with IGNNE deasserted and CR0.NE=0.",
                "kvm_nested_intercepts.word3 bit30; kvm_nested_vmexit_inject 0x7e.",
                "Bit 30 is set.") { Rank = 2560, Kvm = KvmFunctions.Absent },
            Situation.LeftByFault, static (in Step s) =>
        {
            if (s.Intercepted(SvmExitCode.FerrFreeze).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.FerrFreeze.Value));
            }
        }),
        new(new("SVM-15.12-MC", "15.12.18", RuleScope.Processor, Visibility.Observable, Confidence.Likely, Severity.Medium,
                "#MC intercepted -> exit 0x52 handled on the host, never silently lost.",
                "kvm_exit/kvm_nested_vmexit 0x52.",
                "L0-owned: no kvm_nested_vmexit_inject unless L1 set bit 18 and host chose to reflect.") { Rank = 2570, Kvm = KvmFunctions.By("mc_interception") },
            Situation.LeftByFault, static (in Step s) =>
        {
            if (s.Intercepted(MC).IsNo)
            {
                s.Assuming(Evidence.QueuedEvent).Allow(IsNot(ComparedField.ReflectedCode, MC.Value));
            }
        }),
        new(new("SVM-15.21-INIT-PENDING", "15.21.8", RuleScope.Emulation, Visibility.Partly, Confidence.Likely, Severity.Medium,
                "INIT to a vCPU in L2 without intercept resets it; L2 state is dropped.",
                "kvm_apic_accept_irq mode INIT; L2 running.",
                "L2 ends without kvm_nested_vmexit_inject; with INIT intercepted it may not.") { Rank = 2580, Kvm = KvmFunctions.By("kvm_leave_nested") },
            Situation.L2Lost, static (in Step s) =>
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
        new(new("SVM-15.28-SX-ERR", "15.28", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, Severity.Low,
                "#SX is vector 30 with error code 1.",
                "kvm_inj_exception vector 30.",
                "has_error=1, error_code=1.") { Rank = 2590, Kvm = KvmFunctions.Absent },
            Situation.EventStaged, static (in Step s) =>
        {
            if (s.Seen.RaisedException == ExceptionVector.SX)
            {
                s.Expect().Allow(IsNot(ComparedField.Exception, ExceptionVector.SX))
                    .Allow(Is(ComparedField.ExceptionHasError, 1), Is(ComparedField.ExceptionError, 1));
            }
        }),
        new(new("SVM-15.14-TF-NO-KILL-L1", "15.14.3", RuleScope.Composition, Visibility.Observable, Confidence.Likely, Severity.High,
                "A failing nested #VMEXIT (vmcb12 unmappable, bad host CR3) must end in shutdown of L1, not in continued L2/L1 " +
                    "execution.",
                "kvm_nested_vmexit, no kvm_nested_vmexit_inject, kvm_inj_exception #GP in L2 or repeated kvm_nested_vmexit.",
                "kvm_userspace_exit SHUTDOWN expected.") { Rank = 2610, Kvm = KvmFunctions.By("nested_svm_vmexit") },
            Situation.L2Exit, Codes.ByBit, static (in Step s) =>
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
