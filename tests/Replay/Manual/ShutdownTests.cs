using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Replay.Support;
using static Differ.Tests.Replay.Support.RuleState;

namespace Differ.Tests.Replay.Manual;

/// <summary>Group K, in the order of the rules.</summary>
public sealed class ShutdownTests : RuleTests<ShutdownTests>, IRuleCases
{
    private const uint ShutdownReason = 8, InternalError = 17;
    private const ulong InitMode = 0x500;
    private const byte SX = 30;
    private const string BitMap = "SVM-C1-CODE-BIT-MAP";

    private static readonly uint DoubleFault = EventInfo.Of(EventType.Exception, ExceptionVector.DF).Raw;
    private static readonly SvmExitCode MC = SvmExitCode.OfException(ExceptionVector.MC);

    public static IReadOnlyList<RuleCase> All =>
    [
        // "Triple fault in L2 with SHUTDOWN intercepted by L1: #VMEXIT(SHUTDOWN), L1 keeps running."
        new("SVM-15.14-SHUTDOWN-L1",
            Breaks(L2(SvmExitCode.Shutdown).L2Exit(SvmExitCode.Shutdown).AsksUserspace(ShutdownReason).Stays(),
                "SVM-15.14-SHUTDOWN-CODE", "SVM-L-REFLECT-DEFAULT", "SVM-L-REFLECT-IMMEDIATE"),
            Breaks(L2(SvmExitCode.Shutdown).L2Exit(SvmExitCode.Hlt).AsksUserspace(ShutdownReason).Entry(0xfff0)),
            BreaksAssuming(Evidence.QueuedEvent, L2(SvmExitCode.Shutdown).L2Exit(SvmExitCode.Npf, intInfo: DoubleFault).AsksUserspace(ShutdownReason).Entry(0xfff0)),
            Undecided(Evidence.QueuedEvent, L2(SvmExitCode.Shutdown).L2Exit(SvmExitCode.Npf).AsksUserspace(ShutdownReason).Stays()),
            Silent("L1 itself may have shut down", L2(SvmExitCode.Shutdown).L2Exit(SvmExitCode.Intr).AsksUserspace(ShutdownReason).Stays()),
            Keeps(L2(SvmExitCode.Shutdown).L2Exit(SvmExitCode.Shutdown).Reflects(SvmExitCode.Shutdown)),
            Silent("L1 intercepts the exit", L2(SvmExitCode.Shutdown, SvmExitCode.Hlt).L2Exit(SvmExitCode.Hlt).Reflects(SvmExitCode.Hlt).AsksUserspace(ShutdownReason)),
            Silent("the VMM was asked for something else", L2(SvmExitCode.Shutdown).L2Exit(SvmExitCode.Npf).AsksUserspace(InternalError).Stays())),

        // "SHUTDOWN not intercepted: the processor shuts down."
        new("SVM-15.14-SHUTDOWN-NOINT",
            Breaks(L2().L2Exit(SvmExitCode.Shutdown).Stays()),
            Breaks(L2().L2Exit(SvmExitCode.Shutdown).AsksUserspace(ShutdownReason).Reflects(SvmExitCode.Shutdown),
                BitMap, "SVM-15.14-SHUTDOWN-CODE", "SVM-L-REFLECT-DEFAULT"),
            Breaks(L2().L2Exit(SvmExitCode.Npf).Reflects(SvmExitCode.Shutdown), BitMap),
            Keeps(L2().L2Exit(SvmExitCode.Shutdown).AsksUserspace(ShutdownReason)),
            Undecided(Evidence.Tracepoint, L2().Without(KvmEventKind.UserspaceExit).L2Exit(SvmExitCode.Shutdown).Stays()),
            Silent("nothing of the kind happened", L2().L2Exit(SvmExitCode.Npf).Stays())),

        // "A SHUTDOWN exit from hardware must reach user space."
        new("SVM-15.14-SHUTDOWN-L0",
            Breaks(new RunStory().L1Exit(SvmExitCode.Shutdown).Stays()),
            Keeps(new RunStory().L1Exit(SvmExitCode.Shutdown).AsksUserspace(ShutdownReason).AsksUserspace(InternalError)),
            Undecided(Evidence.RecordingEnd, new RunStory().L1Exit(SvmExitCode.Shutdown).Ends())),

        // "FERR_FREEZE intercept": bit 30 is set.
        new("SVM-15.14-FERR",
            Breaks(L2().L2Exit(SvmExitCode.Npf).Emulates("9b").Reflects(SvmExitCode.FerrFreeze), BitMap),
            Keeps(L2().L2Exit(SvmExitCode.Npf).Reflects(SvmExitCode.Npf)),
            Silent("L1 asked for it", L2(SvmExitCode.FerrFreeze).L2Exit(SvmExitCode.Npf).Emulates("90").Reflects(SvmExitCode.Npf))),

        // "#MC intercepted: handled on the host", and L1's only where L1 asked for it.
        new("SVM-15.12-MC",
            BreaksAssuming(Evidence.QueuedEvent, L2().L2Exit(MC).Reflects(MC), BitMap, "SVM-15.12-EXC-CODE"),
            Keeps(L2().L2Exit(SvmExitCode.Npf).Reflects(SvmExitCode.Npf)),
            Silent("L1 intercepts it", L2(MC).L2Exit(MC).Reflects(MC))),

        // "INIT to a vCPU in L2 without intercept resets it": with the intercept it must not.
        new("SVM-15.21-INIT-PENDING",
            BreaksAssuming(Evidence.PendingInterrupts, Init(SvmExitCode.Init), "SVM-15.6-EXIT-ONCE"),
            Keeps(Init()),
            Silent("there was no INIT", L2(SvmExitCode.Init).L2Exit(SvmExitCode.Intr).AsksUserspace(InternalError).L1Exit(SvmExitCode.Hlt))),

        // "#SX is vector 30 with error code 1."
        new("SVM-15.28-SX-ERR",
            Breaks(new RunStory().L1Exit(SvmExitCode.Intr).Raises(SX, 2)),
            Keeps(new RunStory().L1Exit(SvmExitCode.Intr).Raises(SX, 1)),
            Silent("another exception", new RunStory().L1Exit(SvmExitCode.Intr).Raises(ExceptionVector.GP, 2))),

        // "A failing nested #VMEXIT must end in shutdown of L1, not in continued execution."
        new("SVM-15.14-TF-NO-KILL-L1",
            BreaksAssuming(Evidence.QueuedEvent, L2(SvmExitCode.Vmmcall).L2Exit(SvmExitCode.Vmmcall).Raises(ExceptionVector.GP, 0),
                "SVM-15.9-VMMCALL-PRIO", "SVM-L-REFLECT-DEFAULT", "SVM-L-REFLECT-IMMEDIATE"),
            Silent("L1 is shown the #VMEXIT", L2(SvmExitCode.Vmmcall).L2Exit(SvmExitCode.Vmmcall).Reflects(SvmExitCode.Vmmcall))),
    ];

    private static RunStory L2(params SvmExitCode[] intercepts) => new RunStory().SvmeOn().Vmrun(intercepts);

    private static RunStory Init(params SvmExitCode[] intercepts) => L2(intercepts).L2Exit(SvmExitCode.Intr).Stays()
        .Happens(KvmEventKind.ApicAcceptIrq, 0, InitMode, 0, 0).L1Exit(SvmExitCode.Hlt);
}
