using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Kcidb;

/// <summary>What L0 does otherwise and no rule names: one test of a comparison, an issue for each way, an incident for each capture that has it.</summary>
internal static class KcidbBehaviour
{
    /// <summary>The test whether L0 acts as in the base capture.</summary>
    /// <param name="capture">The test capture.</param>
    /// <param name="id">The id of the test.</param>
    /// <param name="path">Where it is in the tree of tests.</param>
    public static KcidbTest TestOf(CheckedCapture capture, string id, string path) => new(
        id, KcidbReport.KernelOf(capture), path,
        BehaviourWords.Fails(capture) ? KcidbStatus.Fail : capture.Behaviour.Count > 0 ? KcidbStatus.Done : capture.IsInconclusive ? KcidbStatus.Skip : KcidbStatus.Pass,
        capture.Behaviour.Count > 0 ? BehaviourWords.All(capture) : BehaviourWords.Test,
        capture.Pair is not { } pair ? null : json => BehaviourJson.Write(json, pair.Common));

    /// <summary>Writes the issues into a list that is open.</summary>
    public static void WriteIssues(Utf8JsonWriter json, FindingSet findings)
    {
        foreach (BehaviourChange change in findings.Checked.SelectMany(capture => capture.Behaviour).DistinctBy(change => change.Fingerprint, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("id", IssueId(change));
            json.WriteNumber("version", KcidbReport.IssueVersion);
            json.WriteString("origin", KcidbReport.Origin);
            json.WriteString("report_subject", PlainText.Of($"L0 acts otherwise at {change.Where}"));
            json.WriteStartObject("culprit");
            json.WriteBoolean("code", true);
            json.WriteBoolean("tool", false);
            json.WriteBoolean("harness", false);
            json.WriteEndObject();
            json.WriteString("comment", $"No rule of the manual names it. {BehaviourWords.Line(change)}");
            json.WriteStartObject("misc");
            json.WriteString("fingerprint", change.Fingerprint);
            json.WriteString("exit", change.Exit);
            json.WriteString("instruction", change.Instruction);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    /// <summary>Writes the incidents of a capture into a list that is open.</summary>
    public static void WriteIncidents(Utf8JsonWriter json, CheckedCapture capture)
    {
        foreach (BehaviourChange change in capture.Behaviour)
        {
            string test = KcidbTest.IdOfBehaviour(capture);
            json.WriteStartObject();
            json.WriteString("id", $"{test}:{change.Fingerprint}");
            json.WriteString("origin", KcidbReport.Origin);
            json.WriteString("issue_id", IssueId(change));
            json.WriteNumber("issue_version", KcidbReport.IssueVersion);
            json.WriteString("test_id", test);
            json.WriteString("build_id", KcidbReport.BuildId(KcidbReport.KernelOf(capture)));
            json.WriteBoolean("present", true);
            json.WriteString("comment", PlainText.Of($"{capture.Name}: {BehaviourWords.Line(change)}"));
            json.WriteStartObject("misc");
            json.WriteString("state", BehaviourWords.Word);
            BehaviourJson.Write(json, change);
            json.WriteEndObject();
            json.WriteEndObject();
        }
    }

    private static string IssueId(BehaviourChange change) => $"{KcidbReport.Origin}:{change.Fingerprint}";
}
