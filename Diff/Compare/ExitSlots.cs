using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Exit codes as numbers from 0: those with an intercept, those above (APM2 appendix C: 400h to 403h), -1, and all others.</summary>
internal static class ExitSlots
{
    /// <summary>How many there are.</summary>
    public const int Count = First + 6;

    private const int First = (int)SvmExitCode.LastIntercept + 1;
    private const int Above = 4;
    private const int Invalid = First + Above;

    /// <summary>The number of a code.</summary>
    public static int Of(ulong code) =>
        code < First ? (int)code
        : code == SvmExitCode.Invalid.Value ? Invalid
        : code >= SvmExitCode.Npf.Value && code < SvmExitCode.Npf.Value + Above ? First + (int)(code - SvmExitCode.Npf.Value)
        : Count - 1;

    /// <summary>The number of a code by its name.</summary>
    public static int Of(string name)
    {
        int slot = 0;
        while (slot < Count - 1 && NameOf(slot) != name)
        {
            slot++;
        }

        return slot;
    }

    /// <summary>The manual's name of a code; "other" for those without a number of their own.</summary>
    public static string NameOf(int slot) =>
        slot < First ? SvmExitTable.NameOf((ulong)slot)
        : slot < First + Above ? SvmExitTable.NameOf(SvmExitCode.Npf.Value + (ulong)(slot - First))
        : slot == Invalid ? SvmExitCode.Invalid.Name
        : "other";
}
