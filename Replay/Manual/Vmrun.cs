using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>What VMRUN finds in vmcb12 and loads from it: judgements of group C.</summary>
internal static class Vmrun
{
    private const int VIrq = 8, VIntrMasking = 24;
    private const ulong VTpr = 0xf, BreakpointsAndGeneralDetect = 0x20ff;

    private static readonly SvmExitCode DB = SvmExitCode.OfException(ExceptionVector.DB);

    /// <summary>TSC_OFFSET is never recorded.</summary>
    public static Vmcb12Needs TscOffsetNeeds { get; } = new(VmcbFields.Of(VmcbField.TscOffset), Evidence.VmcbControlArea);

    /// <summary>Where L1 goes on after the VMRUN of a record.</summary>
    /// <param name="vcpu">The state before: a return from System Management Mode starts L2 without a VMRUN.</param>
    /// <param name="record">The record.</param>
    /// <param name="seen">What was met in it.</param>
    public static Observed<ulong> ResumeRip(Vcpu vcpu, in ExitRecord record, Observations seen)
    {
        bool decoded = seen.Instruction.Code == SvmExitCode.Vmrun;
        if (!record.HasExit || record.Level != GuestLevel.L1 || (record.Exit.Code != SvmExitCode.Vmrun && !decoded))
        {
            return vcpu.ResumeRip;
        }

        // Up to 5.12 the kernel records the address of VMRUN itself, whose prefixes are then unknown.
        ulong length = unchecked(seen.Vmenter.Rip - record.Exit.Rip);
        return length is > 0 and <= NextRip.LongestInstruction ? Observed<ulong>.Of(seen.Vmenter.Rip)
            : decoded ? Observed<ulong>.Of(unchecked(record.Exit.Rip + (ulong)seen.Instruction.Length))
            : Observed<ulong>.Unseen;
    }

    // GIF is 1 in L2: an interrupt that L1 intercepts and that waited for GIF makes L2 exit at once.
    public static void SetsGif(in Step s)
    {
        StateRules.GifIsSet(s);
        if (s.Seen.HasVmenter || !s.Vcpu.InterruptAccepted || !s.Intercepted(SvmExitCode.Intr).IsYes)
        {
            return;
        }

        if (s.Seen.LeftL2)
        {
            s.Expect().Allow(Happens(ComparedField.ReflectedCode));
        }
        else if (!s.Vcpu.Rflags[Rflags.IF].IsNo)
        {
            // What the APIC accepted may wait for its priority.
            s.Undecided(s.Vcpu.Rflags[Rflags.IF].IsYes ? Evidence.PendingInterrupts : Evidence.Rflags);
        }
    }

    public static void FindsTaskPriority(in Step s)
    {
        PastRun past = s.Vcpu.LastRun;
        if (ByVmrun(s) && past.IsOf(s.Seen.Vmenter.Vmcb12) && past.IntCtl[VIntrMasking].IsYes && past.TaskPriority.IsKnown)
        {
            s.Assuming(Evidence.VmcbControlArea).Allow(Is(ComparedField.Vmcb12IntCtl, past.TaskPriority.Value & VTpr, VTpr));
        }
    }

    // L1 may set the bit itself, and does so to open a window that it intercepts.
    public static void FindsVirtualInterrupt(in Step s)
    {
        PastRun past = s.Vcpu.LastRun;
        if (!ByVmrun(s) || !past.IsOf(s.Seen.Vmenter.Vmcb12) || past.IntCtl[VIrq].IsUnknown)
        {
            return;
        }

        if (!past.IsDumped && (past.IntCtl[VIrq].IsYes || s.Vcpu.Vmcb12[VmcbField.IntCtl][VIrq].IsYes))
        {
            s.Undecided(Evidence.VmcbControlArea);
        }
    }

    public static void FindsEventInjCleared(in Step s)
    {
        PastRun past = s.Vcpu.LastRun;
        if (ByVmrun(s) && past.IsOf(s.Seen.Vmenter.Vmcb12) && past.EventInj.Valid && !past.LeftInDelivery)
        {
            s.Assuming(Evidence.VmcbControlArea).Allow(IsNot(ComparedField.Vmcb12EventInj, past.EventInj.Raw));
        }
    }

    // The TSC that L1 reads after the #VMEXIT is without the offset; no tracepoint shows what it reads.
    public static void AddsTscOffset(in Step s)
    {
        Truth moves = s.Vcpu.Vmcb12[VmcbField.TscOffset].Any(ulong.MaxValue);
        if (!moves.IsNo && s.Seen.HasVmenter)
        {
            s.Undecided(moves.IsYes ? Evidence.Tracepoint : Evidence.VmcbControlArea);
        }
    }

    // TF that VMRUN loads traps behind the first instruction. A breakpoint at it, or a jump to itself, looks the same.
    public static void TrapsAfterFirstInstruction(in Step s)
    {
        // A breakpoint, or general detect, traps before the instruction.
        if (IsTrapAtFirstInstruction(s) && !s.Vcpu.Vmcb12[VmcbField.Dr7].Any(BreakpointsAndGeneralDetect).IsYes)
        {
            // L2 may have run and come back to where it started.
            s.Assuming(Evidence.GuestRun).Allow(IsNot(ComparedField.ExitRip, s.Vcpu.Vmcb12[VmcbField.Rip].Value));
        }
    }

    public static void ResumeFlagHoldsBreakpointBack(in Step s)
    {
        if (IsTrapAtFirstInstruction(s))
        {
            Truth heldBack = s.Vcpu.Vmcb12[VmcbField.RflagsRegister][Rflags.RF];
            Expecting expecting = heldBack.IsYes && !s.RanNothing.IsYes ? s.Assuming(Evidence.GuestRun) : s.When(heldBack, Evidence.Rflags);
            expecting.Allow(IsNot(ComparedField.ExitCode, DB.Value));
        }
    }

    private static bool IsTrapAtFirstInstruction(in Step s) =>
        s.HasExit && s.Level == GuestLevel.L2 && s.Vcpu.FirstExitPending && s.Code == DB && !s.Vcpu.Vmcb12.EventInj.Valid
        && s.Vcpu.Vmcb12[VmcbField.Rip].Equal(s.Exit.Rip, ulong.MaxValue).IsYes;

    // Not a return from System Management Mode.
    private static bool ByVmrun(in Step s) => s.HasExit && s.Level == GuestLevel.L1 && !s.Seen.SmmLeft;
}
