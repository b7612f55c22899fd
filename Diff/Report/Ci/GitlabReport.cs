using System.Text.Json;
using Differ.Diff.Compare;
using Differ.Diff.Findings;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Ci;

/// <summary>
/// Code quality of GitLab, in the form of Code Climate's issues: one for each class and each capture that cannot be used. Of a merge
/// request GitLab shows those that the target branch lacks, by their fingerprints.
/// </summary>
internal sealed class GitlabReport : IReportFormat
{
    private const int MostNames = 5;

    /// <inheritdoc/>
    public string Name => "gitlab";

    /// <inheritdoc/>
    public string Summary => "code quality of GitLab: one issue for each class of departures";

    /// <inheritdoc/>
    public void Write(FindingSet findings, TextWriter output, Ink ink) => JsonText.WriteArray(output, json =>
    {
        foreach (FindingClass one in findings.Classes().Where(one => one.Lead.Finding.IsPresent))
        {
            string state = one.State == FindingState.Failing ? "" : $" ({FindingWords.State(one.Lead.Finding)})";
            WriteIssue(
                json, one.Class.Rule.Id, one.Class.Fingerprint, one.State == FindingState.Failing ? Severity(one.Class.Rule.Severity) : "info", one.Lead.Capture.File,
                $"{one.Class.Rule.Id}{state}: {one.Class.Rule.Statement} {Departs(one)}; recorded: {string.Join("; ", one.Class.First.Recorded.Select(field => field.Text))};"
                    + $" expected: {string.Join(" or ", one.Class.First.Expected)}. In {FindingWords.Names(one, MostNames)}");
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            string check = unread.Code.Length > 0 ? unread.Code : "unreadable";
            WriteIssue(json, check, Fingerprint.Of($"{unread.Name}|{check}"), "major", unread.File, $"{unread.Name} cannot be used: {unread.Message}");
        }
    });

    private static string Departs(FindingClass one)
    {
        string culprit = FindingWords.Culprit(one.Class);
        return $"{char.ToUpperInvariant(culprit[0])}{culprit[1..]} departs {Numbers.Amount(one.Count, "time", "times")}";
    }

    private static void WriteIssue(Utf8JsonWriter json, string check, string fingerprint, string severity, string file, string description)
    {
        json.WriteStartObject();
        json.WriteString("type", "issue");
        json.WriteString("check_name", check);
        json.WriteString("description", PlainText.Of(description));
        json.WriteString("severity", severity);
        json.WriteString("fingerprint", fingerprint);
        json.WriteStartArray("categories");
        json.WriteStringValue("Bug Risk");
        json.WriteEndArray();
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
