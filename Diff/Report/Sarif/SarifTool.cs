using System.Text.Json;
using Differ.Diff.Findings;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Sarif;

/// <summary>Differ itself, the rules that results name, and the remarks that it makes.</summary>
internal static class SarifTool
{
    public static void Write(Utf8JsonWriter json, FindingSet findings, IReadOnlyList<RuleInfo> rules)
    {
        json.WriteStartObject("tool");
        json.WriteStartObject("driver");
        json.WriteString("name", "Differ");
        json.WriteString("informationUri", DocsLinks.Of(findings.Policy, "sarif.md"));
        json.WriteString("semanticVersion", typeof(SarifTool).Assembly.GetName().Version!.ToString(3));
        SarifReport.WriteMessage(json, "shortDescription", "Finds where the SVM that KVM emulates diverges from AMD's manual.");
        SarifReport.WriteMessage(json, "fullDescription", $"Replays the recorded tracepoints of KVM on a reference of AMD64 APM volume 2, {Apm.Revision}.");
        json.WriteStartArray("rules");
        foreach (RuleInfo rule in rules)
        {
            WriteRule(json, rule, DocsLinks.Of(findings.Policy, rule));
        }

        if (findings.Checked.Any(capture => capture.Behaviour.Count > 0))
        {
            SarifBehaviour.WriteRule(json, DocsLinks.Of(findings.Policy, "compare.md"));
        }

        json.WriteEndArray();
        json.WriteObjects("notifications", findings.Checked.SelectMany(capture => capture.Result.Summary.Notes).DistinctBy(note => note.Code).OrderBy(note => note.Code, StringComparer.Ordinal), note =>
        {
            json.WriteString("id", note.Code);
            SarifReport.WriteMessage(json, "shortDescription", note.Text);
            json.WriteString("helpUri", DocsLinks.Of(findings.Policy, "diagnostics.md"));
        });
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRule(Utf8JsonWriter json, RuleInfo rule, string page)
    {
        json.WriteStartObject();
        json.WriteString("id", rule.Id);
        SarifReport.WriteMessage(json, "shortDescription", rule.Statement);
        SarifReport.WriteMessage(json, "fullDescription", $"{rule.Citation}: {rule.Statement}");
        SarifReport.WriteMessage(
            json, "help", $"{rule.Statement} {rule.Citation}. It speaks when: {rule.Evidence} Expected: {rule.Expected} More: differ explain {rule.Id}",
            $"{rule.Statement}\n\n| | |\n|---|---|\n| Manual | {Cell(rule.Citation)} |\n| Speaks when | {Cell(rule.Evidence)} |\n| Expected | {Cell(rule.Expected)} |\n\nMore: `differ explain {rule.Id}`\n");
        json.WriteString("helpUri", page);
        json.WriteObject("defaultConfiguration", () => json.WriteString("level", SarifReport.Level(rule.Severity)));
        json.WriteStartObject("properties");
        json.WriteTexts("tags", ["security", "nested-virtualization", "svm"]);
        json.WriteString("precision", rule.Confidence switch { Confidence.Certain => "very-high", Confidence.Likely => "high", _ => "low" });
        json.WriteString("problem.severity", SarifReport.Level(rule.Severity) switch { "note" => "recommendation", var level => level });
        if (rule.Severity > Severity.Info)
        {
            // GitHub's bands: above 9.0 critical, from 7.0 high, from 4.0 medium, below that low.
            json.WriteString("security-severity", rule.Severity switch { Severity.Critical => "9.5", Severity.High => "8.0", Severity.Medium => "5.5", _ => "2.0" });
        }

        json.WriteString("section", rule.Citation);
        json.WriteString("severity", rule.Severity.ToString().ToLowerInvariant());
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
