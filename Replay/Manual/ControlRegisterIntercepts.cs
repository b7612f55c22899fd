using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Reads and writes of control registers, and the selective intercept of CR0 (APM2 table 15-7): judgements of group D.</summary>
internal static class ControlRegisterIntercepts
{
    private static readonly ulong Selective = SvmExitCode.Cr0SelWrite.Value;

    /// <summary>Exits at which a control register may be read: its own, and those at which L0 emulates.</summary>
    public static Func<SvmExitCode, bool> MayRead { get; } = static code => IsRead(code) || IsEmulating(code);

    /// <summary>The same for writes.</summary>
    public static Func<SvmExitCode, bool> MayWrite { get; } = static code => IsWrite(code) || code == SvmExitCode.Cr0SelWrite || IsEmulating(code);

    public static void Reads(in Step s)
    {
        if (IsRead(s.Code) || (s.Seen.Instruction.Code is { } code && IsRead(code)))
        {
            ByBit(s, IsRead(s.Code));
        }
    }

    public static void Writes(in Step s)
    {
        if (IsWrite(s.Code) || (s.Seen.Instruction.Code is { } code && IsWrite(code) && s.Code != SvmExitCode.Cr0SelWrite))
        {
            ByBit(s, IsWrite(s.Code));
        }
    }

    // LMSW is another rule's, and CLTS never checks the selective intercept.
    public static void SelectiveByBits(in Step s)
    {
        if (!IsSelectiveOnly(s) || s.Code == SvmExitCode.Cr0SelWrite)
        {
            return;
        }

        if (s.Seen is { HasCrWrite: true, CrWrite.Number: 0 })
        {
            Truth same = OldCr0(s).Equal(s.Seen.CrWrite.Value, ~Cr0.NotSelective);
            if (same.IsYes)
            {
                s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Selective));
            }
            else
            {
                s.When(!same, Evidence.ControlRegisters).Allow(Is(ComparedField.ReflectedCode, Selective)).Allow(Happens(ComparedField.Exception));
            }
        }
        else if (s.Seen.Instruction is { Name: "MOV", Code: { Value: 0x10 } })
        {
            s.Undecided(Evidence.ControlRegisters);
        }
    }

    public static void SelectiveForLmsw(in Step s)
    {
        if (s.Seen.Instruction.IsLmsw && IsSelectiveOnly(s))
        {
            // An exception of the instruction comes first, and so does a fault of its operand.
            s.Expect().Allow(Is(ComparedField.ReflectedCode, Selective)).Allow(IsCausedByEvent(ComparedField.ReflectedCode))
                .Allow(Is(ComparedField.ReflectedCode, SvmExitCode.Npf.Value)).Allow(Happens(ComparedField.Exception))
                .Allow(Is(ComparedField.EntryRip, s.Exit.Rip)).Allow(Happens(ComparedField.UserspaceReason));
        }
    }

    public static void NeverSelectiveForClts(in Step s)
    {
        if (s.Seen.Instruction.Name == "CLTS" && s.Code != SvmExitCode.Cr0SelWrite)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Selective));
        }
    }

    public static void SelectiveForCr0Only(in Step s)
    {
        bool other = s.Code.Value is > 0x10 and < 0x20 || (s.Seen.Instruction.Code is { Value: > 0x10 and < 0x20 } && s.Code != SvmExitCode.Cr0SelWrite);
        if (other)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Selective));
        }
    }

    public static void PlainBeforeSelective(in Step s)
    {
        if (s.Intercepted(SvmExitCode.CrWrite).IsYes && s.Intercepted(SvmExitCode.Cr0SelWrite).IsYes)
        {
            Expecting expecting = s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Selective));
            if (s.HasExit && s.Code == SvmExitCode.Cr0SelWrite)
            {
                expecting.ByProcessor();
            }
        }
    }

    private static bool IsRead(SvmExitCode code) => code.Value < SvmExitCode.CrWrite.Value;

    private static bool IsWrite(SvmExitCode code) => code.Value >= SvmExitCode.CrWrite.Value && code.Value < SvmExitCode.DrRead.Value;

    private static bool IsEmulating(SvmExitCode code) => code == SvmExitCode.Npf || code.IsException;

    private static bool IsSelectiveOnly(in Step s) =>
        s.Intercepted(SvmExitCode.Cr0SelWrite).IsYes && s.Intercepted(SvmExitCode.CrWrite).IsNo;

    private static Bits64 OldCr0(in Step s) => s.Vcpu.L2Cr0.Known != 0 ? s.Vcpu.L2Cr0 : s.Vcpu.Vmcb12[VmcbField.Cr0Register];

    private static void ByBit(in Step s, bool exits)
    {
        SvmExitCode code = exits ? s.Code : s.Seen.Instruction.Code!.Value;
        Truth intercepted = s.Intercepted(code);
        if (intercepted.IsNo)
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, code.Value));
        }
        else if (intercepted.IsYes && exits)
        {
            s.Expect().Allow(Is(ComparedField.ReflectedCode, code.Value), HappensNot(ComparedField.ControlRegisterWritten));
        }
        else if (intercepted.IsYes)
        {
            NestedReflection.EmulatedIsChecked(s);
        }
    }
}
