using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Findings;

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
            KcidbReport.WriteIssue(json, change.Fingerprint, $"L0 behaves differently at {change.Where}", isProcessor: false, $"No rule of the manual names it. {BehaviourWords.Line(change)}", () =>
            {
                json.WriteString("fingerprint", change.Fingerprint);
                json.WriteString("exit", change.Exit);
                json.WriteString("instruction", change.Instruction);
            });
        }
    }

    /// <summary>Writes the incidents of a capture into a list that is open.</summary>
    public static void WriteIncidents(Utf8JsonWriter json, CheckedCapture capture)
    {
        foreach (BehaviourChange change in capture.Behaviour)
        {
            KcidbReport.WriteIncident(json, capture, KcidbTest.IdOfBehaviour(capture), change.Fingerprint, isPresent: true, BehaviourWords.Line(change), () =>
            {
                json.WriteString("state", BehaviourWords.Word);
                BehaviourJson.Write(json, change);
            });
        }
    }
}
