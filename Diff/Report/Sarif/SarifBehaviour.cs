using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Sarif;

/// <summary>What L0 does otherwise and no rule of the manual names, as results of a rule that is Differ's own.</summary>
internal static class SarifBehaviour
{
    private const string Level = "warning";

    /// <summary>Writes the rule behind those of the manual.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="page">The address of its page.</param>
    public static void WriteRule(Utf8JsonWriter json, string page)
    {
        json.WriteStartObject();
        json.WriteString("id", BehaviourWords.Word);
        SarifReport.WriteMessage(json, "shortDescription", "L0 acts at an exit as it does in the base capture.");
        SarifReport.WriteMessage(
            json, "fullDescription", "Two captures of the same guest have an exit in common, nothing came from outside in between, and L0 does something else. No rule of the manual names it.");
        SarifReport.WriteMessage(json, "help", "The exits around it stand in the code flow of a result. More: differ compare BASE TEST");
        json.WriteString("helpUri", page);
        json.WriteObject("defaultConfiguration", () => json.WriteString("level", Level));
        json.WriteEndObject();
    }

    /// <summary>Writes the results into a list that is open.</summary>
    /// <param name="json">Where they go.</param>
    /// <param name="findings">What was found.</param>
    /// <param name="rule">The number of the rule.</param>
    public static void Write(Utf8JsonWriter json, FindingSet findings, int rule)
    {
        int left = SarifReport.MostResults;
        for (int i = 0; i < findings.Checked.Count; i++)
        {
            foreach (BehaviourChange change in findings.Checked[i].Behaviour.Take(left))
            {
                WriteResult(json, findings.Checked[i], i, change, rule);
                left--;
            }
        }
    }

    private static void WriteResult(Utf8JsonWriter json, CheckedCapture capture, int number, BehaviourChange change, int rule)
    {
        bool fails = BehaviourWords.Fails(capture);
        json.WriteStartObject();
        json.WriteString("ruleId", BehaviourWords.Word);
        json.WriteNumber("ruleIndex", rule);
        json.WriteString("kind", fails ? "fail" : "review");
        json.WriteString("level", fails ? Level : "none");
        json.WriteString("baselineState", "new");
        SarifReport.WriteMessage(json, "message", $"L0 behaves differently, and no rule names it. {BehaviourWords.Line(change)}");
        json.WriteObjects("locations", [change.First.Test], place => SarifResults.WriteWhere(json, capture.File, number, capture.VcpuOf(place.Stream), place.Index));
        json.WriteTexts("relatedLocations", []);
        json.WriteNumber("occurrenceCount", change.Count);
        json.WriteObject("partialFingerprints", () => json.WriteString("differ/v1", change.Fingerprint));
        json.WriteObject("properties", () => BehaviourJson.Write(json, change));
        json.WriteEndObject();
    }
}
