using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Ci;

/// <summary>
/// Code quality of GitLab, in the form of Code Climate's issues: one for each class and each capture that cannot be used. Of a merge
/// request GitLab shows those that the target branch lacks, by their fingerprints.
/// </summary>
internal sealed class GitlabReport : IReportFormat
{
    private const int MostNames = 5;

    public string Name => "gitlab";

    public string Summary => "code quality of GitLab: one issue for each class of divergences";

    public void Write(FindingSet findings, TextWriter output, Ink ink) => JsonText.WriteArray(output, json =>
    {
        foreach (FindingClass one in findings.Classes().Where(one => one.Lead.Finding.IsPresent))
        {
            string state = one.State == FindingState.Diverges ? "" : $" ({FindingWords.State(one.Lead.Finding)})";
            string assumes = one.Class.IsLikely ? $" Assumes {FindingWords.Assumption(one.Class)}." : "";
            WriteIssue(
                json, one.Class.Rule.Id, one.Class.Fingerprint, one.Fails ? Severity(one.Class.Rule.Severity) : "info", one.Lead.Capture.File,
                $"{one.Class.Rule.Id}{state}: {one.Class.Rule.Statement}{assumes} {Departs(one)}; recorded: {string.Join("; ", one.Class.First.Recorded.Select(field => field.Text))};"
                    + $" expected: {string.Join(" or ", one.Class.First.Expected)}. In {FindingWords.Names(one, MostNames)}");
        }

        foreach (CheckedCapture capture in findings.Checked)
        {
            WriteCapture(json, capture);
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            string check = unread.Code.Length > 0 ? unread.Code : "unreadable";
            WriteIssue(json, check, Fingerprint.Of($"{unread.Name}|{check}"), "major", unread.File, $"{unread.Name} cannot be used: {unread.Message}");
        }
    });

    // That a recording is inconclusive is to be seen: a merge request without an issue looks as if all were well.
    private static void WriteCapture(Utf8JsonWriter json, CheckedCapture capture)
    {
        if (capture.IsInconclusive)
        {
            WriteIssue(
                json, capture.Verdict.Word, Fingerprint.Of($"{capture.Name}|{capture.Verdict.Word}"), capture.Fails ? "critical" : "major", capture.File,
                $"{capture.Name} is inconclusive: {capture.Verdict.Why}");
        }

        foreach (BehaviourChange change in capture.Behaviour)
        {
            WriteIssue(
                json, BehaviourWords.Word, Fingerprint.Of($"{capture.Name}|{change.Fingerprint}"), BehaviourWords.Fails(capture) ? "major" : "minor", capture.File,
                $"{capture.Name}: L0 behaves differently, and no rule names it. {BehaviourWords.Line(change)}");
        }

        foreach ((VmEnding ending, string text) in capture.Result.Endings.Zip(FindingWords.Endings(capture.Result)))
        {
            WriteIssue(
                json, ending.Name, Fingerprint.Of($"{capture.Name}|{ending.Name}|{ending.Exit.Level}|{ending.Exit.ExitName}"), "info", capture.File,
                $"{capture.Name}: {text}");
        }
    }

    private static string Departs(FindingClass one)
    {
        string culprit = FindingWords.Culprit(one.Class);
        return $"{char.ToUpperInvariant(culprit[0])}{culprit[1..]} diverges {Numbers.Amount(one.Count, "time", "times")}";
    }

    private static void WriteIssue(Utf8JsonWriter json, string check, string fingerprint, string severity, string file, string description)
    {
        json.WriteStartObject();
        json.WriteString("type", "issue");
        json.WriteString("check_name", check);
        json.WriteString("description", PlainText.Of(description));
        json.WriteString("severity", severity);
        json.WriteString("fingerprint", fingerprint);
        json.WriteTexts("categories", ["Bug Risk"]);
        json.WriteStartObject("location");
        json.WriteString("path", file);
        json.WriteStartObject("lines");

        // A recording has no lines, and GitLab needs one.
        json.WriteNumber("begin", 1);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Severity(Severity severity) => severity switch
    {
        Schemas.Vocabulary.Severity.Critical => "blocker",
        Schemas.Vocabulary.Severity.High => "critical",
        Schemas.Vocabulary.Severity.Medium => "major",
        Schemas.Vocabulary.Severity.Low => "minor",
        _ => "info",
    };
}
