using Differ.Diff.Findings;

namespace Differ.Diff.Report;

/// <summary>What a set of captures comes to, in the words that reports share.</summary>
internal static class SetWords
{
    /// <summary>The set in one line.</summary>
    public static string Sum(FindingSet findings)
    {
        int failing = findings.Checked.Count(capture => capture.Fails);
        string word = findings.Compares ? "pair" : "capture";
        string[] parts =
        [
            failing > 0 ? $"{failing} {(findings.Compares ? "with new departures" : failing == 1 ? "diverges" : "diverge")}" : findings.Compares ? "nothing is new" : "nothing diverges",
            findings.Unread.Count > 0 ? $"{findings.Unread.Count} cannot be used" : "",
            findings.LeftOut.Count > 0 ? $"{findings.LeftOut.Count} left out" : "",
        ];
        return $"{Numbers.Amount((ulong)(findings.Checked.Count + findings.Unread.Count), word, word + "s")}: {string.Join(", ", parts.Where(part => part.Length > 0))}";
    }
}
