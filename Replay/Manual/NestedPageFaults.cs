using Differ.Replay.Manual.Tables;
using Differ.Replay.Rules;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Replay.Manual;

/// <summary>Nested page faults of L2 that L1 is shown (APM2 15.25.6): judgements of group D.</summary>
internal static class NestedPageFaults
{
    // Kernels from 4.19 to 5.12 leave out the bit of memory encryption, which is bit 47 or above.
    private const ulong Address = (1UL << 47) - 1;

    private static readonly ulong Npf = SvmExitCode.Npf.Value;

    public static void KeepsAddress(in Step s)
    {
        s.Expect().Allow(HappensNot(ComparedField.PageFaultAddress)).Allow(Is(ComparedField.PageFaultAddress, s.Exit.Info2, Address));
        if (IsSameFault(s))
        {
            s.Assuming(Evidence.NestedPageTables).Allow(IsNot(ComparedField.ReflectedCode, Npf)).Allow(Is(ComparedField.ReflectedInfo2, s.Exit.Info2));
        }
    }

    public static void KeepsStage(in Step s)
    {
        if (IsSameFault(s))
        {
            s.Expect().Allow(IsNot(ComparedField.ReflectedCode, Npf)).Allow(Is(ComparedField.ReflectedInfo1, s.Exit.Info1, ExitInfoBits.NpfStage));
        }
    }

    // L0's tables map only what L1's do; L1 may have taken the page away since.
    public static void KeepsPresent(in Step s)
    {
        if (IsSameFault(s) && (s.Exit.Info1 & ExitInfoBits.Present) != 0)
        {
            s.Assuming(Evidence.NestedPageTables).Allow(IsNot(ComparedField.ReflectedCode, Npf)).Allow(Is(ComparedField.ReflectedInfo1, 1, ExitInfoBits.Present));
        }
    }

    // An emulated instruction may meet another fault.
    private static bool IsSameFault(in Step s) => s.Seen.LeftL2 && !s.Seen.MayHaveInstruction;
}
