using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Exits whose EXITINFO1 or EXITINFO2 is not of the form of <see cref="ExitInfo.Reports"/>: judgements of group D.</summary>
/// <remarks>They are asked only where the form does not hold, so that plain exits cost no more than the look.</remarks>
internal static class ReportForms
{
    // Bit 63 alone proves decode assists; without them the field is undefined.
    public static void ControlRegister(in Step s) => s.Expect().Allow(Is(ComparedField.ExitInfo1, 0, ExitInfoBits.CrZero)).ByProcessor();

    public static void DebugRegister(in Step s) => WithDecodeAssists(s, ExitInfoBits.DrZero);

    public static void SoftwareInterrupt(in Step s)
    {
        if (s.HasExit && s.Code == SvmExitCode.SwInt)
        {
            if ((s.Exit.Info1 & ExitInfoBits.VectorZero) != 0)
            {
                WithDecodeAssists(s, ExitInfoBits.VectorZero);
            }
        }

        if (s.Seen.LeftL2 && s.Seen.HasInstruction && s.Vcpu.Profile.Has(Manual.Tables.CpuFeature.DecodeAssists).IsYes)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.SwInt.Value)).Allow(Is(ComparedField.ReflectedInfo1, 0, ExitInfoBits.VectorZero));
        }
    }

    public static void LinearAddress(in Step s)
    {
        Expecting expecting = s.When(s.Vcpu.DecodeAssists, Evidence.VmcbControlArea);
        expecting.Allow(Is(ComparedField.ExitInfo1, 0, 0xffUL << 56)).Allow(Is(ComparedField.ExitInfo1, 0xffUL << 56, 0xffUL << 56)).ByProcessor();
    }

    // L0 decodes from the bytes that the exit brought; with none it cannot, and the processor or memory may be why.
    public static void InstructionBytes(in Step s)
    {
        if (s.Seen.InstructionLength == 0 && (s.Exit.Info1 & ExitInfoBits.Fetch) == 0)
        {
            s.Undecided(Evidence.InstructionBytes);
        }
    }

    public static void TaskSwitch(in Step s)
    {
        Expecting expecting = s.Expect();
        foreach (ulong kind in (ReadOnlySpan<ulong>)[0, ExitInfoBits.TaskByIret, ExitInfoBits.TaskByJump])
        {
            expecting.Allow(
                Is(ComparedField.ExitInfo1, 0, ExitInfoBits.SelectorZero), Is(ComparedField.ExitInfo2, kind, ExitInfoBits.TaskByIret | ExitInfoBits.TaskByJump),
                Is(ComparedField.ExitInfo2, 0, s.Exit.Interrupted is { Valid: true, Type: EventType.Exception } ? 0 : ExitInfoBits.TaskHasError));
        }

        expecting.ByProcessor();
    }

    public static void NestedPageFault(in Step s)
    {
        if (s.HasExit && s.Code == SvmExitCode.Npf && !ExitInfo.IsLegal(s.Exit))
        {
            if ((s.Exit.Info1 & ExitInfoBits.NpfWriteAndFetch) == ExitInfoBits.NpfWriteAndFetch)
            {
                s.Expect().Allow(IsNot(ComparedField.ExitInfo1, ExitInfoBits.NpfWriteAndFetch, ExitInfoBits.NpfWriteAndFetch)).ByProcessor();
            }
            else if ((s.Exit.Info1 & ExitInfoBits.NpfStage) is ExitInfoBits.NpfFinal or ExitInfoBits.NpfWalk)
            {
                // Guest mode execute traps and read-only tables change what U and W say.
                s.Undecided(Evidence.VmcbControlArea);
            }
            else
            {
                OneStage(s.Expect(), ComparedField.ExitInfo1).ByProcessor();
            }
        }
        else if (s.Seen.LeftL2)
        {
            OneStage(s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value)), ComparedField.ReflectedInfo1);
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.Npf.Value))
                .Allow(IsNot(ComparedField.ReflectedInfo1, ExitInfoBits.NpfWriteAndFetch, ExitInfoBits.NpfWriteAndFetch));
        }
    }

    public static void SystemManagementInterrupt(in Step s) => s.Expect().Allow(Is(ComparedField.ExitInfo1, 0, ExitInfoBits.SmiZero)).ByProcessor();

    public static void BusLock(in Step s)
    {
        if (s.HasExit && s.Code == SvmExitCode.BusLock && (s.Exit.Info1 | s.Exit.Info2) != 0)
        {
            s.Expect().Allow(Is(ComparedField.ExitInfo1, 0), Is(ComparedField.ExitInfo2, 0)).ByProcessor();
        }
        else if (s.Seen.LeftL2)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, SvmExitCode.BusLock.Value))
                .Allow(Is(ComparedField.ReflectedInfo1, 0), Is(ComparedField.ReflectedInfo2, 0));
        }
    }

    // A guest with encrypted state has no guest of its own.
    public static void WriteTrap(in Step s)
    {
        const int EncryptedState = 2;

        // An L2 has encrypted state only where L1 is seen to have asked for it.
        Truth plain = s.Level == GuestLevel.L2 ? Truth.Of(!s.Vcpu.Vmcb12[VmcbField.NestedControl][EncryptedState].IsYes) : !s.Vcpu.SevEs;
        if (!plain.IsNo)
        {
            s.When(plain, Evidence.GuestCpuid).Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor();
        }
    }

    public static void AvicIpi(in Step s)
    {
        if (s.Exit.Info2 >> 32 > ExitInfoBits.LastAvicReason)
        {
            s.Expect().Allow(IsNot(ComparedField.ExitInfo2, s.Exit.Info2)).ByProcessor();
        }

        // The kernel records nine bits of the index.
        s.Expect().Allow(HappensNot(ComparedField.AvicIpiCommand)).Allow(
            Is(ComparedField.AvicIpiCommand, s.Exit.Info1), Is(ComparedField.AvicIpiReason, s.Exit.Info2, 0xffff_ffff_0000_01ff));
    }

    public static void AvicAccess(in Step s) => s.Expect().Allow(HappensNot(ComparedField.AvicAccess)).Allow(
        Is(ComparedField.AvicAccess, s.Exit.Info1, 0x1_0000_0ff0), Is(ComparedField.AvicVector, s.Exit.Info2, 0xff));

    public static void InvpcidType(in Step s) => s.Assuming(Evidence.InstructionBytes)
        .Allow(Is(ComparedField.Exception, ExceptionVector.GP)).Allow(Is(ComparedField.Exception, ExceptionVector.UD))
        .Allow(Happens(ComparedField.ReflectedCode));

    private static void WithDecodeAssists(in Step s, ulong zero) =>
        s.When(s.Vcpu.DecodeAssists, Evidence.VmcbControlArea).Allow(Is(ComparedField.ExitInfo1, 0, zero)).ByProcessor();

    private static Expecting OneStage(Expecting expecting, ComparedField info1) => expecting
        .Allow(Is(info1, ExitInfoBits.NpfFinal, ExitInfoBits.NpfStage)).Allow(Is(info1, ExitInfoBits.NpfWalk, ExitInfoBits.NpfStage));
}
