using System.Net;
using System.Text;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Ci;

/// <summary>
/// A comment on a pull request: a short table first, details folded. GitHub takes 65 536 characters of a comment and 1 MiB of a step
/// summary; what there is no room for is left out, and the last line says so.
/// </summary>
internal sealed class MarkdownReport : IReportFormat
{
    /// <summary>Counted in bytes, of which there are at least as many as characters.</summary>
    internal const int MostBytes = 65_536;

    private const int Reserved = 1_024;
    private const int MostRows = 100;
    private const int MostDetails = 30;
    private const int MostNames = 3;
    private const int LongestName = 120;
    private const int LongestFact = 600;

    public string Name => "markdown";

    public string Summary => "a comment on a pull request or a step summary: a table first, details folded, within GitHub's limits";

    public void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        IReadOnlyList<FindingClass> classes = findings.Classes();
        ILookup<bool, FindingClass> isKnown = classes.ToLookup(one => one.Lead.Finding.IsKnown);
        var text = new LimitedText(MostBytes, Reserved);
        text.Add("the heading", $"### Differ: {SetWords.Sum(findings)}\n");
        text.Add("the table of divergences", Departures(findings, [.. isKnown[false]]));
        text.Add("what L0 does differently", Behaviour(findings));
        text.Add("inconclusive captures", Inconclusive(findings));
        text.Add("captures that cannot be used", Unread(findings));
        text.Add("captures without partners", Alone(findings));
        text.Add("the table of captures", Captures(findings));
        foreach (FindingClass one in isKnown[false].Where(IsDetailed).Take(MostDetails))
        {
            text.Add($"details of {one.Class.Fingerprint}", Details(one));
        }

        text.Add("documented divergences", Known([.. isKnown[true]]));
        text.Add("how VMs ended", Endings(findings));
        text.Add("what is undecided", Undecided(findings));
        output.Write(text.ToString());
        int more = classes.Count(IsDetailed) - MostDetails;
        string[] left = [.. text.LeftOut, .. more > 0 ? new[] { $"details of {more} more classes" } : []];
        output.Write(left.Length == 0 ? "" : $"\n_Left out for lack of room: {string.Join(", ", left.Take(MostNames))}{(left.Length > MostNames ? $" and {left.Length - MostNames} more parts" : "")}."
            + " The reports `json` and `html` have everything._\n");
    }

    private static bool IsDetailed(FindingClass one) => one.Fails || one.State is (FindingState.Diverges or FindingState.Likely);

    private static string Departures(FindingSet findings, IReadOnlyList<FindingClass> classes)
    {
        if (classes.Count == 0)
        {
            return "";
        }

        var table = new StringBuilder(findings.Compares
            ? "\n| Change | Rule | Severity | Culprit | Base | Test | In | Fingerprint |\n|---|---|---|---|---|---|---|---|\n"
            : "\n| Rule | Severity | Culprit | Occurrences | In | Fingerprint |\n|---|---|---|---:|---|---|\n");
        foreach (FindingClass one in classes.Take(MostRows))
        {
            string rule = $"{one.Class.Rule.Id} | {FindingWords.Severity(one.Class)} | {FindingWords.Culprit(one.Class)}{(Sure(findings, one) is { Length: > 0 } sure ? $", {sure}" : "")}";
            string often = one.Lead.Finding.Change is { } change ? $"{Rate(change.Base)} | {Rate(change.Test)}" : Numbers.Plain(one.Count);
            table.Append($"| {(findings.Compares ? $"{FindingWords.State(one.Lead.Finding)} | " : "")}{rule} | {often} | {Names(one)} | `{one.Class.Fingerprint}` |\n");
        }

        return table.Append(classes.Count > MostRows ? $"\nand {classes.Count - MostRows} further classes\n" : "").ToString();
    }

    private static string Behaviour(FindingSet findings)
    {
        (CheckedCapture Capture, BehaviourChange Change)[] changes = [.. findings.Checked.SelectMany(capture => capture.Behaviour, (capture, change) => (capture, change))];
        var table = new StringBuilder(changes.Length == 0 ? "" : "\n| L0 behaves differently, and no rule names it | Base | Test | Exits | In | Fingerprint |\n|---|---|---|---|---|---|\n");
        foreach ((CheckedCapture capture, BehaviourChange change) in changes.Take(MostRows))
        {
            table.Append($"| {Code(change.Where)} | {Code(change.DidInBase, LongestFact)} | {Code(change.DidInTest, LongestFact)} | {BehaviourWords.Count(change)} | {Code(capture.Name)} | `{change.Fingerprint}` |\n");
        }

        return table.Append(changes.Length > MostRows ? $"\nand {changes.Length - MostRows} further ways\n" : "").ToString();
    }

    // A comparison has a column for how a class stands.
    private static string Sure(FindingSet findings, FindingClass one) =>
        findings.Compares || one.State == FindingState.Diverges ? "" : one.State == FindingState.Likely ? $"likely: assumes {FindingWords.Assumption(one.Class)}" : FindingWords.State(one.Lead.Finding);

    private static string Inconclusive(FindingSet findings)
    {
        CheckedCapture[] captures = [.. findings.Checked.Where(capture => capture.IsInconclusive)];
        var list = new StringBuilder();
        foreach (CheckedCapture capture in captures.Take(MostRows))
        {
            list.Append($"\n- {Code(capture.Name)} is **inconclusive**: {Code(capture.Verdict.Why, LongestFact)}");
        }

        return list.Append(captures.Length == 0 ? "" : captures.Length > MostRows ? $"\n- and {captures.Length - MostRows} more\n" : "\n").ToString();
    }

    private static string Endings(FindingSet findings)
    {
        string[] endings = [.. findings.Checked.SelectMany(capture => FindingWords.Endings(capture.Result), (capture, ending) => $"- {Code(capture.Name)}: {Code(ending, LongestFact)}\n")];
        return endings.Length == 0 ? "" : Folded("How VMs ended", string.Concat(endings.Take(MostRows)) + (endings.Length > MostRows ? $"- and {endings.Length - MostRows} more\n" : ""));
    }

    private static string Unread(FindingSet findings)
    {
        var list = new StringBuilder();
        foreach (UnreadCapture unread in findings.Unread.Take(MostRows))
        {
            list.Append($"\n- {Code(unread.Name)} cannot be used: {Code(unread.Message, LongestFact)}");
        }

        return list.Append(findings.Unread.Count == 0 ? "" : findings.Unread.Count > MostRows ? $"\n- and {findings.Unread.Count - MostRows} more\n" : "\n").ToString();
    }

    private static string Alone(FindingSet findings) => string.Concat(
        new[] { ("base", findings.OnlyBase), ("test", findings.OnlyTest) }.Where(side => side.Item2.Count > 0)
            .Select(side => $"\nOnly in {side.Item1}: {string.Join(", ", side.Item2.Take(MostRows).Select(name => Code(name)))}"
                + $"{(side.Item2.Count > MostRows ? $" and {side.Item2.Count - MostRows} more" : "")}\n"));

    private static string Captures(FindingSet findings)
    {
        if (findings.Checked.Count == 0)
        {
            return "";
        }

        var table = new StringBuilder(findings.Compares
            ? "| Capture | Verdict | Kernel | Base kernel | Grade | Exits | Undecided | New classes |\n|---|---|---|---|---|---:|---:|---:|\n"
            : "| Capture | Verdict | Kernel | Grade | Exits | Undecided | Likely | Diverge | Classes |\n|---|---|---|---|---:|---:|---:|---:|---:|\n");

        // Those that fail are the ones that are looked for.
        foreach (CheckedCapture capture in findings.Checked.OrderByDescending(capture => capture.Fails).Take(MostRows))
        {
            DiffResult result = capture.Result;
            int classes = capture.Findings.Count(finding => finding.State == FindingState.Diverges);
            string exits = $"{CaptureQuality.Of(result).Grade} | {Numbers.Plain(result.Summary.Exits)} | {Numbers.Plain(result.CountOf(Verdict.Undecided))}";
            string kernel = Code(result.Header.KernelRelease) + (capture.Base is { } before ? $" | {Code(before.Header.KernelRelease)}" : "");
            table.Append($"| {Code(capture.Name)} | {capture.Verdict.Word} | {kernel} | {exits} | {(findings.Compares ? "" : $"{Numbers.Plain(result.CountOf(Verdict.Likely))} | {Numbers.Plain(result.CountOf(Verdict.Diverges))} | ")}{classes} |\n");
        }

        return Folded(
            Numbers.Amount((ulong)findings.Checked.Count, "capture", "captures"),
            table.Append(findings.Checked.Count > MostRows ? $"\nand {findings.Checked.Count - MostRows} more\n" : "").ToString());
    }

    private static string Details(FindingClass one)
    {
        var block = new StringBuilder("```text\n");
        foreach ((string label, string text) in FindingWords.Facts(one.Lead.Capture, one.Lead.Finding))
        {
            block.Append($"{label,-9} {PlainText.Of(text, LongestFact)}\n");
        }

        block.Append($"{"in",-9} {PlainText.Cut(FindingWords.Names(one, MostNames), LongestFact)}\n\n");
        foreach (string line in FindingWords.Around(one.Class))
        {
            block.Append($"{line}\n");
        }

        return Folded($"{one.Class.Rule.Id}, {(one.Class.IsLikely ? "likely: " : "")}{FindingWords.Departs(one.Lead.Finding)}", block.Append("```\n").ToString());
    }

    private static string Known(IReadOnlyList<FindingClass> classes)
    {
        if (classes.Count == 0)
        {
            return "";
        }

        var table = new StringBuilder("| Rule | Times | Why | In | Fingerprint |\n|---|---:|---|---|---|\n");
        foreach (FindingClass one in classes.Take(MostRows))
        {
            table.Append($"| {one.Class.Rule.Id} | {Numbers.Plain(one.Count)} | {Code(one.Class.Known ?? "", LongestFact)} | {Names(one)} | `{one.Class.Fingerprint}` |\n");
        }

        return Folded($"{classes.Count} divergences that are no findings: documented by KVM, accepted or ignored", table.ToString());
    }

    private static string Undecided(FindingSet findings)
    {
        IReadOnlyList<UndecidedShare> undecided = findings.Undecided();
        if (undecided.Count == 0)
        {
            return "";
        }

        var table = new StringBuilder("| Exits | Captures | Would be decided by | To decide it |\n|---:|---:|---|---|\n");
        foreach (UndecidedShare share in undecided)
        {
            table.Append($"| {Numbers.Plain(share.Exits)} | {share.Captures} | {share.Missing.What} | {share.Missing.How} |\n");
        }

        return Folded("What is undecided, and for lack of what", table.ToString());
    }

    private static string Folded(string title, string content) => $"\n<details><summary>{WebUtility.HtmlEncode(title)}</summary>\n\n{content}\n</details>\n";

    private static string Rate(Proportion rate) => rate.Chances == 0 ? "no chance" : $"{Numbers.Plain(rate.Count)} of {Numbers.Plain(rate.Chances)}";

    private static string Names(FindingClass one)
    {
        CheckedCapture[] captures = [.. one.Places.Select(place => place.Capture).Distinct()];
        return string.Join(", ", captures.Take(MostNames).Select(capture => Code(capture.Name))) + (captures.Length > MostNames ? $" and {captures.Length - MostNames} more" : "");
    }

    // As code nothing in it is a link, a mention or a tag; only what would end the code or the cell is to be taken out.
    private static string Code(string text, int most = LongestName) => text.Length == 0 ? ""
        : $"`{PlainText.Of(text, most).Replace('`', '\'').Replace("|", "\\|", StringComparison.Ordinal)}`";
}
