using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>The PAUSE intercept with its filter (APM2 15.14.4).</summary>
internal static class PauseFilter
{
    /// <summary>Whether a PAUSE exits.</summary>
    public static Effect Decide(InstructionAccess a, Guest guest)
    {
        if (!guest.Intercepts(SvmExitCode.Pause))
        {
            return Effect.Done;
        }

        ulong count = guest[VmcbField.PauseFilterCount];
        if (!a.Processor.Features.Has(CpuFeature.PauseFilter) || count == 0)
        {
            return Effect.Exit(SvmExitCode.Pause);
        }

        // A PAUSE that comes later than the threshold after the last one starts the count anew.
        ulong now = a.State[VmcbField.Tsc];
        ulong threshold = guest[VmcbField.PauseFilterThreshold];
        if (a.Processor.Features.Has(CpuFeature.PauseThreshold) && threshold != 0 && now - guest.LastPause > threshold)
        {
            guest.PausesLeft = count;
        }

        guest.LastPause = now;
        if (guest.PausesLeft == 0)
        {
            return Effect.Exit(SvmExitCode.Pause);
        }

        guest.PausesLeft--;
        return Effect.Done;
    }
}
