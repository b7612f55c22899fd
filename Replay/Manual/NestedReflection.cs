using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>What L1 is shown when L2 is left, and when it must be: the longer judgements of group L.</summary>
internal static class NestedReflection
{
    private const ulong Valid = EventInfo.ValidBit, EntryL1 = 1;

    private static readonly SvmExitCode DB = SvmExitCode.OfException(ExceptionVector.DB), UD = SvmExitCode.OfException(ExceptionVector.UD),
        PF = SvmExitCode.OfException(ExceptionVector.PF), MC = SvmExitCode.OfException(ExceptionVector.MC);

    public static bool FromL2(in Step s) => s.HasExit && s.Level == GuestLevel.L2;

    // The enlightened TLB flush of Hyper-V is L0's by agreement. A virtual interrupt exit while L1 requests none (V_IRQ=0,
    // 15.21.4) is that of L0's own window.
    public static bool Exempt(in Step s) =>
        (s.Code == SvmExitCode.Vmmcall && s.Seen.MayFlushForHyperv && !s.Intercepted(s.Code).IsNo)
        || (s.Code == SvmExitCode.VIntr && s.Vcpu.Vmcb12[VmcbField.IntCtl][InterruptControl.VIrq].IsNo);

    // Where the virtual CPU may lack the instruction, newer kernels ignore L1's intercept and raise #UD. Where vmcb12 cannot be
    // written, L1 shuts down.
    public static Expecting AllowUnsupported(in Step s, Expecting expecting)
    {
        if (s.Code != SvmExitCode.Shutdown)
        {
            expecting.Allow(Is(ComparedField.UserspaceReason, UserspaceExit.ShutdownReason));
        }

        if (ExitTable.Of(s.Code).Feature is { } feature && !s.Vcpu.Profile.Has(feature).IsYes)
        {
            expecting.Allow(Is(ComparedField.Exception, ExceptionVector.UD)).Allow(Is(ComparedField.ReflectedCode, UD.Value));
        }

        return expecting;
    }

    // With both intercepts of MWAIT the conditional one goes first where the monitor is armed (table 15-7).
    private static Expecting AllowConditional(in Step s, Expecting expecting) =>
        s.Code == SvmExitCode.Mwait && !s.Vcpu.MonitorArmed.IsNo && !s.Intercepted(SvmExitCode.MwaitConditional).IsNo
            ? expecting.Allow(Is(ComparedField.ReflectedCode, SvmExitCode.MwaitConditional.Value)) : expecting;

    // "If vmcb12 intercepts the event, the exit is reflected; if not, L0 must handle it invisibly."
    public static void ByBit(in Step s)
    {
        if (Exempt(s))
        {
            return;
        }

        Truth intercepted = s.Intercepted(s.Code);
        if (intercepted.IsNo)
        {
            // Handled invisibly: L2 does not stop for good at an instruction that a processor executes.
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
            s.Expect().Allow(IsNot(ComparedField.UserspaceReason, UserspaceExit.InternalErrorReason));
        }
        else
        {
            AllowConditional(s, AllowUnsupported(
                s, s.When(intercepted, Evidence.Vmcb12Controls).Allow(Is(ComparedField.ReflectedCode, s.Code.Value))));
        }
    }

    // The code L1 is shown is the processor's, or one of those that something else justifies.
    public static void Code(in Step s)
    {
        if (!FromL2(s) || !s.Header.Listed.Has(KvmEventKind.EmulateInstruction))
        {
            return;
        }

        // INTR, NMI, SMI or INIT that became pending, an exception, shutdown, the kernel's own code: these need no instruction.
        Expecting expecting = s.Expect()
            .Allow(Is(ComparedField.ReflectedCode, s.Code.Value))
            .Allow(IsCausedByEvent(ComparedField.ReflectedCode));
        AllowConditional(s, expecting);
        if (s.Seen.HasInstruction)
        {
            // An emulated access may meet a nested page fault, or the APIC page of an L2 with AVIC; an emulated instruction has its own intercept.
            expecting.Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Npf.Value));
            if (!s.Vcpu.Vmcb12[VmcbField.IntCtl][IntCtlBits.AvicEnableBit].IsNo)
            {
                expecting.Allow(Is(ComparedField.ReflectedCode, SvmExitCode.AvicNoAccel.Value)).Allow(Is(ComparedField.ReflectedCode, SvmExitCode.AvicIncompleteIpi.Value));
            }

            if (s.Seen.Instruction.Code is { } code)
            {
                expecting.Allow(Is(ComparedField.ReflectedCode, code.Value));
            }
            else
            {
                // The decoder could not tell: nothing can be held against the code.
                expecting.Allow(Happens(ComparedField.ReflectedCode));
            }
        }

        if ((s.Code.Value & ~0xfUL) == SvmExitCode.CrWrite.Value || s.Seen.Instruction.Code is { Value: 0x10 })
        {
            expecting.Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Cr0SelWrite.Value));
        }
    }

    // Only a reflection that nothing came in between: no emulation, no event of L0's own.
    public static void Info(in Step s)
    {
        ExitRow row = ExitTable.Of(s.Code);
        ulong info1 = row.Info1, info2 = row.Info2;
        if (!FromL2(s) || (info1 | info2) == 0 || s.Seen.MayHaveInstruction)
        {
            return;
        }

        ByPaging(s).Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value))
            .Allow(Is(ComparedField.ReflectedInfo1, s.Exit.Info1, info1), Is(ComparedField.ReflectedInfo2, s.Exit.Info2, info2));
    }

    public static void IntInfo(in Step s)
    {
        EventInfo interrupted = s.Exit.Interrupted;
        bool begun = s.Seen.BegunBeforeReflection.Valid && s.Seen.BegunBeforeReflection != interrupted;
        if (!FromL2(s) || !s.Exit.IntInfo.IsKnown || begun)
        {
            return;
        }

        if (interrupted.Valid)
        {
            // KVM keeps the type of an NMI but not its vector.
            ulong identity = interrupted.Type == EventType.Nmi ? Valid | EventInfo.TypeField : ExitIntInfo.Identity;
            ExitIntInfo.Shown(s, Is(ComparedField.ReflectedIntInfo, interrupted.Raw, identity));
        }
        else if (!s.Vcpu.MayOweEvent && !s.Seen.MayHaveBegun)
        {
            ExitIntInfo.Shown(s, Is(ComparedField.ReflectedIntInfo, 0, Valid));
        }
    }

    public static void SimpleInfoZero(in Step s)
    {
        bool direct = s.HasExit && (s.Code == SvmExitCode.Smi || s.Code == SvmExitCode.Shutdown);
        if (!direct)
        {
            Expecting expecting = s.Expect();
            if (s.Seen.ShownBehindEntry)
            {
                // For an NMI what stood there is left, which the manual does not forbid.
                expecting.Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Nmi.Value));
            }

            expecting.Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Intr.Value, ~3UL), IsNot(ComparedField.ReflectedCode, SvmExitCode.Shutdown.Value))
                .Allow(Is(ComparedField.ReflectedInfo1, 0), Is(ComparedField.ReflectedInfo2, 0));
        }
    }

    // An exception that only L0 intercepts is raised in L2, or something else takes the guest on; it is not swallowed.
    public static void ExceptionNotSwallowed(in Step s)
    {
        if (s.Seen.Instruction.Code == SvmExitCode.Vmmcall)
        {
            return;
        }

        s.When(!s.Intercepted(s.Code), Evidence.Vmcb12Controls)
            .Allow(Happens(ComparedField.Exception))
            .Allow(Happens(ComparedField.ReflectedCode))
            .Allow(IsNot(ComparedField.EntryRip, s.Exit.Rip))
            .Allow(Happens(ComparedField.UserspaceReason))
            .Allow(Happens(ComparedField.SmmEntered));
    }

    // L1 gets the exception although L0 intercepts it too; an instruction that L0 completes raises none.
    public static void ExceptionReflectedFirst(in Step s)
    {
        if (!FromL2(s))
        {
            return;
        }

        RaisedExceptionReflected(s);
        bool never = !s.Code.IsException || s.Code == DB || s.Code == MC || s.Code.Vector == ExceptionVector.Nmi;
        if (never || !s.Intercepted(s.Code).IsYes)
        {
            return;
        }

        Expecting expecting = ByPaging(s).Allow(Is(ComparedField.ReflectedCode, s.Code.Value)).Allow(Happens(ComparedField.UserspaceReason));
        if (s.Seen.MayHaveInstruction)
        {
            expecting.Allow(Happens(ComparedField.ReflectedCode)).Allow(HappensNot(ComparedField.Exception), IsNot(ComparedField.EntryRip, s.Exit.Rip));
        }

        if (s.Seen.AsyncPageFault)
        {
            expecting.Allow(HappensNot(ComparedField.Exception));
        }
    }

    // On a host without nested paging a #PF may be a fault of L0's shadow tables, which L1 must not see.
    private static Expecting ByPaging(in Step s)
    {
        if (s.Code != PF)
        {
            return s.Expect();
        }

        return s.When(s.Vcpu.HostPaging.IsYes ? Truth.Yes : Truth.Unknown, s.Vcpu.HostPaging.IsNo ? Evidence.ShadowPageTables : Evidence.HostPaging);
    }

    // An exception that L0 itself raises for L2's instruction is L1's as well; one that is delivered again is not new.
    private static void RaisedExceptionReflected(in Step s)
    {
        bool owed = s.Exit.Interrupted.Valid || s.Vcpu.Queued.Valid || s.Vcpu.Vmcb12.EventInj.Valid;
        if (!owed && s.Seen.RaisedException is < 32 and { } vector && s.Intercepted(SvmExitCode.OfException(vector)).IsYes)
        {
            s.Expect().Allow(Is(ComparedField.EntryLevel, EntryL1)).Allow(IsNot(ComparedField.Exception, vector)).Allow(Is(ComparedField.StagedAgain, 1));
        }
    }

    public static void EmulatedIsChecked(in Step s)
    {
        if (s.Seen.Instruction.Code is not { } code || s.Code == code || s.Code == UD || !InterceptBits.DecidedByBit(code) || !s.Intercepted(code).IsYes)
        {
            return;
        }

        // LMSW and CLTS check the plain and the selective intercept; which of them comes first is another rule's.
        s.Expect()
            .Allow(Is(ComparedField.ReflectedCode, code.Value))
            .Allow(Happens(ComparedField.ReflectedCode))
            .Allow(Happens(ComparedField.Exception))
            .Allow(Is(ComparedField.EmulationFailed, 1))
            .Allow(Happens(ComparedField.UserspaceReason))
            .Allow(Is(ComparedField.EntryRip, s.Exit.Rip));
    }
}
