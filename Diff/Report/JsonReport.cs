using System.Text.Json;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>
/// For programs. The schema of one capture is docs/report.schema.json, of several docs/reports.schema.json. 64-bit values are hexadecimal
/// texts because JSON readers lose bits above 53.
/// </summary>
internal sealed class JsonReport : IReportFormat
{
    /// <summary>Raised when a key changes its meaning or goes; new keys do not raise it.</summary>
    public const int SchemaVersion = 1;

    public string Name => "json";

    public string Summary => "for programs, everything in one document";

    public void Write(FindingSet findings, TextWriter output, Ink ink) => JsonText.Write(output, json =>
    {
        // Of a folder of which something was left out, one capture is a set too.
        CheckedCapture? one = findings.LeftOut.Count == 0 ? findings.Single : null;
        JsonText.WriteSchema(json, one is null ? "reports" : "report", SchemaVersion);
        json.WriteString("manual", Apm.Revision);
        if (one is null)
        {
            WriteSet(json, findings);
        }
        else
        {
            JsonCapture.Write(json, one.Result);
        }
    });

    /// <summary>Writes another JSON document: the versions of report and manual, then what the caller has to say.</summary>
    internal static void WriteDocument(TextWriter output, Action<Utf8JsonWriter> content) => JsonText.Write(output, json =>
    {
        json.WriteNumber("schemaVersion", SchemaVersion);
        json.WriteString("manual", Apm.Revision);
        content(json);
    });

    private static void WriteSet(Utf8JsonWriter json, FindingSet findings)
    {
        json.WriteString("verdict", RecordingVerdict.Words(findings.Outcome));
        JsonParts.WritePolicy(json, findings.Policy);
        json.WriteObjects("captures", findings.Checked, capture =>
        {
            json.WriteString("name", capture.Name);
            json.WriteString("path", capture.File);
            json.WriteObject("report", () => JsonCapture.Write(json, capture.Result));
        });
        json.WriteObjects("unread", findings.Unread, unread =>
        {
            json.WriteString("name", unread.Name);
            json.WriteString("path", unread.File);
            json.WriteString("code", unread.Code);
            json.WriteString("message", unread.Message);
        });
        json.WriteObjects("leftOut", findings.LeftOut, one =>
        {
            json.WriteString("name", one.Name);
            json.WriteString("path", one.File);
            json.WriteString("reason", one.Reason);
        });
    }
}
