using System.Text.Json;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>What the page shows, as JSON. Its keys are read by web/data.js and nobody else.</summary>
internal sealed class PageData(DiffResult result, RunProfile profile)
{
    private readonly Dictionary<string, int> _rules = result.Rules.Select((count, i) => (count.Rule.Id, i)).ToDictionary(item => item.Id, item => item.i);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("manual", Apm.Revision);
        WriteCapture(json);
        WriteQuality(json);
        JsonParts.WriteVerdict(json, result.Verdict);
        json.WriteString("policy", SetWords.Of(result.Policy));
        json.WriteTexts("endings", FindingWords.Endings(result));
        JsonParts.WriteVerdicts(json, result, known: "known");
        WriteRules(json);
        WriteUndecided(json);
        WriteVmcbLayout(json);
        new PageClasses(result, profile, _rules).Write(json);
        new PageTimeline(result, profile).Write(json);
        WriteReasons(json);
        WriteAmplification(json);
        json.WriteEndObject();
    }

    private void WriteCapture(Utf8JsonWriter json)
    {
        RunHeader header = result.Header;
        json.WriteStartObject("capture");
        JsonParts.WriteFile(json, header);
        json.WriteBoolean("ns", header.ClockUnit == ClockUnit.Nanoseconds);
        json.WriteString("vendor", result.Summary.GuestVendor);
        json.WriteNumber("machines", result.Summary.Machines);
        json.WriteObjects("streams", result.Summary.Streams.Take(RunProfile.MostStreams), stream =>
        {
            json.WriteNumber("id", stream.Id.Value);
            json.WriteString("label", stream.Label);
            json.WriteString("name", stream.Name);
            json.WriteNumber("machine", stream.Machine);
            json.WriteNumber("exits", stream.Exits);
            if (stream.Thread is { } thread)
            {
                json.WriteNumber("thread", thread.Value);
            }
        });
        json.WriteNumber("streamsLeft", Math.Max(0, result.Summary.Streams.Count - RunProfile.MostStreams));
        json.WriteEndObject();
    }

    private void WriteQuality(Utf8JsonWriter json)
    {
        json.WriteStartObject("quality");
        json.WriteNumber("events", result.Summary.Events);
        json.WriteNumber("lost", result.Summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Events));
        json.WriteNumber("marks", result.Summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks));
        JsonParts.WriteGrade(json, CaptureQuality.Of(result));
        JsonParts.WriteNotes(json, result);
        json.WriteEndObject();
    }

    private void WriteRules(Utf8JsonWriter json)
    {
        json.WriteArray("groups", RuleGroup.All, group =>
        {
            json.WriteStartArray();
            json.WriteStringValue(group.Letter.ToString());
            json.WriteStringValue(group.Title);
            json.WriteEndArray();
        });
        string letters = string.Concat(RuleGroup.All.Select(group => group.Letter));
        json.WriteObjects("rules", result.Rules, count =>
        {
            json.WriteString("id", count.Rule.Id);
            json.WriteNumber("group", Math.Max(0, letters.IndexOf(count.Rule.Group, StringComparison.Ordinal)));
            json.WriteString("cite", count.Rule.Citation);
            json.WriteString("text", count.Rule.Statement);
            json.WriteString("severity", count.Rule.Severity.ToString().ToLowerInvariant());
            json.WriteString("visible", Visible(count.Rule.Visibility));
            JsonParts.WriteCounts(json, count);
        });
    }

    private static string Visible(Visibility visibility) => visibility switch
    {
        Visibility.Observable => "yes",
        Visibility.Partly => "partly",
        _ => "no",
    };

    private void WriteUndecided(Utf8JsonWriter json)
    {
        json.WriteObjects("undecided", result.Undecided, undecided =>
        {
            JsonParts.WriteMissing(json, undecided);
            json.WriteNumber("stream", undecided.First.Stream.Value);
            json.WriteNumber("index", undecided.First.Index);
            json.WriteArray("rules", undecided.Rules, share => json.WriteNumberValue(_rules.GetValueOrDefault(share.Rule.Id, -1)));
        });
    }

    private static void WriteVmcbLayout(Utf8JsonWriter json)
    {
        json.WriteArray("vmcb", VmcbLayout.All.Where(row => row.Area != VmcbArea.Register), row =>
        {
            json.WriteStartArray();
            json.WriteNumberValue(row.Position);
            json.WriteStringValue(row.Name);
            json.WriteStringValue(row.Section);
            json.WriteEndArray();
        });
    }

    private void WriteReasons(Utf8JsonWriter json)
    {
        json.WriteObjects("reasons", profile.Reasons.Rows, row =>
        {
            json.WriteString("level", ExitPrinter.Level(row.Level));
            json.WriteString("name", row.Name);
            json.WriteNumber("count", row.Count);
            if (row.Count > 0)
            {
                WriteHandling(json, row);
            }
        });
    }

    private static void WriteHandling(Utf8JsonWriter json, ReasonRow row)
    {
        json.WriteNumber("asked", row.Asked);
        json.WriteNumber("user", row.User);
        json.WriteNumber("timed", row.Handling.Count);
        json.WriteNumber("sum", row.Handling.Sum);
        json.WriteNumber("p50", row.Handling.Quantile(0.5));
        json.WriteNumber("p99", row.Handling.Quantile(0.99));
        json.WriteNumber("max", row.Handling.Max);
        json.WriteArray("buckets", row.Handling.Bars(), bar =>
        {
            json.WriteNumberValue(bar.Lowest);
            json.WriteNumberValue(bar.Count);
        });
    }

    private void WriteAmplification(Utf8JsonWriter json)
    {
        json.WriteObjects("amplification", profile.Amplification.Rows, row =>
        {
            json.WriteString("name", row.Name);
            json.WriteNumber("exits", row.Exits);
            json.WriteNumber("shown", row.Shown);
            json.WriteNumber("closed", row.Closed);
            json.WriteNumber("toL0", row.ToL0);
            json.WriteNumber("most", row.Most);
            json.WriteNumber("time", row.Time);
            json.WriteStartArray("lengths");
            for (int i = 1; i < row.Lengths.Length; i++)
            {
                if (row.Lengths[i] > 0)
                {
                    json.WriteNumberValue(i);
                    json.WriteNumberValue(row.Lengths[i]);
                }
            }

            json.WriteEndArray();
        });
    }
}
