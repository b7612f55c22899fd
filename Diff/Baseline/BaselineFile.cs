using System.Globalization;
using System.Text.Json;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Baseline;

/// <summary>A baseline or report that cannot be used.</summary>
/// <param name="problem">What is wrong with it.</param>
public sealed class BaselineFormatException(string problem) : Exception(problem);

/// <summary>Baselines as JSON for people to review: one entry after the other, in stable order. The schema is docs/baseline.schema.json.</summary>
public static class BaselineFile
{
    /// <summary>Number of the diagnostic for a file that is no baseline.</summary>
    public const string BaselineCode = "DIF0152";

    /// <summary>Number of the diagnostic for a file that is no report.</summary>
    public const string ReportCode = "DIF0153";

    private const int SchemaVersion = 1;
    private const int LongestQuotation = 60;
    private const string Date = "yyyy-MM-dd";

    /// <summary>Reads a baseline.</summary>
    /// <exception cref="BaselineFormatException">It is none.</exception>
    public static Baseline Read(string text) => Parse(text, "baseline", static root =>
    {
        if (Array(root, "accepted") is not { } accepted)
        {
            throw new BaselineFormatException("it has no list \"accepted\"; make one with differ baseline update");
        }

        return new Baseline([.. accepted.EnumerateArray().Select(Entry)]);
    });

    /// <summary>Reads the findings of a JSON report, of one capture or of several, those that a baseline accepted included; none twice.</summary>
    /// <param name="text">The report.</param>
    /// <param name="likely">Whether those count that hold under an assumption.</param>
    /// <exception cref="BaselineFormatException">It is none.</exception>
    public static IReadOnlyList<(string Fingerprint, string Rule)> ReadReport(string text, bool likely = false) => Parse(text, "report", root =>
    {
        IEnumerable<JsonElement> reports = Array(root, "captures") is { } captures
            ? captures.EnumerateArray().Select(capture => capture.ValueKind == JsonValueKind.Object && capture.TryGetProperty("report", out JsonElement report) ? report : default)
            : [root];
        return (IReadOnlyList<(string, string)>)[.. reports.SelectMany(report => Findings(report, likely)).Distinct()];
    });

    /// <summary>Writes a baseline.</summary>
    public static void Write(Baseline baseline, TextWriter output) => JsonText.Write(output, json =>
    {
        JsonText.WriteSchema(json, "baseline", SchemaVersion);
        json.WriteObjects("accepted", baseline.Accepted, entry =>
        {
            json.WriteString("fingerprint", entry.Fingerprint);
            json.WriteString("rule", entry.Rule);
            json.WriteString("reason", entry.Reason);
            json.WriteString("fromKernel", entry.FromKernel);
            json.WriteString("toKernel", entry.ToKernel);
            json.WriteString("expires", entry.Expires is { } last ? Baseline.Day(last) : "");
        });
    });

    // Reports of older versions have neither of the other lists.
    private static IEnumerable<(string Fingerprint, string Rule)> Findings(JsonElement report, bool likely) =>
        report.ValueKind == JsonValueKind.Object && Array(report, "divergences") is { } found
            ? found.EnumerateArray().Concat(Items(report, "accepted")).Concat(likely ? Items(report, "likely") : default).Select(item => (Text(item, "fingerprint", needed: true), Text(item, "rule", needed: true)))
            : throw new BaselineFormatException("it has no list \"divergences\"; make one with differ check --format json");

    private static AcceptedDeparture Entry(JsonElement item)
    {
        string expires = Text(item, "expires", needed: false);
        DateOnly? last = expires.Length == 0 ? null
            : DateOnly.TryParseExact(expires, Date, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day
            : throw new BaselineFormatException($"{Quoted(expires)} is no date; write it as 2027-01-31");
        string reason = Text(item, "reason", needed: false), fingerprint = Text(item, "fingerprint", needed: true);
        var entry = new AcceptedDeparture(
            Fingerprint.Is(fingerprint) ? fingerprint
                : throw new BaselineFormatException($"{Quoted(fingerprint)} is no fingerprint; reports give it, as a093e73e0576"),
            Text(item, "rule", needed: true), reason.Length > 0 ? reason : AcceptedDeparture.NoReason, Release(item, "fromKernel"), Release(item, "toKernel"), last);
        return entry.IsForNoKernel
            ? throw new BaselineFormatException($"no kernel is from {Quoted(entry.FromKernel)} to {Quoted(entry.ToKernel)}; fromKernel is the first one") : entry;
    }

    // What a file says may be long, and may end lines.
    private static string Quoted(string text) => $"\"{PlainText.Of(text, LongestQuotation)}\"";

    private static string Release(JsonElement item, string name)
    {
        string text = Text(item, name, needed: false);
        return text.Length == 0 || AcceptedDeparture.IsRelease(text) ? text
            : throw new BaselineFormatException($"{Quoted(text)} is no kernel release; write it as 6.12 or 6.12.86");
    }

    private static T Parse<T>(string text, string what, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schemaVersion", out JsonElement version)
                || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number))
            {
                throw new BaselineFormatException($"it is no {what} of Differ: it has no schemaVersion");
            }

            return number == SchemaVersion ? read(root)
                : throw new BaselineFormatException($"its schemaVersion is {number}, and this Differ knows {SchemaVersion}");
        }
        catch (JsonException e)
        {
            throw new BaselineFormatException($"line {(e.LineNumber ?? 0) + 1}: it is no JSON");
        }
        catch (InvalidOperationException)
        {
            // JSON may escape half of a character, which no text can hold.
            throw new BaselineFormatException("a text in it is not Unicode");
        }
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement report, string name) => Array(report, name) is { } list ? list.EnumerateArray() : default;

    private static JsonElement? Array(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list : null;

    private static string Text(JsonElement item, string name, bool needed) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()!
        : needed ? throw new BaselineFormatException($"an entry has no text \"{name}\"")
        : "";
}
