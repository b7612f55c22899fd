using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Exception intercepts (APM2 15.12): judgements of group D.</summary>
internal static class ExceptionIntercepts
{
    private const ulong Low32 = 0xffff_ffff;

    private static readonly ulong First = SvmExitCode.Exception.Value;
    private static readonly SvmExitCode PF = SvmExitCode.OfException(ExceptionVector.PF), DF = SvmExitCode.OfException(ExceptionVector.DF),
        DB = SvmExitCode.OfException(ExceptionVector.DB);

    /// <summary>Exceptions with an error code.</summary>
    public static Func<SvmExitCode, bool> WithErrorCode { get; } = static code => code.IsException && ExceptionVector.PushesErrorCode(code.Vector);

    public static void HasItsBit(in Step s)
    {
        Bits64 bits = s.Vcpu.Vmcb12[VmcbField.InterceptExceptions];
        if (bits.Known != 0)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, First, ~0x1fUL))
                .Allow(IsOneOf(ComparedField.ReflectedCode, First, (bits.Value | ~bits.Known) & Low32));
        }
    }

    public static void HasErrorCode(in Step s)
    {
        KeepsErrorCode(s);
        if (s.HasExit && !HasLegalErrorCode(s.Exit))
        {
            // What the processor makes up is its own fault, and is shown to L1 as it is.
            s.Expect().Allow(IsNot(ComparedField.ExitInfo1, s.Exit.Info1)).ByProcessor();
        }
        else if (s.Seen.LeftL2)
        {
            ErrorCodes.AllowLegal(s.Expect(), IsProtected(s));
        }
    }

    /// <summary>Whether an exit is no page fault, or one with an error code that exists. Other exceptions occur in real mode too, where there is none.</summary>
    public static bool HasLegalErrorCode(in HardwareExit exit) => exit.Code != PF || ErrorCodes.IsLegal(ExceptionVector.PF, exit.Info1 & Low32);

    // What L2 was when it exited, as far as its instruction or RIP tells.
    private static bool IsProtected(in Step s) => s.HasExit && s.Level == GuestLevel.L2
        && (s.Exit.Rip > uint.MaxValue || s.Vcpu.L2In64BitMode.IsYes
            || (s.Seen.HasInstruction && s.Seen.Mode is not (DecodeMode.Real or DecodeMode.Virtual8086 or DecodeMode.Unknown)));

    private static void KeepsErrorCode(in Step s)
    {
        if (s.HasExit && s.Level == GuestLevel.L2 && WithErrorCode(s.Code) && IsSameException(s))
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value)).Allow(Is(ComparedField.ReflectedInfo1, s.Exit.Info1, Low32));
        }
    }

    public static void KeepsAddress(in Step s)
    {
        if (IsSameException(s))
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, s.Code.Value)).Allow(Is(ComparedField.ReflectedInfo2, s.Exit.Info2));
        }
    }

    public static void IcebpIsNoDebugException(in Step s)
    {
        if (s.Seen.Instruction.Name == "INT1" && s.Code != DB)
        {
            s.Assuming(Evidence.InstructionBytes).Allow(IsNot(ComparedField.ReflectedCode, DB.Value));
        }
    }

    // RIP of vmcb12 is not recorded.
    public static void SavesOwnRip(in Step s)
    {
        if (s.Seen.LeftL2)
        {
            s.Undecided(Evidence.VmcbSaveArea);
        }
    }

    public static void NeverVectors2And9(in Step s) => s.Expect().Allow(
        IsNot(ComparedField.ReflectedCode, First + ExceptionVector.Nmi), IsNot(ComparedField.ReflectedCode, First + 9));

    // Before L2 ran, only the injected interrupt itself can be the exception; the instruction at which it arrives may raise one later.
    public static void InterruptsAreNoExceptions(in Step s)
    {
        EventInfo injected = s.Vcpu.Vmcb12.EventInj;
        if (injected is not { Valid: true, Type: EventType.Interrupt or EventType.SoftwareInterrupt, Vector: < 32 })
        {
            return;
        }

        SvmExitCode exception = SvmExitCode.OfException(injected.Vector);
        if (s.LeftL2BeforeItRan)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, exception.Value));
        }
        else if (s.HasExit && s.Level == GuestLevel.L2 && s.Vcpu.FirstExitPending && s.Code == exception && !s.Exit.Interrupted.Valid)
        {
            s.Undecided(Evidence.GuestRun);
        }
    }

    // The second exception has its own intercept; only where L1 leaves it alone do the two combine.
    public static void CheckedBeforeCombined(in Step s)
    {
        if (s.Level != GuestLevel.L2 || s.Exit.Interrupted is not { Valid: true, Type: EventType.Exception, IsLegal: true, Vector: not ExceptionVector.DF } first)
        {
            return;
        }

        bool own = s.Code.IsException && s.Code != DF && s.Intercepted(s.Code).IsYes;
        if (own || (!s.Code.IsException && s.Seen.RaisedException == ExceptionVector.DF && EverySecondIntercepted(s, first.Vector)))
        {
            s.Expect().Allow(IsNot(ComparedField.Exception, ExceptionVector.DF), IsNot(ComparedField.ReflectedCode, DF.Value));
        }
    }

    // What L0 met is not recorded, but whatever makes #DF of the first was L1's to see.
    private static bool EverySecondIntercepted(in Step s, byte first)
    {
        for (byte second = 0; second < 32; second++)
        {
            if (ExceptionVector.MakesDoubleFault(first, second) && !s.Intercepted(SvmExitCode.OfException(second)).IsYes)
            {
                return false;
            }
        }

        return true;
    }

    // With shadow paging the processor's #PF is about L0's tables; an emulated instruction may raise another one.
    private static bool IsSameException(in Step s) =>
        s.Seen.LeftL2 && !s.Seen.MayHaveInstruction && (s.Code != PF || s.Vcpu.HostPaging.IsYes);
}
