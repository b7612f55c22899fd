using System.Globalization;
using System.Text.Json;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Html;

/// <summary>The timelines, the single exits around departures and the marks.</summary>
internal sealed class PageTimeline(DiffResult result, RunProfile profile)
{
    private readonly ulong _origin = profile.Streams.Where(stream => stream.Timeline.Slots.Length > 0)
        .Select(stream => stream.Timeline.Slots[0].Start).DefaultIfEmpty().Min();

    /// <summary>Writes them. Times count from the origin.</summary>
    public void Write(Utf8JsonWriter json)
    {
        // Above 53 bits JSON readers lose some.
        json.WriteString("origin", _origin.ToString(CultureInfo.InvariantCulture));
        json.WriteObjects("timelines", profile.Streams, stream => WriteTimeline(json, stream));
        json.WriteObjects("windows", profile.Windows, window => WriteWindow(json, window));
        WriteMarks(json);
        json.WriteNumber("marksLeft", profile.Marks.Left);
    }

    private void WriteTimeline(Utf8JsonWriter json, StreamProfile stream)
    {
        ReadOnlySpan<TimelineSlot> slots = stream.Timeline.Slots;
        json.WriteNumber("stream", stream.Number);
        json.WriteNumber("perSlot", stream.Timeline.PerSlot);
        json.WriteNumber("inLast", slots.Length > 0 ? slots[^1].Exits : 0);
        json.WriteDoubles("start", slots, slot => Offset(slot.Start));
        json.WriteSingles("span", slots, slot => slot.End - slot.Start);
        json.WriteSingles("l1", slots, slot => slot.L1);
        json.WriteSingles("l2", slots, slot => slot.L2);
        json.WriteSingles("unknown", slots, slot => slot.Unknown);
        json.WriteSingles("l0", slots, slot => slot.Host);
        json.WriteSingles("user", slots, slot => slot.User);
        json.WriteSingles("undecided", slots, slot => slot.Undecided);
        json.WriteShorts("reason", slots, slot => slot.Reason);
        json.WriteShorts("loss", slots, slot => slot.Loss ? (ushort)1 : (ushort)0);
    }

    private void WriteWindow(Utf8JsonWriter json, ExitWindow window)
    {
        json.WriteNumber("stream", window.Stream);
        json.WriteArray("exits", window.Exits, moment =>
        {
            json.WriteStartArray();
            json.WriteNumberValue(moment.Index);
            json.WriteNumberValue(Offset(moment.Start));
            json.WriteNumberValue(moment.Guest);
            json.WriteNumberValue(moment.Host);
            json.WriteNumberValue(moment.User);
            json.WriteNumberValue((int)moment.Level);
            json.WriteNumberValue(moment.Reason);
            json.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{moment.Rip:x}"));
            json.WriteNumberValue(moment.Verdict == Verdict.Undecided ? 1 : 0);
            json.WriteEndArray();
        });
    }

    private void WriteMarks(Utf8JsonWriter json)
    {
        // A finding that was withdrawn at the end has marks and no class.
        json.WriteStartArray("marks");
        DivergenceClass[] findings = [.. result.Divergences, .. result.Likely];
        for (int i = 0; i < findings.Length; i++)
        {
            // Marks know fingerprints: those of a class that is certain at some exits and likely at others are shown once.
            if (i >= result.Divergences.Count && result.Divergences.Any(certain => certain.Fingerprint == findings[i].Fingerprint))
            {
                continue;
            }

            foreach ((int stream, IReadOnlyList<DivergenceMark> marks) in profile.Marks.Of(findings[i].Fingerprint))
            {
                json.WriteStartObject();
                json.WriteNumber("class", i);
                json.WriteNumber("stream", stream);
                json.WriteArray("at", marks, mark =>
                {
                    json.WriteNumberValue(Offset(mark.Time));
                    json.WriteNumberValue(mark.Index);
                    json.WriteNumberValue(mark.Count);
                });
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private double Offset(ulong time) => time >= _origin ? time - _origin : -(double)(_origin - time);
}
