using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Tables;

/// <summary>Exits of an SEV-ES guest that the hypervisor sees at once.</summary>
/// <param name="First">The first exit code.</param>
/// <param name="Last">The last.</param>
/// <param name="AdvancesRip">Whether the processor moves RIP behind the instruction.</param>
internal readonly record struct AutomaticExit(SvmExitCode First, SvmExitCode Last, bool AdvancesRip);

/// <summary>Which exits of a guest with encrypted state are automatic; every other becomes #VC in the guest (APM2 15.35.4, table 15-33).</summary>
internal static class AutomaticExits
{
    // The last four: -1 VMEXIT_INVALID, -2 BUSY, -3 IDLE_REQUIRED, -4 INVALID_PMC.
    private static readonly AutomaticExit[] Rows =
    [
        One(SvmExitCode.OfException(ExceptionVector.MC), false),
        One(SvmExitCode.Intr, false),
        One(SvmExitCode.Nmi, false),
        One(SvmExitCode.Smi, false),
        One(SvmExitCode.Init, false),
        One(SvmExitCode.VIntr, false),
        One(SvmExitCode.Pause, true),
        One(SvmExitCode.Hlt, true),
        One(SvmExitCode.Shutdown, false),
        One(SvmExitCode.EferWriteTrap, true),
        new(SvmExitCode.CrWriteTrap, new(SvmExitCode.CrWriteTrap.Value + 15), true),
        One(SvmExitCode.BusLock, false),
        One(SvmExitCode.IdleHlt, true),
        One(SvmExitCode.Npf, false),
        One(SvmExitCode.Vmgexit, true),
        new(new(unchecked((ulong)-4)), SvmExitCode.Invalid, false),
    ];

    /// <summary>The table's row of an exit code; null for one that is not automatic.</summary>
    public static AutomaticExit? Of(SvmExitCode code)
    {
        foreach (AutomaticExit row in Rows)
        {
            if (code.Value >= row.First.Value && code.Value <= row.Last.Value)
            {
                return row;
            }
        }

        return null;
    }

    private static AutomaticExit One(SvmExitCode code, bool advancesRip) => new(code, code, advancesRip);
}
