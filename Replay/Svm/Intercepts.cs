using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Svm;

/// <summary>Group D: which intercept an exit code stands for, and what EXITINFO1 and EXITINFO2 say (APM2 15.8 to 15.14, appendices B and C).</summary>
internal static class Intercepts
{
    private const Situation AtL2 = Situation.L2Exit | Situation.L2Emulated;

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-C1-CODE-BIT-MAP", Situation.LeftL2, InterceptCodes.HasItsBit),
        new("SVM-C1-CODE-DEFINED", Situation.OddReport | Situation.OddReflection, static code => !ExitInfo.IsDefined(code), InterceptCodes.IsDefined),
        new("SVM-C1-UPPER32", Situation.OddReport | Situation.OddReflection, static code => code.Value >> 32 is not (0 or uint.MaxValue), InterceptCodes.UpperHalf),
        new("SVM-15.9-CR-READ-MAP", AtL2, ControlRegisterIntercepts.MayRead, ControlRegisterIntercepts.Reads),
        new("SVM-15.9-CR-WRITE-MAP", AtL2, ControlRegisterIntercepts.MayWrite, ControlRegisterIntercepts.Writes),
        new("SVM-15.9-CR0-SEL-BITS", AtL2, ControlRegisterIntercepts.MayWrite, ControlRegisterIntercepts.SelectiveByBits),
        new("SVM-15.9-CR0-SEL-LMSW", Situation.L2Emulated, ControlRegisterIntercepts.SelectiveForLmsw),
        new("SVM-15.9-CR0-SEL-CLTS", Situation.L2Emulated, ControlRegisterIntercepts.NeverSelectiveForClts),
        new("SVM-15.9-CR0-SEL-ONLY-CR0", AtL2, ControlRegisterIntercepts.MayWrite, ControlRegisterIntercepts.SelectiveForCr0Only),
        new("SVM-15.9-CR0-SEL-PRIO", Situation.LeftL2, ControlRegisterIntercepts.PlainBeforeSelective),
        new("SVM-15.8-CR-INFO1", Situation.OddReport, Codes.Between(SvmExitCode.CrRead, new(0x01f)), ReportForms.ControlRegister),
        new("SVM-15.8-DR-INFO1", Situation.OddReport, Codes.Between(SvmExitCode.DrRead, new(0x03f)), ReportForms.DebugRegister),
        new("SVM-15.8-INTN-INFO1", Situation.OddReport | Situation.OddReflection, Codes.Of(SvmExitCode.SwInt), ReportForms.SoftwareInterrupt),
        new("SVM-15.8-INVLPG-INFO1", Situation.OddReport, Codes.Of(SvmExitCode.Invlpg), ReportForms.LinearAddress),
        new("SVM-15.8-INSNBYTES", Situation.L2Emulated, Codes.Of(SvmExitCode.Npf, SvmExitCode.OfException(ExceptionVector.PF)), ReportForms.InstructionBytes),
        new("SVM-15.10-IOIO-INFO1", Situation.OddReport | Situation.L2Exit | Situation.OddReflection, Codes.Of(SvmExitCode.Ioio), IoPermissions.Describes),
        new("SVM-15.10-IOIO-SEG", Situation.L2Emulated, IoPermissions.NamesSegment),
        new("SVM-15.10-IOIO-INFO2", Situation.OddReport, Codes.Of(SvmExitCode.Ioio), IoPermissions.NamesNextInstruction),
        new("SVM-15.10-IOIO-BYTES", Situation.L2Exit, Codes.Of(SvmExitCode.Ioio), IoPermissions.DecidesAlike),
        new("SVM-15.10-IOIO-PROT-OFF", Situation.L2Exit, Codes.Of(SvmExitCode.Ioio), InterceptCodes.OnlyIfIntercepted),
        new("SVM-15.10-IOIO-NO-RECHECK", AtL2, IoPermissions.MayAccess, IoPermissions.DecidesOnce),
        new("SVM-15.11-MSR-INFO1", Situation.OddReport | Situation.L2Exit | Situation.OddReflection, Codes.Of(SvmExitCode.Msr), MsrPermissions.Describes),
        new("SVM-15.11-MSRPM-LAYOUT", Situation.L2Exit, Codes.Of(SvmExitCode.Msr), MsrPermissions.DecidesByMap),
        new("SVM-15.11-MSR-UNCOVERED", Situation.L2Exit, Codes.Of(SvmExitCode.Msr), MsrPermissions.InterceptsUncovered),
        new("SVM-15.11-MSR-PROT-OFF", Situation.L2Exit, Codes.Of(SvmExitCode.Msr), InterceptCodes.OnlyIfIntercepted),
        new("SVM-15.12-EXC-CODE", Situation.OddReflection, ExceptionIntercepts.HasItsBit),
        new("SVM-15.12-EXC-ERRCODE", Situation.L2Exit | Situation.OddReport | Situation.OddReflection, ExceptionIntercepts.WithErrorCode, ExceptionIntercepts.HasErrorCode),
        new("SVM-15.12-PF-INFO2", Situation.L2Exit, Codes.OfExceptions(ExceptionVector.PF), ExceptionIntercepts.KeepsAddress),
        new("SVM-15.12-DB-DR6", Situation.StatesRecorded, StateRules.DebugStatusSaved),
        new("SVM-15.12-DB-ICEBP", Situation.L2Emulated, ExceptionIntercepts.IcebpIsNoDebugException),
        new("SVM-15.12-BP-RIP", Situation.L2Exit, Codes.OfExceptions(ExceptionVector.BP, ExceptionVector.OF, ExceptionVector.BR), ExceptionIntercepts.SavesOwnRip),
        new("SVM-15.12-VEC2-9", Situation.OddReflection, ExceptionIntercepts.NeverVectors2And9),
        new("SVM-15.12-SWINT-NOEXC", Situation.VmrunOutcome, ExceptionIntercepts.InterruptsAreNoExceptions),
        new("SVM-15.12-COMBINE-ORDER", Situation.DeliveryInterrupted, ExceptionIntercepts.CheckedBeforeCombined),
        new("SVM-15.14-TASKSW-INFO", Situation.OddReport, Codes.Of(SvmExitCode.TaskSwitch), ReportForms.TaskSwitch),
        new("SVM-15.14-TASKSW-SINGLE", Situation.L2Exit, Codes.Of(SvmExitCode.TaskSwitch), InterceptCodes.TaskSwitchOnly),
        new("SVM-15.25-NPF-INFO1", Situation.OddReport | Situation.OddReflection, Codes.Of(SvmExitCode.Npf), ReportForms.NestedPageFault),
        new("SVM-15.25-NPF-INFO2", Situation.L2Exit, Codes.Of(SvmExitCode.Npf), NestedPageFaults.KeepsAddress),
        new("SVM-15.25-NPF-STAGE-KEEP", Situation.L2Exit, Codes.Of(SvmExitCode.Npf), NestedPageFaults.KeepsStage),
        new("SVM-15.25-NPF-P-KEEP", Situation.L2Exit, Codes.Of(SvmExitCode.Npf), NestedPageFaults.KeepsPresent),
        new("SVM-15.13-SMI-INFO1", Situation.OddReport, Codes.Of(SvmExitCode.Smi), ReportForms.SystemManagementInterrupt),
        new("SVM-15.14-BUSLOCK-INFO", Situation.OddReport | Situation.OddReflection, Codes.Of(SvmExitCode.BusLock), ReportForms.BusLock),
        new("SVM-15.35-TRAP-INFO1", Situation.L1Rare | Situation.L2Exit, Codes.Between(SvmExitCode.EferWriteTrap, new(0x09f)), ReportForms.WriteTrap),
        new("SVM-15.29-AVIC-IPI-INFO", Situation.OddReport | Situation.L1Rare, Codes.Of(SvmExitCode.AvicIncompleteIpi), ReportForms.AvicIpi),
        new("SVM-15.29-AVIC-NOACCEL-INFO", Situation.L1Rare, Codes.Of(SvmExitCode.AvicNoAccel), ReportForms.AvicAccess),
        new("SVM-15.9-HLT-IDLEHLT", Situation.L2Exit, Codes.Of(SvmExitCode.Hlt, SvmExitCode.IdleHlt), InterceptCodes.HltBeforeIdleHlt),
        new("SVM-15.9-WBNOINVD", Situation.L2Emulated, InterceptCodes.WbnoinvdIsWbinvd),
        new("SVM-15.9-INVPCID-INFO", Situation.OddReport, Codes.Of(SvmExitCode.Invpcid), ReportForms.InvpcidType),
        new("SVM-15.14-PAUSE-COUNT", Situation.L2Exit, Codes.Of(SvmExitCode.Pause), InterceptCodes.PauseCounts),
        new("SVM-15.14-SHUTDOWN-CODE", Situation.L2Exit, Codes.Of(SvmExitCode.Shutdown), InterceptCodes.ShutdownCode),
        new("SVM-15.13-VINTR-CODE", Situation.VmrunEntered, InterceptCodes.VirtualInterruptStaysPending),
    ];
}
