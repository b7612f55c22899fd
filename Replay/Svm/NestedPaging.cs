using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

/// <summary>Group I: nested page faults, INVLPGA, PAT and MTRRs (APM2 15.16, 15.25).</summary>
internal static class NestedPaging
{
    // EXITINFO1 of a nested page fault (15.25.6).
    private const ulong Present = 1 << 0, Write = 1 << 1, User = 1 << 2, Reserved = 1 << 3, Fetch = 1 << 4, ShadowStack = 1 << 6;
    private const ulong FinalStage = 1UL << 32, TableStage = 1UL << 33, CheckedShadowStack = 1UL << 37;
    private const ulong IgnoredRootBits = 0x1f, Above32 = 0xffff_ffff_0000_0000;

    private static readonly SvmExitCode PF = SvmExitCode.OfException(ExceptionVector.PF);
    private static readonly Func<SvmExitCode, bool> Faults = Codes.Of(SvmExitCode.Npf);

    /// <summary>In the order of the statements.</summary>
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-15.25-NP-TRANSLATE-OWNER", Situation.L2Exit | Situation.LeftByFault, Faults, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12.NestedPaging.IsNo && s.Seen.LeftL2)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value));
            }
            else if (!s.Vcpu.Vmcb12.NestedPaging.IsNo && s.HasExit && s.Code == SvmExitCode.Npf)
            {
                s.Undecided(Evidence.NestedPageTables);
            }
        }),
        new("SVM-15.25-FAULT-ORDER", Situation.L2Exit, Codes.Of(SvmExitCode.Npf, PF), static (in Step s) =>
        {
            // A second access of the same instruction would explain it.
            bool table = s.Code == PF || (s.Exit.Info1 & TableStage) != 0;
            if (table && s.Vcpu.LastFinalFault == s.Exit.Rip)
            {
                s.Assuming(Evidence.InstructionBytes).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new("SVM-15.25-PF-NOT-L1", Situation.LeftByFault, static (in Step s) =>
        {
            if (s.Intercepted(PF).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, PF.Value));
            }
        }),
        new("SVM-15.25-USER-BIT", Situation.NestedPageFault, static (in Step s) =>
        {
            // Supervisor fetches under GMET and supervisor shadow stacks are the manual's exceptions.
            if ((s.Exit.Info1 & (Fetch | ShadowStack | CheckedShadowStack)) == 0)
            {
                s.Expect().Allow(Is(ComparedField.ExitInfo1, User, User)).ByProcessor();
                ForL1(s, Is(ComparedField.ReflectedInfo1, User, User));
            }
        }),
        new("SVM-15.25-ROGPT-WRITE", Situation.NestedPageFault, static (in Step s) =>
        {
            if ((s.Exit.Info1 & TableStage) != 0)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Is(ComparedField.ExitInfo1, Write, Write)).ByProcessor();
            }
        }),
        new("SVM-15.25-NCR3-LOW-IGN", Situation.VmrunOutcome, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12.NestedPaging.IsYes && s.Vcpu.Vmcb12[VmcbField.NCr3].Any(IgnoredRootBits).IsYes)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),
        new("SVM-15.16-TLBCTL-HONOUR", Situation.StatesRecorded, StateRules.TlbControlHonoured),
        new("SVM-15.16-INVLPGA-OPERANDS", Situation.SvmInstruction | Situation.L2Exit, Codes.Of(SvmExitCode.Invlpga), static (in Step s) =>
        {
            if (s.Seen.HasInstruction && s.Seen.Mode != DecodeMode.Long64)
            {
                s.Assuming(Evidence.OperatingMode).Allow(HappensNot(ComparedField.InvlpgaExecuted)).Allow(Is(ComparedField.InvlpgaAddress, 0, Above32));
            }
        }),
        new("SVM-15.25-PAT-SEPARATE", Situation.SharedMsr, static (in Step s) =>
        {
            if (Reads(s, SharedMsrs.PatIndex) && s.Level == GuestLevel.L1 && s.Vcpu.Shared is { Pat.IsKnown: true, PatWrittenByL2: true })
            {
                s.Expect().Allow(Is(ComparedField.MsrFaulted, 1)).Allow(Is(ComparedField.MsrValue, s.Vcpu.Shared.Pat.Value));
            }
        }),
        new("SVM-15.25-MTRR-SHARED", Situation.SharedMsr, static (in Step s) =>
        {
            if (s.Seen.HasMsr && !s.Seen.Msr.Write && s.Vcpu.Shared.Mtrr(s.Seen.Msr.Index) is { IsKnown: true } known)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Is(ComparedField.MsrFaulted, 1)).Allow(Is(ComparedField.MsrValue, known.Value));
            }
        }),
        new("SVM-15.25-GMET", Situation.NestedPageFault, static (in Step s) =>
        {
            if ((s.Exit.Info1 & User) == 0)
            {
                s.Assuming(Evidence.VmcbControlArea).Allow(Is(ComparedField.ExitInfo1, Fetch, Fetch)).ByProcessor();
            }
        }),
        new("SVM-15.25-A20", Situation.StatesRecorded, StateRules.NoA20Mask),

        // Flushing more than the manual asks for is allowed and flushing less needs guest memory: no recorded state breaks it.
        new("SVM-15.16-ASID-CURRENT", Situation.None, Rule.SaysNothing),
        new("SVM-15.25-RSVD-BIT", Situation.LeftByFault, static (in Step s) => s.Expect()
            .Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value))
            .Allow(Is(ComparedField.ReflectedInfo1, 0, Reserved))
            .Allow(Is(ComparedField.ReflectedInfo1, Present, Present))),
    ];

    /// <summary>Whether a nested page fault of L1 looks as nearly all do, so that no rule need look at it.</summary>
    public static bool IsUsual(in HardwareExit exit) =>
        exit.Code != SvmExitCode.Npf || (exit.Info1 & (User | TableStage)) == User || (exit.Info1 & (User | Write)) == (User | Write);

    /// <summary>Whether a nested page fault is about the final translation, not about a table of the guest.</summary>
    public static bool IsFinal(in HardwareExit exit) => exit.Code == SvmExitCode.Npf && (exit.Info1 & (FinalStage | TableStage)) == FinalStage;

    private static bool Reads(in Step s, uint index) => s.Seen.HasMsr && !s.Seen.Msr.Write && s.Seen.Msr.Index == index;

    // What the processor got wrong is not L0's fault when it is passed on.
    private static void ForL1(in Step s, Constraint wanted)
    {
        if (s.Seen.LeftL2 && (s.Exit.Info1 & User) != 0)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value)).Allow(wanted);
        }
    }
}
