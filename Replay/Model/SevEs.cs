using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>Guests with encrypted state: automatic exits, and #VC for the others (APM2 15.35.4, table 15-33).</summary>
internal static class SevEs
{
    /// <summary>A #VMEXIT behind a write of EFER or a control register, which hypervisors of such guests get instead of the intercept (APM2 15.35.10).</summary>
    /// <param name="processor">The processor.</param>
    /// <param name="code">The exit code.</param>
    /// <param name="value">The new value of the register.</param>
    public static Effect WriteTrap(Processor processor, SvmExitCode code, ulong value) =>
        processor.Guest is { SevEs: true } guest && guest.Intercepts(code) ? Effect.Trap(code, value) : Effect.Done;

    /// <summary>What an intercept does in the running guest: an exit, or #VC with the exit code as error code.</summary>
    public static Effect Redirected(Processor processor, Guest guest, Effect exit)
    {
        if (!guest.SevEs || exit.Kind != EffectKind.Exit)
        {
            return exit;
        }

        if (ExitTable.Of(exit.Code) is { IsAutomatic: true } automatic)
        {
            processor.State[VmcbField.Rip] = automatic.AutomaticAdvancesRip ? processor.NextRip : processor.State[VmcbField.Rip];
            return exit;
        }

        return Effect.Raise(ExceptionVector.VC, (uint)exit.Code.Value);
    }
}
