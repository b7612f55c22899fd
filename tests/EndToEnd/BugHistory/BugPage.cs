using Differ.Diff.Knowledge;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>The page that lists what is told of each bug.</summary>
internal static class BugPage
{
    /// <summary>What stands before the rows.</summary>
    public const string Head =
        """
        # The bugs of nested SVM in KVM, and what a recording tells of them

        A row for every bug whose occasion or outcome stock tracepoints show: the rule under which a recording of it is reported, and the
        first series whose tracepoints carry what that takes; or why no recording proves it. Bugs that leave no trace at all are not
        listed. What holds under an assumption only is likely. `differ explain` tells more of a rule and of its bugs. tests/EndToEnd/BugHistory records each of them, and its correction, of which
        nothing may be reported.


        """ + "| bug | shown | what went wrong | reported under |\n|---|---|---|---|\n";

    /// <summary>One bug.</summary>
    /// <param name="bug">What is known of it.</param>
    /// <param name="told">Its recordings, each with whether it is reported under an assumption only.</param>
    public static string Row(KnownBug bug, IReadOnlyList<(PastBug Bug, bool IsLikely)> told) =>
        $"| {bug.Id} | {(bug.Visibility == Visibility.Observable ? "in full" : "in part")} | {bug.Statement} | {Outcome(bug, told)} |\n";

    private static string Outcome(KnownBug bug, IReadOnlyList<(PastBug Bug, bool IsLikely)> told)
    {
        if (told.Count == 0)
        {
            return "not proved: " + UntoldBugs.All[bug.Id];
        }

        string rules = string.Join(", ", told.Select(one => $"{(one.IsLikely && !one.Bug.OnRequest ? "likely " : "")}`{one.Bug.Rule}`{Since(one.Bug)}").Distinct());
        return told[0].Bug.AsKnown ? $"as known: {rules}" : told[0].Bug.OnRequest ? $"as likely with `--speculative`: {rules}" : rules;
    }

    private static string Since(PastBug told) => told.From == "4.14" ? "" : $" (since {told.From})";
}
