using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>What #VMEXIT saves, and the L1 it goes back to: judgements of group C.</summary>
internal static class Vmexit
{
    private const ulong EntryL1 = 1, EntryL2 = 2;
    private const ulong NmiEvent = EventInfo.ValidBit | ((ulong)EventType.Nmi << 8), TypeAndValid = EventInfo.ValidBit | EventInfo.TypeField;

    // Right after the #VMEXIT nothing can have set GIF; later only where L1 has not moved since.
    public static void ClearsGif(in Step s)
    {
        if (s.Seen.LeftL2)
        {
            StateRules.GifIsClearBehindExit(s);
            AllowL2(s, s.Expect().Allow(HappensNot(ComparedField.NewInterrupt)));
            if (s.EntryEventInj.IsKnown)
            {
                AllowL2(s, s.Expect().Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid)));
            }
        }
        else if (!s.Vcpu.LastVmrunRefused && StandsWithoutGif(s))
        {
            TakesNoInterrupt(s);
        }
        else if (s.HasExit && s.Level == GuestLevel.L1 && !s.Seen.HasVmenter && s.Vcpu.GifClearedByExit
            && s.Vcpu.ResumeRip.IsKnown && s.Exit.Rip == s.Vcpu.ResumeRip.Value)
        {
            s.Assuming(Evidence.Gif).Allow(HappensNot(ComparedField.NewInterrupt)).Allow(IsNot(ComparedField.EntryRip, s.Vcpu.ResumeRip.Value));
        }
    }

    /// <summary>L1 exits where the #VMEXIT of the record before left it, GIF clear, by anything but STGI.</summary>
    public static bool StandsWithoutGif(in Step s) =>
        s.HasExit && s.Level == GuestLevel.L1 && s.Vcpu.GoesOnWithoutGif.IsKnown && s.Vcpu.GoesOnWithoutGif.Value == s.Exit.Rip
        && s.Code != SvmExitCode.Stgi && !s.Seen.HasVmenter && !s.Vcpu.AskedMonitor;

    /// <summary>"INTR is held pending" while GIF is clear, and NMI too (15.17). The VMM and System Management Mode may set GIF.</summary>
    public static void TakesNoInterrupt(in Step s)
    {
        if (s.Seen.WentToUserspace || s.Seen.SmmEntered || s.Seen.SmmLeft)
        {
            return;
        }

        StateRules.GifIsClear(s);
        s.Expect().Allow(HappensNot(ComparedField.NewInterrupt));
        if (s.EntryEventInj.IsKnown)
        {
            s.Expect().Allow(IsNot(ComparedField.EntryEventInj, NmiEvent, TypeAndValid));
        }
    }

    public static void ResumesBehindVmrun(in Step s)
    {
        // The VMM may set RIP.
        if (s.Seen.LeftL2ForHostUse || s.Seen.SmmEntered || s.Seen.WentToUserspace)
        {
            return;
        }

        if (s.Vcpu.ResumeRip.IsKnown)
        {
            AllowL2(s, s.Expect().Allow(Is(ComparedField.EntryRip, s.Vcpu.ResumeRip.Value)).Allow(Happens(ComparedField.UserspaceReason)));
        }
        else
        {
            s.Undecided(Evidence.Vmcb12Controls);
        }
    }

    // System Management Mode may be left again in the same record.
    private static void AllowL2(in Step s, Expecting expecting)
    {
        if (s.Seen.HasVmenter)
        {
            expecting.Allow(Is(ComparedField.EntryLevel, EntryL2));
        }
    }

    // The checks that L0 names after L2 has run are of L1's own CR3 and PDPEs.
    public static void IllegalHostShutsDown(in Step s)
    {
        if (s.HasExit && s.Level == GuestLevel.L2 && s.Seen.LeftL2 && !s.Seen.HasVmenter)
        {
            s.Assuming(Evidence.ControlRegisters).Allow(Is(ComparedField.UserspaceReason, UserspaceExit.ShutdownReason));
        }
    }

    public static void ShowsNoEvent(in Step s)
    {
        if (NestedReflection.FromL2(s) && s.Exit.IntInfo.IsKnown && !s.Exit.Interrupted.Valid && !s.Vcpu.Queued.Valid && !s.Seen.MayHaveBegun)
        {
            ExitIntInfo.Shown(s, Is(ComparedField.ReflectedIntInfo, 0, EventInfo.ValidBit));
        }
    }

    // Before 5.12 a return from System Management Mode starts L2 without a sign, and the VMM may always.
    public static void InterceptsNothingOfL1(in Step s)
    {
        bool byMonitor = MonitorMayHaveActed(s) || (s.Seen.WentToUserspace && s.Level == GuestLevel.L1);
        if (byMonitor || s.Seen.SmmLeft || !s.Header.Listed.Has(KvmEventKind.SmmTransition))
        {
            s.Undecided(Evidence.Level);
        }
        else if (s.Level == GuestLevel.L2)
        {
            s.Expect().Allow(HappensNot(ComparedField.ExitOfL2)).Allow(Happens(ComparedField.VmrunsEntered));
        }
        else
        {
            s.Expect().Allow(HappensNot(ComparedField.ReflectedCode)).Allow(Happens(ComparedField.VmrunsEntered));
        }
    }

    // TF of L1's RFLAGS at VMRUN traps once the VMRUN is complete, after the #VMEXIT.
    public static void TrapsBehindVmrun(in Step s)
    {
        Truth trap = s.Vcpu.Rflags[Rflags.TF];
        bool raised = s.Seen.RaisedException == ExceptionVector.DB;
        if (trap.IsYes)
        {
            s.Expect().Allow(Is(ComparedField.Exception, ExceptionVector.DB)).Allow(IsNot(ComparedField.EntryLevel, EntryL1));
        }
        else if (raised)
        {
            // TF in a dump may be L0's own, so that nothing must come; but what comes is explained by it.
            s.When(!(trap.IsUnknown ? s.Vcpu.L1AtVmrun[VmcbField.RflagsRegister][Rflags.TF] : trap), Evidence.Rflags).Allow(IsNot(ComparedField.Exception, ExceptionVector.DB));
        }
    }

    public static void HappensOnce(in Step s)
    {
        if (s.Seen.LeftL2)
        {
            s.Expect().Allow(IsAtMost(ComparedField.Reflections, 1));
        }
        else if (s.Seen.HasVmenter && s.Level == GuestLevel.L2)
        {
            s.Expect().Allow(Happens(ComparedField.ReflectedCode));
        }

        if (s.HasExit && s.Level == GuestLevel.L1 && s.Vcpu.InL2.IsYes)
        {
            IsNotLost(s);
        }
    }

    // INIT that L1 does not intercept resets the processor; L2 is then gone without a #VMEXIT.
    private static void IsNotLost(in Step s)
    {
        Truth intercepted = s.Intercepted(SvmExitCode.Init);
        if (MonitorMayHaveActed(s))
        {
            s.Undecided(Evidence.Level);
        }
        else if ((s.Vcpu.InitAccepted || !s.Header.Listed.Has(KvmEventKind.ApicAcceptIrq)) && !intercepted.IsYes)
        {
            s.When(intercepted, Evidence.Vmcb12Controls);
        }
        else
        {
            Expecting expecting = s.Vcpu.SvmeClearedByL2 ? s.Assuming(Evidence.PendingInterrupts) : s.Expect();
            expecting.Allow(Happens(ComparedField.ExitOfL2));
            if (!intercepted.IsYes)
            {
                expecting.Allow(Happens(ComparedField.InitAccepted));
            }
        }
    }

    // Between the last entry and this exit the VMM may have set the vCPU to anything.
    private static bool MonitorMayHaveActed(in Step s) => s.Vcpu.AskedMonitor || !s.Header.Listed.Has(KvmEventKind.UserspaceExit);

    // What follows is undefined, but it is not L1 going on with the state of L2.
    public static void FollowsClearedSvme(in Step s)
    {
        if (s.Level == GuestLevel.L1 && s.Vcpu.SvmeClearedByL2 && !MonitorMayHaveActed(s))
        {
            s.Expect().Allow(Happens(ComparedField.ExitOfL2));
        }
    }
}
