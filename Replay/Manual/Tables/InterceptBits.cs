using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Manual.Tables;

/// <summary>Exit codes whose owner the intercept bit alone does not decide.</summary>
internal static class InterceptBits
{
    /// <summary>Exits that belong to the hypervisor under L1, whatever L1 intercepts: physical interrupts.</summary>
    public static bool BelongsToL0(SvmExitCode code) => code == SvmExitCode.Intr || code == SvmExitCode.Nmi || code == SvmExitCode.Smi || code == SvmExitCode.Init;

    /// <summary>Whether the bit of the exit code alone decides who owns the exit.</summary>
    /// <remarks>Not so for I/O and MSRs (a bit and a map), debug registers (never recorded), exceptions (L0 may emulate), nested page faults.</remarks>
    public static bool DecidedByBit(SvmExitCode code) =>
        code.HasIntercept && !code.IsException && !code.IsDebugRegister && !BelongsToL0(code)
        && code != SvmExitCode.Ioio && code != SvmExitCode.Msr;
}
