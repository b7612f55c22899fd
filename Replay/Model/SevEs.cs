using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>An exit of an SEV-ES guest that the hypervisor sees at once.</summary>
/// <param name="Code">The exit code.</param>
/// <param name="AdvancesRip">Whether the processor moves RIP behind the instruction.</param>
internal readonly record struct AutomaticExit(SvmExitCode Code, bool AdvancesRip);

/// <summary>Guests with encrypted state: automatic exits, and #VC for the others (APM2 15.35.4, table 15-33).</summary>
internal static class SevEs
{
    /// <summary>In the table's order.</summary>
    public static IReadOnlyList<AutomaticExit> AutomaticExits { get; } =
    [
        new(SvmExitCode.OfException(ExceptionVector.MC), false),
        new(SvmExitCode.Intr, false),
        new(SvmExitCode.Nmi, false),
        new(SvmExitCode.Smi, false),
        new(SvmExitCode.Init, false),
        new(SvmExitCode.VIntr, false),
        new(SvmExitCode.Pause, true),
        new(SvmExitCode.Hlt, true),
        new(SvmExitCode.Shutdown, false),
        new(SvmExitCode.EferWriteTrap, true),
        new(SvmExitCode.BusLock, false),
        new(SvmExitCode.IdleHlt, true),
        new(SvmExitCode.Npf, false),
        new(SvmExitCode.Vmgexit, true),
        new(SvmExitCode.Invalid, false),
    ];

    /// <summary>A #VMEXIT behind a write of EFER or a control register, which hypervisors of such guests get instead of the intercept (APM2 15.35.10).</summary>
    /// <param name="processor">The processor.</param>
    /// <param name="code">The exit code.</param>
    /// <param name="value">What was written.</param>
    public static Effect WriteTrap(Processor processor, SvmExitCode code, ulong value) =>
        processor.Guest is { SevEs: true } guest && guest.Intercepts(code) ? Effect.Trap(code, value) : Effect.Done;

    /// <summary>What an intercept does in the running guest: an exit, or #VC with the exit code as error code.</summary>
    public static Effect Redirected(Processor processor, Guest guest, Effect exit)
    {
        if (!guest.SevEs || exit.Kind != EffectKind.Exit)
        {
            return exit;
        }

        foreach (AutomaticExit automatic in AutomaticExits)
        {
            if (automatic.Code == exit.Code)
            {
                processor.State[VmcbField.Rip] = automatic.AdvancesRip ? processor.NextRip : processor.State[VmcbField.Rip];
                return exit;
            }
        }

        return Effect.Raise(ExceptionVector.VC, (uint)exit.Code.Value);
    }
}
