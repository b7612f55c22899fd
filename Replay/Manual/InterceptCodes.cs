using Differ.Replay.Rules;
using Differ.Replay.State;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Which exit codes L1 may be shown, by the intercept vector of vmcb12: judgements of group D.</summary>
internal static class InterceptCodes
{
    private const int VIrq = 8;
    private const ulong UpperBits = 0xffff_ffff_0000_0000;

    private static readonly ulong CodesInWord5 = SvmExitCode.IdleHlt.Value - SvmExitCode.Invlpgb.Value;

    // The code is the position of the bit: word * 32 + bit. What is not known of the vector is no reason to object.
    public static void HasItsBit(in Step s)
    {
        Vmcb12 v = s.Vcpu.Vmcb12;
        s.Expect()
            .Allow(IsOneOf(ComparedField.ReflectedCode, 64, Allowed(v[VmcbField.InterceptExceptions], v[VmcbField.InterceptMisc1])))
            .Allow(IsOneOf(ComparedField.ReflectedCode, 128, Allowed(v[VmcbField.InterceptMisc2], v[VmcbField.InterceptMisc3])))
            .Allow(IsOneOf(ComparedField.ReflectedCode, 0, Allowed(v[VmcbField.InterceptCr], v[VmcbField.InterceptDr])))
            .Allow(IsNot(ComparedField.ReflectedCode, 0, ~0x3ffUL));
    }

    public static void IsDefined(in Step s)
    {
        if (s.HasExit && !ExitInfo.IsDefined(s.Code))
        {
            s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor();
        }

        // What the processor makes up is its own fault, and is shown to L1 as it is.
        if (s.Seen.LeftL2 && (!s.HasExit || ExitInfo.IsDefined(s.Code)))
        {
            s.Expect()
                .Allow(IsOneOf(ComparedField.ReflectedCode, 64, ulong.MaxValue))
                .Allow(IsOneOf(ComparedField.ReflectedCode, 128, (2UL << (int)(32 + CodesInWord5)) - 1))
                .Allow(IsOneOf(ComparedField.ReflectedCode, 0, ulong.MaxValue))
                .Allow(IsOneOf(ComparedField.ReflectedCode, SvmExitCode.Npf.Value, 0xf))
                .Allow(Is(ComparedField.ReflectedCode, SvmExitCode.HostUse.Value))
                .Allow(IsOneOf(ComparedField.ReflectedCode, ExitInfo.FirstFailure, 0xf))
                .Allow(IsOneOf(ComparedField.ReflectedCode, ExitInfo.FirstFailureLow, 0xf));
        }
    }

    // Recordings carry the lower half only; the upper one shows in runs that other recorders wrote.
    public static void UpperHalf(in Step s)
    {
        if (s.HasExit && s.Code.Value >> 32 is not (0 or uint.MaxValue))
        {
            s.Expect().Allow(Is(ComparedField.ExitCode, 0, UpperBits)).ByProcessor();
        }
        else if (s.Seen.LeftL2)
        {
            s.Expect().Allow(Is(ComparedField.ReflectedCode, 0, UpperBits)).Allow(Is(ComparedField.ReflectedCode, UpperBits, UpperBits));
        }
    }

    /// <summary>Without the intercept's bit L1 is not shown the code.</summary>
    public static void OnlyIfIntercepted(in Step s)
    {
        if (s.Intercepted(s.Code).IsNo)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    public static void TaskSwitchOnly(in Step s)
    {
        if (s.Seen.LeftL2)
        {
            s.Assuming(Evidence.InstructionBytes).Allow(
                IsNot(ComparedField.ReflectedCode, SvmExitCode.CrWrite.Value + 3), IsNot(ComparedField.ReflectedCode, SvmExitCode.LdtrWrite.Value));
        }
    }

    public static void HltBeforeIdleHlt(in Step s)
    {
        if (s.Intercepted(SvmExitCode.Hlt).IsYes && s.Intercepted(SvmExitCode.IdleHlt).IsYes)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.IdleHlt.Value));
        }
    }

    public static void WbnoinvdIsWbinvd(in Step s)
    {
        if (s.Seen.Instruction.Name == "WBNOINVD" && s.Code != SvmExitCode.Wbinvd && s.Intercepted(SvmExitCode.Wbinvd).IsYes)
        {
            s.Assuming(Evidence.GuestCpuid).Allow(Happens(ComparedField.ReflectedCode)).Allow(Happens(ComparedField.Exception))
                .Allow(Is(ComparedField.EntryRip, s.Exit.Rip)).Allow(Happens(ComparedField.UserspaceReason));
        }
    }

    // Whether the count ran out is not recorded; without a count every PAUSE exits.
    public static void PauseCounts(in Step s)
    {
        OnlyIfIntercepted(s);
        if (s.Intercepted(s.Code).IsYes && s.Vcpu.Vmcb12[VmcbField.PauseFilterCount].Equal(0, 0xffff).IsYes)
        {
            s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    public static void ShutdownCode(in Step s)
    {
        OnlyIfIntercepted(s);
        if (s.Intercepted(s.Code).IsYes)
        {
            s.Expect().Allow(Is(ComparedField.ReflectedCode, s.Code.Value));
        }
    }

    // L1 may have cleared the bit since.
    public static void VirtualInterruptStaysPending(in Step s)
    {
        PastRun past = s.Vcpu.LastRun;
        if (!past.LeftForVirtualInterrupt || !past.IsOf(s.Seen.Vmenter.Vmcb12) || !past.IntCtl[VIrq].IsYes)
        {
            return;
        }

        if (s.Vcpu.Vmcb12[VmcbField.IntCtl][VIrq].IsYes)
        {
            s.Expect().Allow(Is(ComparedField.Vmcb12IntCtl, 1 << VIrq, 1 << VIrq));
        }
        else
        {
            s.Undecided(Evidence.VmcbControlArea);
        }
    }


    private static ulong Allowed(Bits64 low, Bits64 high) => ((low.Value | ~low.Known) & uint.MaxValue) | ((high.Value | ~high.Known) << 32);
}
