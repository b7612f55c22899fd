using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Rules;

/// <summary>Sets of exit codes, for the column that says which exits a rule speaks of.</summary>
internal static class Codes
{
    /// <summary>Exits for which one bit of vmcb12 decides who owns them.</summary>
    public static Func<SvmExitCode, bool> ByBit { get; } = InterceptBits.DecidedByBit;

    /// <summary>Exceptions.</summary>
    public static Func<SvmExitCode, bool> Exceptions { get; } = static code => code.IsException;

    /// <summary>One code, or several.</summary>
    public static Func<SvmExitCode, bool> Of(params SvmExitCode[] codes) => code => Array.IndexOf(codes, code) >= 0;

    /// <summary>Exceptions by vector.</summary>
    public static Func<SvmExitCode, bool> OfExceptions(params byte[] vectors) =>
        code => code.IsException && Array.IndexOf(vectors, code.Vector) >= 0;

    /// <summary>A run of codes.</summary>
    public static Func<SvmExitCode, bool> Between(SvmExitCode first, SvmExitCode last) =>
        code => code.Value >= first.Value && code.Value <= last.Value;
}
