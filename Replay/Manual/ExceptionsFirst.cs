using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Exceptions of an instruction that come before its intercept, so that what exits is legal (APM2 15.9, table 15-7): judgements of group A.</summary>
internal static class ExceptionsFirst
{
    public static void GpBeforeExit(in Step s)
    {
        if (InstructionConditions.IsUnprivileged(s.Vcpu.Instruction.Afresh()).IsYes)
        {
            s.Expect().Allow(IsNot(ComparedField.ExitCode, s.Code.Value)).ByProcessor();
        }
    }

    public static void NoGpAfterExit(in Step s) => s.Assuming(Evidence.Cpl).Allow(IsNot(ComparedField.Exception, ExceptionVector.GP));

    // What exited passed its checks: L0 has it to carry out, whatever it reads at RIP (memory may be encrypted).
    public static void LegalAtExit(in Step s)
    {
        NoGpAfterExit(s);
        if (s.Seen.HasInstruction)
        {
            s.Assuming(Evidence.InstructionBytes).Allow(IsNot(ComparedField.EmulationFailed, 1)).Allow(Happens(ComparedField.ReflectedCode));
        }
    }

    // "In non-64-bit mode the operand size is fixed at 32 bits" (volume 3, MOV CRn): the upper half of the register does not count.
    public static void ControlRegisterLegal(in Step s)
    {
        GpBeforeExit(s);
        bool narrow = s.Seen.HasInstruction && s.Seen.Mode is DecodeMode.Real or DecodeMode.Protected16 or DecodeMode.Protected32;
        if (narrow && s.Seen.HasCrWrite && s.Seen.CrWrite.Value > uint.MaxValue)
        {
            s.Expect().Allow(HappensNot(ComparedField.ControlRegisterWritten));
        }
    }
}
