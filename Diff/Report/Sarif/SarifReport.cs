using System.Text.Json;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Sarif;

/// <summary>
/// Static Analysis Results Interchange Format, version 2.1.0 (OASIS), for code scanning: one run, a result for each class of divergences,
/// within the limits of GitHub (20 runs in a file, 5,000 results of a run shown, 10 MB packed).
/// </summary>
internal sealed class SarifReport : IReportFormat
{
    /// <summary>Results beyond are left out, the least grave: GitHub shows no more.</summary>
    internal const int MostResults = 5_000;

    public string Name => "sarif";

    public string Summary => "SARIF 2.1.0 for code scanning: one result for each class of divergences";

    public void Write(FindingSet findings, TextWriter output, Ink ink) => JsonText.Write(output, json =>
    {
        IReadOnlyList<FindingClass> classes = findings.Classes();
        FindingClass[] shown = [.. classes.Take(MostResults)];
        RuleInfo[] rules = [.. shown.SelectMany(one => one.Class.AlsoBroken.Prepend(one.Class.Rule)).DistinctBy(rule => rule.Id).OrderBy(rule => rule.Id, StringComparer.Ordinal)];
        json.WriteString("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
        json.WriteString("version", "2.1.0");
        json.WriteStartArray("runs");
        json.WriteStartObject();
        SarifTool.Write(json, findings, rules);
        json.WriteObject("automationDetails", () => json.WriteString("id", findings.Compares ? "differ-compare/" : "differ/"));
        SarifCaptures.WriteInvocation(json, findings, classes.Count - shown.Length);
        SarifCaptures.WriteArtifacts(json, findings);
        json.WriteStartObject("properties");
        json.WriteString("verdict", RecordingVerdict.Words(findings.Outcome));
        JsonParts.WritePolicy(json, findings.Policy);
        json.WriteEndObject();
        new SarifResults(json, findings, [.. rules.Select(rule => rule.Id)]).Write(shown);
        json.WriteString("columnKind", "utf16CodeUnits");
        json.WriteEndObject();
        json.WriteEndArray();
    });

    /// <summary>A message, which every part of the format has its texts in.</summary>
    internal static void WriteMessage(Utf8JsonWriter json, string name, string text, string? markdown = null)
    {
        json.WriteStartObject(name);
        json.WriteString("text", PlainText.Of(text));
        if (markdown is not null)
        {
            json.WriteString("markdown", markdown);
        }

        json.WriteEndObject();
    }

    /// <summary>How grave something is: error, warning or note.</summary>
    internal static string Level(Severity severity) => severity switch
    {
        Severity.Critical or Severity.High => "error",
        Severity.Medium => "warning",
        _ => "note",
    };
}
