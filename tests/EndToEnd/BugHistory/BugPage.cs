using System.Globalization;
using Differ.Diff.Knowledge;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.EndToEnd.BugHistory;

/// <summary>The page that lists what is told of each bug.</summary>
internal static class BugPage
{
    /// <summary>What stands before the rows.</summary>
    /// <param name="all">How many bugs there are.</param>
    /// <param name="hidden">How many of them tracepoints hide in part or whole.</param>
    /// <param name="told">How many of those a recording of tracepoints shows nevertheless.</param>
    /// <param name="shown">How many of those a recording with probes shows.</param>
    public static string Head(int all, int hidden, int told, int shown) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        # The bugs of nested SVM in KVM, and what a recording tells of them

        A row for every bug that is known: how much of it stock tracepoints show; the rule under which a recording of them is reported, and the
        first series whose tracepoints carry what that takes, or why no recording of them proves it; and what the probes of [differ record](recording.md) add: the rule
        that they decide, *the same* where tracepoints told it already, or why a recording with probes proves nothing either. Of {all} bugs tracepoints hide {hidden} in part or whole;
        of these a recording of tracepoints proves {told}, one with probes {shown}. What holds under an assumption only is likely. `differ explain` tells more of a rule and of
        its bugs. tests/EndToEnd/BugHistory records each of them, and its correction, of which nothing may be reported.


        """) + "| bug | shown | what went wrong | reported under | with probes |\n|---|---|---|---|---|\n";

    /// <summary>One bug.</summary>
    /// <param name="bug">What is known of it.</param>
    /// <param name="told">Its recordings, each with whether it is reported under an assumption only.</param>
    public static string Row(KnownBug bug, IReadOnlyList<(PastBug Bug, bool IsLikely)> told) =>
        $"| {bug.Id} | {Shown(bug.Visibility)} | {bug.Statement} | {Outcome(bug, told)} | {WithProbes(bug, told.Count > 0)} |\n";

    private static string Shown(Visibility visibility) => visibility switch { Visibility.Observable => "in full", Visibility.Partly => "in part", _ => "not" };

    private static string WithProbes(KnownBug bug, bool isTold)
    {
        string[] rules = [.. ProbedBugs.All.Where(one => one.Id == bug.Id).Select(one => $"`{one.Rule}`").Distinct()];
        return rules.Length > 0 ? string.Join(", ", rules) : isTold || bug.Visibility == Visibility.Observable ? "the same" : UntoldBugs.WithProbes[bug.Id];
    }

    private static string Outcome(KnownBug bug, IReadOnlyList<(PastBug Bug, bool IsLikely)> told)
    {
        if (bug.Visibility == Visibility.NotTraced)
        {
            return "not recorded";
        }

        if (told.Count == 0)
        {
            return "not proved: " + UntoldBugs.All[bug.Id];
        }

        string rules = string.Join(", ", told.Select(one => $"{(one.IsLikely && !one.Bug.OnRequest ? "likely " : "")}`{one.Bug.Rule}`{Since(one.Bug)}").Distinct());
        return told[0].Bug.AsKnown ? $"as known: {rules}" : told[0].Bug.OnRequest ? $"as likely with `--speculative`: {rules}" : rules;
    }

    private static string Since(PastBug told) => told.From == "4.14" ? "" : $" (since {told.From})";
}
