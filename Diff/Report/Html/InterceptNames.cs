using System.Numerics;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>Intercept words of a VMCB in words: each bit has the exit code of its own number (APM2 15.9, appendix C).</summary>
internal static class InterceptNames
{
    /// <summary>A word with the names of its bits.</summary>
    /// <param name="word">The word.</param>
    /// <param name="firstCode">The exit code of bit 0.</param>
    public static string Of(uint word, ulong firstCode)
    {
        var names = new List<string>();
        for (uint rest = word; rest != 0; rest &= rest - 1)
        {
            names.Add(SvmExitTable.NameOf(firstCode + (ulong)BitOperations.TrailingZeroCount(rest)));
        }

        return names.Count == 0 ? "none" : $"{string.Join(", ", names)} (0x{word:x})";
    }
}
