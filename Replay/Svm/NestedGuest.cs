using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Svm;

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
    public static IReadOnlyList<RuleRow> Rows { get; } =
    [
        new("SVM-L-REFLECT-DEFAULT", Situation.L2Exit, Codes.ByBit, NestedReflection.ByBit),
        new("SVM-L-REFLECT-IMMEDIATE", Situation.L2Exit, Codes.ByBit, static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes && !NestedReflection.Exempt(s))
            {
                NestedReflection.AllowUnsupported(s, s.Expect()).Allow(Is(ComparedField.EntryLevel, EntryL1));
            }
        }),
        new("SVM-L-NI-CODE-EQ", Situation.LeftL2, NestedReflection.Code),
        new("SVM-L-NI-INFO-EQ", Situation.LeftL2, NestedReflection.Info),
        new("SVM-L-NI-INTINFO-EQ", Situation.LeftL2, NestedReflection.IntInfo),
        new("SVM-L-SIMPLE-INFO-ZERO", Situation.LeftL2, NestedReflection.SimpleInfoZero),
        new("SVM-L-L0-OWNED", Situation.L2Exit, Codes.Of(SvmExitCode.Intr, SvmExitCode.Nmi), static (in Step s) =>
        {
            if (s.Seen.LeftL2 && s.Header.Listed.Has(HappeningKind.NestedIntrVmexit))
            {
                s.Assuming(Evidence.PendingInterrupts)
                    .Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value)).Allow(Happens(ComparedField.IntrReflectionAnnounced));
            }
        }),
        new("SVM-L-EXC-OWNER", Situation.L2Exit, Codes.OfExceptions(ExceptionVector.UD, ExceptionVector.GP, ExceptionVector.AC), NestedReflection.ExceptionNotSwallowed),
        new("SVM-L-EXC-REFLECT-FIRST", Situation.L2Exit | Situation.EventStaged, Codes.Exceptions, NestedReflection.ExceptionReflectedFirst),
        new("SVM-L-EMU-CHECK", Situation.L2Emulated, NestedReflection.EmulatedIsChecked),
        new("SVM-L-EMU-NOSPURIOUS", Situation.L2Emulated, static (in Step s) =>
        {
            if (s.Seen.Instruction.Code is { } code && s.Code != code && InterceptBits.DecidedByBit(code) && s.Intercepted(code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, code.Value));
            }
        }),
        new("SVM-L-GP-INSN-CONDITIONAL", Situation.L2Emulated, Codes.OfExceptions(ExceptionVector.GP), static (in Step s) =>
        {
            if (s.Seen.Instruction.Code is { } code
                && (code == SvmExitCode.Vmrun || code == SvmExitCode.Vmload || code == SvmExitCode.Vmsave) && s.Intercepted(code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, code.Value));
            }
        }),
        new("SVM-L-VMRUN-L2", Situation.L2Exit, Codes.Of(SvmExitCode.Vmrun), static (in Step s) =>
            s.Expect().Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Vmrun.Value), HappensNot(ComparedField.VmrunsEntered))),
        new("SVM-L-VMLOADSAVE-L2", Situation.L2Exit, Codes.Of(SvmExitCode.Vmload, SvmExitCode.Vmsave), static (in Step s) =>
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
        new("SVM-L-STGI-CLGI-L2", Situation.L2Exit, Codes.Of(SvmExitCode.Stgi, SvmExitCode.Clgi), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new("SVM-L-INVLPGA-L2", Situation.L2Exit, Codes.Of(SvmExitCode.Invlpga), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value), HappensNot(ComparedField.InvlpgaExecuted));
            }
        }),
        new("SVM-L-SKINIT-L2", Situation.L2Exit, Codes.Of(SvmExitCode.Skinit), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsYes)
            {
                NestedReflection.AllowUnsupported(s, s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value), HappensNot(ComparedField.SkinitMet)));
            }
        }),
        new("SVM-L-IOIO-UNION", Situation.L2Exit, Codes.Of(SvmExitCode.Ioio), static (in Step s) =>
        {
            if (s.Vcpu.PortIntercepted.IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new("SVM-L-MSR-UNION", Situation.L2Exit, Codes.Of(SvmExitCode.Msr), static (in Step s) =>

            // An access that was carried out was not intercepted: it cannot be reflected afterwards.
            s.Expect().Allow(HappensNot(ComparedField.MsrAccessed)).Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value))),
        new("SVM-L-CR8-INTERCEPT", Situation.L2Exit, Codes.Of(SvmExitCode.Cr8Write), static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes && s.Intercepted(s.Code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new("SVM-L-PENDING-PRIO", Situation.L2Exit, Codes.Exceptions, static (in Step s) =>
        {
            // An exception of the instruction comes before an interrupt at the boundary behind it.
            if (s.Code != DB && s.Code != MC && s.Code != PF && s.Intercepted(s.Code).IsYes && !s.Seen.MayHaveInstruction)
            {
                s.Assuming(Evidence.PendingInterrupts)
                    .Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value), IsNot(ComparedField.ReflectedCode, SvmExitCode.Nmi.Value));
            }
        }),
        new("SVM-L-RUN-PENDING", Situation.VmrunEntered, static (in Step s) =>
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
        new("SVM-L-INJ-BLOCK", Situation.LeftL2, static (in Step s) =>
        {
            // Where an entry stands between, EXITINTINFO is recorded before the event that was begun is put into it.
            EventInfo begun = s.Seen.BegunBeforeReflection;
            if (begun.Valid && NestedReflection.FromL2(s) && !s.Seen.ShownBehindEntry)
            {
                ExitIntInfo.Shown(s, Is(ComparedField.ReflectedIntInfo, begun.Raw, ExitIntInfo.Identity));
            }
        }),
        new("SVM-L-IRQ-NOT-LOST", Situation.L2Exit, static (in Step s) =>
        {
            // An interrupt for L1 that arrives while L2 runs shows at once, unless L1 or L2 masks it.
            if (s.Seen.Kinds.Has(HappeningKind.ApicAcceptIrq) && !s.Seen.LeftL2 && s.Intercepted(SvmExitCode.Intr).IsYes)
            {
                // RFLAGS.IF of L1 decides only with V_INTR_MASKING; without it that of L2 does (15.21.1).
                Truth unmasked = s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes ? s.Vcpu.Rflags[Rflags.IF] : Truth.Unknown;
                s.When(unmasked, Evidence.Rflags).Allow(Happens(ComparedField.ReflectedCode));
            }
        }),
        new("SVM-L-VINTR-L0-WINDOW", Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new("SVM-L-VINTR-NO-SPURIOUS", Situation.L2Exit, Codes.Of(SvmExitCode.VIntr), static (in Step s) =>
        {
            // One window without an interrupt is chance; a storm of them can never be delivered.
            if (s.Intercepted(s.Code).IsNo && s.Vcpu.Vmcb12[VmcbField.IntCtl][VIntrMasking].IsYes
                && s.Vcpu.FruitlessWindows >= WindowStorm)
            {
                s.When(!s.Vcpu.Rflags[Rflags.IF], Evidence.Rflags).Allow(IsNot(ComparedField.ExitCode, s.Code.Value));
            }
        }),
        new("SVM-L-HLT-L2-WAKE", Situation.L2Exit, Codes.Of(SvmExitCode.Hlt), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Assuming(Evidence.PendingInterrupts).Allow(Is(ComparedField.WakeupsAfterReflection, 0));
            }
        }),
        // Whether RSM itself starts L2 with a sign depends on the kernel; who exits next does not. A pretended exit is shown to L1.
        new("SVM-L-SMM-ROUNDTRIP", Situation.BehindSmm, static (in Step s) =>
            s.Expect().Allow(Is(ComparedField.ExitOfL2, 1)).Allow(Happens(ComparedField.ReflectedCode))),
        new("SVM-L-SMM-RECHECK", Situation.VmrunEntered, static (in Step s) =>
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
        new("SVM-L-TDP-FLAG", Situation.None, Rule.SaysNothing),
        new("SVM-L-DB-VMRUN", Situation.LeftL2, static (in Step s) =>
        {
            if (s.Vcpu.Rflags[Rflags.TF].IsYes)
            {
                s.Expect().Allow(Is(ComparedField.Exception, ExceptionVector.DB));
            }
        }),
        new("SVM-L-PF-L0-ASYNC", Situation.L2Exit, Codes.OfExceptions(ExceptionVector.PF), static (in Step s) =>
        {
            if (s.Seen.AsyncPageFault && s.Intercepted(PF).IsNo)
            {
                s.Assuming(Evidence.HostPaging).Allow(IsNot(ComparedField.ReflectedCode, PF.Value));
            }
        }),
        new("SVM-L-TRIPLE-ERR", Situation.L2Exit, Codes.Of(SvmExitCode.Invalid), static (in Step s) =>
            s.Expect().Allow(Is(ComparedField.ReflectedCode, Invalid))),
        new("SVM-L-ERR-L0", Situation.InvalidExit, static (in Step s) =>
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
        new("SVM-L-HV-TLBFLUSH", Situation.L2Exit, Codes.Of(SvmExitCode.Vmmcall), static (in Step s) =>
        {
            if (s.Seen.HypervFlush && s.Intercepted(s.Code).IsYes)
            {
                s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new("SVM-L-PAUSE-OWNER", Situation.L2Exit, Codes.Of(SvmExitCode.Pause), static (in Step s) =>
        {
            if (s.Intercepted(s.Code).IsNo)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            }
        }),
        new("SVM-L-L1-DECODE", Situation.L2Emulated, static (in Step s) =>
        {
            if (s.Seen.Instruction is { IsLmsw: false, Name: "MOV", Code: { } code } && code != s.Code && code.Value <= 0x1f
                && s.Vcpu.Profile.Has(CpuFeature.DecodeAssists).IsYes)
            {
                s.Assuming(Evidence.GuestCpuid).Allow(IsNot(ComparedField.ReflectedCode, code.Value)).Allow(Is(ComparedField.ReflectedInfo1, 1UL << 63, 1UL << 63));
            }
        }),
        new("SVM-L-CPUID-LIMITS", Situation.L2Exit, Codes.Of(SvmExitCode.Nmi), static (in Step s) =>
        {
            // V_NMI in use although the virtual CPU lacks it: a pending virtual NMI must not be delivered.
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl][IntCtlBits.VNmiEnableBit].IsYes && s.Vcpu.Profile.Has(CpuFeature.VNmi).IsNo)
            {
                s.Undecided(Evidence.NmiInjection);
            }
        }),
        new("SVM-L-INT-CTL-RESERVED", Situation.VmrunOutcome, static (in Step s) =>
        {
            if (s.Vcpu.Vmcb12[VmcbField.IntCtl].Any(IntCtlReserved).IsYes)
            {
                VmrunChecks.NoReasonToRefuse(s);
            }
        }),

        // A decision inside L0 that no state of the guest shows.
        new("SVM-L-MSR-ACTIVE-BITMAP", Situation.None, Rule.SaysNothing),
        new("SVM-L-RESTORE-EQUIV", Situation.StatesRecorded, StateRules.RestoreIsTransparent),
    ];
}
