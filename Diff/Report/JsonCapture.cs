using System.Globalization;
using System.Text.Json;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.Report;

/// <summary>One capture for programs.</summary>
internal static class JsonCapture
{
    /// <summary>Writes what is known of it as members of an object that is open.</summary>
    public static void Write(Utf8JsonWriter json, DiffResult result)
    {
        WriteCapture(json, result);
        WriteQuality(json, result);
        JsonParts.WriteVerdict(json, result.Verdict);
        JsonParts.WritePolicy(json, result.Policy);
        WriteExamined(json, result);
        JsonParts.WriteVerdicts(json, result);
        WriteClasses(json, "divergences", result, result.Divergences);
        WriteClasses(json, "likely", result, result.Likely);
        WriteClasses(json, "accepted", result, result.Accepted);
        WriteClasses(json, "ignored", result, result.Ignored);
        WriteClasses(json, "knownDepartures", result, result.KnownDepartures);
        JsonParts.WriteEndings(json, result);
        WriteUndecided(json, result);
        WriteRules(json, result);
    }

    private static void WriteCapture(Utf8JsonWriter json, DiffResult result)
    {
        RunHeader header = result.Header;
        json.WriteStartObject("capture");
        JsonParts.WriteFile(json, header);
        json.WriteString("clockUnit", header.ClockUnit == ClockUnit.Nanoseconds ? "ns" : "ticks");
        json.WriteString("guestVendor", result.Summary.GuestVendor);
        json.WriteNumber("machines", result.Summary.Machines);
        json.WriteObjects("vcpus", result.Summary.Streams, stream =>
        {
            json.WriteNumber("stream", stream.Id.Value);
            json.WriteNumber("machine", stream.Machine);
            json.WriteOptional("vcpu", stream.Vcpu?.Value);
            json.WriteOptional("thread", stream.Thread is { } thread ? unchecked((uint)thread.Value) : null);
            json.WriteString("name", stream.Name);
            json.WriteNumber("exits", stream.Exits);
        });
        json.WriteEndObject();
    }

    private static void WriteQuality(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartObject("quality");
        JsonParts.WriteGrade(json, CaptureQuality.Of(result));
        json.WriteNumber("events", result.Summary.Events);
        json.WriteObjects("losses", result.Summary.Losses, loss =>
        {
            json.WriteNumber("cpu", loss.Cpu);
            json.WriteNumber("marks", loss.Marks);
            json.WriteNumber("events", loss.Events);
            json.WriteNumber("uncounted", loss.Uncounted);
            json.WriteNumber("overrun", loss.Overrun);
        });
        json.WriteTexts("notRecorded", KernelNames.MissingFrom(result.Header.Listed));
        JsonParts.WriteNotes(json, result);
        json.WriteEndObject();
    }

    private static void WriteExamined(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartObject("examined");
        json.WriteNumber("exitsOfL2", result.Examined.OfL2);
        json.WriteNumber("svmInstructions", result.Examined.OfSvmInstructions);
        json.WriteNumber("decided", result.Examined.Decided);
        json.WriteObjects("lost", result.Losses, loss =>
        {
            json.WriteNumber("stream", loss.Stream.Value);
            json.WriteNumber("percent", Math.Round(loss.Share * 100, 3));
        });
        json.WriteEndObject();
    }

    /// <summary>Writes classes of divergences as an array.</summary>
    public static void WriteClasses(Utf8JsonWriter json, string name, DiffResult result, IReadOnlyList<DivergenceClass> classes)
    {
        json.WriteObjects(name, classes, found =>
        {
            JsonParts.WriteClass(json, found);
            WriteStreams(json, found);
            WriteOccurrence(json, result, found.First);
            WritePlace(json, "last", found.Last);
        });
    }

    private static void WriteStreams(Utf8JsonWriter json, DivergenceClass found)
    {
        json.WriteNumber("streams", found.Streams.Count);
        json.WriteObjects("byStream", found.Streams, share =>
        {
            json.WriteNumber("stream", share.Stream.Value);
            json.WriteNumber("count", share.Count);
        });
    }

    private static void WriteOccurrence(Utf8JsonWriter json, DiffResult result, Occurrence first)
    {
        json.WriteStartObject("first");
        json.WriteObjects("recorded", first.Recorded, field =>
        {
            json.WriteString("field", field.Name);
            json.WriteOptional("value", field.Value is { } value ? Hex(value) : null);
            json.WriteString("text", field.Text);
        });
        json.WriteTexts("expected", first.Expected);
        json.WritePropertyName("exit");
        WriteExit(json, result, first.Exit);
        WriteExits(json, "before", result, first.Before);
        WriteExits(json, "after", result, first.After);
        json.WriteEndObject();
    }

    private static void WriteExits(Utf8JsonWriter json, string name, DiffResult result, IReadOnlyList<KeptExit> exits)
    {
        json.WriteArray(name, exits, exit => WriteExit(json, result, exit));
    }

    private static void WriteExit(Utf8JsonWriter json, DiffResult result, KeptExit exit)
    {
        json.WriteStartObject();
        json.WriteNumber("stream", exit.Stream.Value);
        json.WriteNumber("index", exit.Index);
        json.WriteString("level", exit.Level == GuestLevel.Unknown ? "unknown" : exit.Level.ToString());
        if (exit.HasExit)
        {
            json.WriteNumber("time", exit.Exit.Time.Value);
            json.WriteString("exitCode", Hex(exit.Exit.Code.Value));
            json.WriteString("exitName", exit.Exit.Code.Name);
            json.WriteString("rip", Hex(exit.Exit.Rip));
            json.WriteString("exitInfo1", Hex(exit.Exit.Info1));
            json.WriteString("exitInfo2", Hex(exit.Exit.Info2));
            json.WriteOptional("exitIntInfo", exit.Exit.IntInfo.IsKnown ? Hex(exit.Exit.IntInfo.Value) : null);
        }

        if (exit.HasEntry)
        {
            json.WriteOptional("entryRip", exit.Entry.Rip.IsKnown ? Hex(exit.Entry.Rip.Value) : null);
        }

        json.WriteTexts("lines", new ExitPrinter(result.Header, result.Texts).Lines(exit));
        json.WriteEndObject();
    }

    private static void WriteUndecided(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteObjects("undecided", result.Undecided, undecided =>
        {
            JsonParts.WriteMissing(json, undecided);
            WritePlace(json, "first", undecided.First);
            JsonParts.WriteRuleShares(json, undecided);
        });
    }

    private static void WriteRules(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteObjects("rules", result.Rules.Where(count => count.Exercised > 0), count =>
        {
            json.WriteString("rule", count.Rule.Id);
            JsonParts.WriteCounts(json, count);
        });
    }

    private static void WritePlace(Utf8JsonWriter json, string name, ExitPlace place)
    {
        json.WriteStartObject(name);
        json.WriteNumber("stream", place.Stream.Value);
        json.WriteNumber("index", place.Index);
        json.WriteEndObject();
    }

    private static string Hex(ulong value) => string.Create(CultureInfo.InvariantCulture, $"0x{value:x}");
}
