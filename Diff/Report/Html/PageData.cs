using System.Text.Json;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>What the page shows, as JSON. Its keys are read by web/data.js and nobody else.</summary>
internal sealed class PageData(DiffResult result, RunProfile profile)
{
    private readonly Dictionary<string, int> _rules = result.Rules.Select((count, i) => (count.Rule.Id, i)).ToDictionary(item => item.Id, item => item.i);

    /// <summary>Writes it.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("manual", Apm.Revision);
        WriteCapture(json);
        WriteQuality(json);
        JsonParts.WriteVerdict(json, result.Verdict);
        json.WriteString("policy", SetWords.Of(result.Policy));
        JsonParts.Texts(json, "endings", FindingWords.Endings(result));
        WriteVerdicts(json);
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
        json.WriteString("file", header.Capture);
        json.WriteNumber("bytes", header.CaptureSize);
        json.WriteString("format", header.Format);
        json.WriteString("kernel", header.KernelRelease);
        json.WriteString("host", header.HostName);
        json.WriteString("clock", header.Clock);
        json.WriteBoolean("ns", header.ClockUnit == ClockUnit.Nanoseconds);
        json.WriteString("vendor", result.Summary.GuestVendor);
        json.WriteNumber("machines", result.Summary.Machines);
        json.WriteStartArray("streams");
        foreach (VcpuStream stream in result.Summary.Streams.Take(RunProfile.MostStreams))
        {
            json.WriteStartObject();
            json.WriteNumber("id", stream.Id.Value);
            json.WriteString("label", stream.Label);
            json.WriteString("name", stream.Name);
            json.WriteNumber("machine", stream.Machine);
            json.WriteNumber("exits", stream.Exits);
            if (stream.Thread is { } thread)
            {
                json.WriteNumber("thread", thread.Value);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
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

    private void WriteVerdicts(Utf8JsonWriter json)
    {
        json.WriteStartObject("verdicts");
        json.WriteNumber("exits", result.Summary.Exits);
        json.WriteNumber("conforms", result.CountOf(Verdict.Conforms));
        json.WriteNumber("known", result.CountOf(Verdict.KnownDeparture));
        json.WriteNumber("ignored", result.CountOf(Verdict.Ignored));
        json.WriteNumber("accepted", result.CountOf(Verdict.Accepted));
        json.WriteNumber("undecided", result.CountOf(Verdict.Undecided));
        json.WriteNumber("likely", result.CountOf(Verdict.Likely));
        json.WriteNumber("diverges", result.CountOf(Verdict.Diverges));
        json.WriteEndObject();
    }

    private void WriteRules(Utf8JsonWriter json)
    {
        json.WriteStartArray("groups");
        foreach (RuleGroup group in RuleGroups.All)
        {
            json.WriteStartArray();
            json.WriteStringValue(group.Letter);
            json.WriteStringValue(group.Title);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        IReadOnlyList<int> groups = RuleGroups.Of([.. result.Rules.Select(count => count.Rule)]);
        json.WriteStartArray("rules");
        for (int i = 0; i < result.Rules.Count; i++)
        {
            RuleCount count = result.Rules[i];
            json.WriteStartObject();
            json.WriteString("id", count.Rule.Id);
            json.WriteNumber("group", groups[i]);
            json.WriteString("cite", count.Rule.Citation);
            json.WriteString("text", count.Rule.Statement);
            json.WriteString("severity", count.Rule.Severity.ToString().ToLowerInvariant());
            json.WriteString("visible", Visible(count.Rule.Visibility));
            json.WriteNumber("conforms", count.Conforms);
            json.WriteNumber("undecided", count.Undecided);
            json.WriteNumber("likely", count.Likely);
            json.WriteNumber("departs", count.Departs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Visible(Visibility visibility) => visibility switch
    {
        Visibility.Observable => "yes",
        Visibility.Partly => "partly",
        _ => "no",
    };

    private void WriteUndecided(Utf8JsonWriter json)
    {
        json.WriteStartArray("undecided");
        foreach (UndecidedClass undecided in result.Undecided)
        {
            json.WriteStartObject();
            JsonParts.WriteMissing(json, undecided);
            json.WriteNumber("stream", undecided.First.Stream.Value);
            json.WriteNumber("index", undecided.First.Index);
            json.WriteStartArray("rules");
            foreach (RuleShare share in undecided.Rules)
            {
                json.WriteNumberValue(_rules.GetValueOrDefault(share.Rule.Id, -1));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteVmcbLayout(Utf8JsonWriter json)
    {
        json.WriteStartArray("vmcb");
        foreach (VmcbRow row in VmcbLayout.All.Where(row => row.Area != VmcbArea.Register))
        {
            json.WriteStartArray();
            json.WriteNumberValue(row.Position);
            json.WriteStringValue(row.Name);
            json.WriteStringValue(row.Section);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void WriteReasons(Utf8JsonWriter json)
    {
        json.WriteStartArray("reasons");
        foreach (ReasonRow row in profile.Reasons.Rows)
        {
            json.WriteStartObject();
            json.WriteString("level", ExitPrinter.Level(row.Level));
            json.WriteString("name", row.Name);
            json.WriteNumber("count", row.Count);
            if (row.Count > 0)
            {
                WriteHandling(json, row);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
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
        json.WriteStartArray("buckets");
        foreach ((ulong lowest, ulong count) in row.Handling.Bars())
        {
            json.WriteNumberValue(lowest);
            json.WriteNumberValue(count);
        }

        json.WriteEndArray();
    }

    private void WriteAmplification(Utf8JsonWriter json)
    {
        json.WriteStartArray("amplification");
        foreach (AmplificationRow row in profile.Amplification.Rows)
        {
            json.WriteStartObject();
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
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
