using System.Globalization;
using System.Text.Json;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Sarif;

/// <summary>The captures: the files, and what was remarked while they were checked.</summary>
internal static class SarifCaptures
{
    /// <summary>Writes the one invocation of Differ, with everything that limits what its results mean.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="findings">What was found.</param>
    /// <param name="left">How many classes found no room among the results.</param>
    public static void WriteInvocation(Utf8JsonWriter json, FindingSet findings, int left)
    {
        json.WriteStartArray("invocations");
        json.WriteStartObject();
        json.WriteBoolean("executionSuccessful", findings.Unread.Count == 0);
        json.WriteStartArray("toolExecutionNotifications");
        for (int i = 0; i < findings.Checked.Count; i++)
        {
            WriteRemarks(json, findings.Checked[i], i);
        }

        for (int i = 0; i < findings.Unread.Count; i++)
        {
            UnreadCapture unread = findings.Unread[i];
            WriteNotification(json, unread.Code, "error", $"{unread.Name} cannot be used: {unread.Message}", unread.File, findings.Checked.Count + i);
        }

        if (left > 0)
        {
            WriteNotification(json, "", "warning", string.Create(CultureInfo.InvariantCulture, $"{left} further classes of divergences are left out, those of least weight"));
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    /// <summary>Writes the files, in the order of their numbers: those that were checked, then those that could not be.</summary>
    public static void WriteArtifacts(Utf8JsonWriter json, FindingSet findings)
    {
        json.WriteStartArray("artifacts");
        foreach (CheckedCapture capture in findings.Checked)
        {
            json.WriteStartObject();
            WriteLocation(json, "location", capture.File);
            if (capture.Result.Header.CaptureSize > 0)
            {
                json.WriteNumber("length", capture.Result.Header.CaptureSize);
            }

            WriteRole(json);
            json.WriteStartObject("properties");
            json.WriteString("name", PlainText.Of(capture.Name));
            json.WriteString("format", PlainText.Of(capture.Result.Header.Format));
            json.WriteString("kernel", PlainText.Of(capture.Result.Header.KernelRelease));
            JsonParts.WriteVerdict(json, capture.Verdict);
            JsonParts.WriteVerdicts(json, capture.Result);
            JsonParts.WriteGrade(json, CaptureQuality.Of(capture.Result));
            json.WriteEndObject();
            json.WriteEndObject();
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            json.WriteStartObject();
            WriteLocation(json, "location", unread.File);
            WriteRole(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes a file.</summary>
    /// <param name="json">Where it goes.</param>
    /// <param name="name">The member.</param>
    /// <param name="file">The file.</param>
    /// <param name="number">Its number among the artifacts; null within them.</param>
    public static void WriteLocation(Utf8JsonWriter json, string name, string file, int? number = null)
    {
        json.WriteStartObject(name);
        json.WriteString("uri", UriOf(file));
        if (number is { } index)
        {
            json.WriteNumber("index", index);
        }

        json.WriteEndObject();
    }

    // Relative to where the command ran, which code scanning takes for relative to the repository, unless the user named it otherwise.
    private static string UriOf(string file) => file.Length == 0 || file == "-" ? "stdin"
        : (Path.IsPathRooted(file) ? "file://" : "") + string.Join('/', file.Replace(Path.DirectorySeparatorChar, '/').Split('/').Select(Uri.EscapeDataString));

    private static void WriteRole(Utf8JsonWriter json)
    {
        json.WriteTexts("roles", ["analysisTarget"]);
    }

    private static void WriteRemarks(Utf8JsonWriter json, CheckedCapture capture, int number)
    {
        if (capture.IsInconclusive)
        {
            WriteNotification(
                json, "", capture.Fails ? "error" : "warning", $"{capture.Name} is inconclusive, and was not judged: {capture.Verdict.Why}", capture.File, number);
        }

        foreach (string ending in FindingWords.Endings(capture.Result))
        {
            WriteNotification(json, "", "note", $"{capture.Name} ended: {ending}", capture.File, number);
        }

        foreach (CaptureNote note in capture.Result.Summary.Notes)
        {
            string first = note.First.Length > 0 ? $" (first: {note.First})" : "";
            WriteNotification(
                json, note.Code, note.Cost >= NoteCost.Absence ? "warning" : "note",
                $"{Numbers.Amount(note.Count, "time", "times")}: {note.Text}{first}", capture.File, number);
        }

        foreach (UndecidedClass undecided in capture.Result.Undecided)
        {
            string how = undecided.Missing.How.Length > 0 ? $"; to decide: {undecided.Missing.How}" : "";
            WriteNotification(
                json, "", "note", $"{Numbers.Amount(undecided.Exits, "exit is", "exits are")} undecided for lack of {undecided.Missing.What}{how}", capture.File, number);
        }
    }

    private static void WriteNotification(Utf8JsonWriter json, string code, string level, string text, string? file = null, int number = 0)
    {
        json.WriteStartObject();
        if (code.Length > 0)
        {
            json.WriteObject("descriptor", () => json.WriteString("id", code));
        }

        json.WriteString("level", level);
        SarifReport.WriteMessage(json, "message", text);
        if (file is not null)
        {
            json.WriteObjects("locations", [file], one => json.WriteObject("physicalLocation", () => WriteLocation(json, "artifactLocation", one, number)));
        }

        json.WriteEndObject();
    }
}
