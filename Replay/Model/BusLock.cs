using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Model;

/// <summary>The bus lock threshold: so many bus locks are carried out, the next one exits (APM2 15.14.5).</summary>
internal static class BusLock
{
    private const int CacheLine = 64;

    /// <summary>Counts an instruction that locks the bus, or exits before it.</summary>
    public static Effect Count(InstructionAccess a)
    {
        if (a.Guest is not { } guest || !a.Processor.Features.Has(CpuFeature.BusLockThreshold) || !guest.Intercepts(SvmExitCode.BusLock) || !LocksBus(a))
        {
            return Effect.Done;
        }

        if (guest[VmcbField.BusLockCounter] == 0)
        {
            return Effect.Exit(SvmExitCode.BusLock);
        }

        guest[VmcbField.BusLockCounter]--;
        return Effect.Done;
    }

    // A locked access within one cache line locks that line only.
    private static bool LocksBus(InstructionAccess a) => a.Instruction.HasLockPrefix && !a.Instruction.Op0Register.IsCR()
        && (a.Address % CacheLine) + (ulong)a.Instruction.MemorySize.GetSize() > CacheLine;
}
