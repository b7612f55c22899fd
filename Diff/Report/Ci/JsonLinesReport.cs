using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Ci;

/// <summary>One JSON object a line, each understood by itself, for programs that read lines. The schema is docs/jsonl.schema.json.</summary>
internal sealed class JsonLinesReport : IReportFormat
{
    /// <summary>Raised when a key changes its meaning or goes; new keys and new types of lines do not raise it.</summary>
    public const int SchemaVersion = 2;

    private static readonly JsonWriterOptions OnOneLine = new() { Encoder = JavaScriptEncoder.Default };

    public string Name => "jsonl";

    public string Summary => "one JSON object a line: each capture, finding, change of behaviour, rule on a vCPU, lack of evidence, and the sum";

    public void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        foreach (CheckedCapture capture in findings.Checked)
        {
            Line(output, "capture", json => WriteCapture(json, capture));
            foreach (Finding finding in capture.Findings)
            {
                Line(output, "finding", json => WriteFinding(json, capture, finding));
            }

            foreach (BehaviourChange change in capture.Behaviour)
            {
                Line(output, BehaviourWords.Word, json => WriteBehaviour(json, capture, change));
            }

            foreach (RuleCase one in capture.Cases())
            {
                Line(output, "rule", json => WriteCase(json, capture, one));
            }

            foreach (UndecidedClass undecided in capture.Result.Undecided)
            {
                Line(output, "undecided", json => WriteUndecided(json, capture, undecided));
            }
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            Line(output, "unread", json => WriteUnread(json, unread));
        }

        Line(output, "summary", json => WriteSummary(json, findings));
    }

    private static void Line(TextWriter output, string type, Action<Utf8JsonWriter> content)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, OnOneLine))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            JsonText.WriteSchema(json, "jsonl", SchemaVersion);
            content(json);
            json.WriteEndObject();
        }

        output.Write(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
        output.Write('\n');
    }

    private static void WriteCapture(Utf8JsonWriter json, CheckedCapture capture)
    {
        DiffResult result = capture.Result;
        json.WriteString("capture", capture.Name);
        json.WriteString("path", capture.File);
        json.WriteString("format", result.Header.Format);
        json.WriteString("kernel", result.Header.KernelRelease);
        json.WriteString("host", result.Header.HostName);
        json.WriteOptional("baseKernel", capture.Base?.Header.KernelRelease);
        json.WriteNumber("events", result.Summary.Events);
        json.WriteNumber("lossMarks", result.Summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks));
        json.WriteBoolean("fails", capture.Fails);
        JsonParts.WriteVerdict(json, capture.Verdict);
        JsonParts.WriteEndings(json, result);
        JsonParts.WriteGrade(json, CaptureQuality.Of(result));
        JsonParts.WriteVerdicts(json, result);
        JsonParts.WriteNotes(json, result);
        json.WriteObjects("vcpus", result.Summary.Streams, stream =>
        {
            json.WriteString("vcpu", capture.VcpuOf(stream.Id));
            json.WriteNumber("exits", stream.Exits);
        });
    }

    private static void WriteFinding(Utf8JsonWriter json, CheckedCapture capture, Finding finding)
    {
        DivergenceClass found = finding.Class;
        KeptExit exit = found.First.Exit;
        json.WriteString("capture", capture.Name);
        json.WriteBoolean("fails", finding.Fails);
        json.WriteString("state", FindingWords.State(finding));
        JsonParts.WriteClass(json, found);
        json.WriteString("level", ExitPrinter.Level(exit.Level));
        json.WriteString("exitName", exit.ExitName);
        json.WriteObjects("vcpus", found.Streams, share =>
        {
            json.WriteString("vcpu", VcpuNames.Of(capture.ResultOf(finding).Summary, share.Stream));
            json.WriteNumber("count", share.Count);
        });
        json.WriteString("firstVcpu", VcpuNames.Of(capture.ResultOf(finding).Summary, exit.Stream));
        json.WriteNumber("firstExit", exit.Index);
        json.WriteTexts("recorded", found.First.Recorded.Select(field => field.Text));
        json.WriteTexts("expected", found.First.Expected);
        if (finding.Change is { } change)
        {
            JsonParts.WriteRate(json, "base", change.Base);
            JsonParts.WriteRate(json, "test", change.Test);
            json.WriteNumber("p", Math.Round(change.Probability, 12));
        }
    }

    private static void WriteBehaviour(Utf8JsonWriter json, CheckedCapture capture, BehaviourChange change)
    {
        json.WriteString("capture", capture.Name);
        json.WriteBoolean("fails", BehaviourWords.Fails(capture));
        BehaviourJson.Write(json, change);
    }

    private static void WriteCase(Utf8JsonWriter json, CheckedCapture capture, RuleCase one)
    {
        json.WriteString("capture", capture.Name);
        json.WriteString("rule", one.Rule.Id);
        json.WriteString("vcpu", one.Vcpu);
        json.WriteString("outcome", one.Outcome.ToString().ToLowerInvariant());
        json.WriteNumber("conforms", one.Count.Conforms);
        json.WriteNumber("undecided", one.Count.Undecided);
        json.WriteNumber("likely", one.Count.Likely);
        json.WriteNumber("departs", one.Count.Departs);
        json.WriteTexts("fingerprints", one.Findings.Where(finding => finding.IsPresent).Select(finding => finding.Class.Fingerprint));
    }

    private static void WriteUndecided(Utf8JsonWriter json, CheckedCapture capture, UndecidedClass undecided)
    {
        json.WriteString("capture", capture.Name);
        JsonParts.WriteMissing(json, undecided);
        json.WriteString("firstVcpu", capture.VcpuOf(undecided.First.Stream));
        json.WriteNumber("firstExit", undecided.First.Index);
        JsonParts.WriteRuleShares(json, undecided);
    }

    private static void WriteUnread(Utf8JsonWriter json, UnreadCapture unread)
    {
        json.WriteString("capture", unread.Name);
        json.WriteString("path", unread.File);
        json.WriteString("code", unread.Code);
        json.WriteString("message", unread.Message);
    }

    private static void WriteSummary(Utf8JsonWriter json, FindingSet findings)
    {
        json.WriteBoolean("fails", findings.Fails);
        json.WriteString("verdict", RecordingVerdict.Words(findings.Outcome));
        JsonParts.WritePolicy(json, findings.Policy);
        json.WriteBoolean("compares", findings.Compares);
        json.WriteNumber("captures", findings.Checked.Count);
        json.WriteNumber("failing", findings.Checked.Count(capture => capture.Fails));
        json.WriteNumber("inconclusive", findings.Checked.Count(capture => capture.IsInconclusive));
        json.WriteNumber("unread", findings.Unread.Count);
        json.WriteNumber("classes", findings.Classes().Count(one => one.Fails));
        json.WriteNumber("behaviour", findings.Checked.Sum(capture => capture.Behaviour.Count));
        json.WriteTexts("onlyInBase", findings.OnlyBase);
        json.WriteTexts("onlyInTest", findings.OnlyTest);
    }
}
