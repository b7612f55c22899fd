using System.Globalization;
using System.Text.Json;
using Differ.Diff.Results;
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
        json.WriteString("file", header.Capture);
        json.WriteNumber("bytes", header.CaptureSize);
        json.WriteString("format", header.Format);
        json.WriteString("kernel", header.KernelRelease);
        json.WriteString("host", header.HostName);
        json.WriteString("clock", header.Clock);
        json.WriteString("clockUnit", header.ClockUnit == ClockUnit.Nanoseconds ? "ns" : "ticks");
        json.WriteString("guestVendor", result.Summary.GuestVendor);
        json.WriteNumber("machines", result.Summary.Machines);
        json.WriteStartArray("vcpus");
        foreach (VcpuStream stream in result.Summary.Streams)
        {
            json.WriteStartObject();
            json.WriteNumber("stream", stream.Id.Value);
            json.WriteNumber("machine", stream.Machine);
            JsonParts.Optional(json, "vcpu", stream.Vcpu?.Value);
            JsonParts.Optional(json, "thread", stream.Thread is { } thread ? unchecked((uint)thread.Value) : null);
            json.WriteString("name", stream.Name);
            json.WriteNumber("exits", stream.Exits);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteQuality(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartObject("quality");
        JsonParts.WriteGrade(json, CaptureQuality.Of(result));
        json.WriteNumber("events", result.Summary.Events);
        json.WriteStartArray("losses");
        foreach (CpuLoss loss in result.Summary.Losses)
        {
            json.WriteStartObject();
            json.WriteNumber("cpu", loss.Cpu);
            json.WriteNumber("marks", loss.Marks);
            json.WriteNumber("events", loss.Events);
            json.WriteNumber("uncounted", loss.Uncounted);
            json.WriteNumber("overrun", loss.Overrun);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        JsonParts.Texts(json, "notRecorded", KernelNames.MissingFrom(result.Header.Listed));
        JsonParts.WriteNotes(json, result);
        json.WriteEndObject();
    }

    private static void WriteExamined(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartObject("examined");
        json.WriteNumber("exitsOfL2", result.Examined.OfL2);
        json.WriteNumber("svmInstructions", result.Examined.OfSvmInstructions);
        json.WriteNumber("decided", result.Examined.Decided);
        json.WriteStartArray("lost");
        foreach (StreamLoss loss in result.Losses)
        {
            json.WriteStartObject();
            json.WriteNumber("stream", loss.Stream.Value);
            json.WriteNumber("percent", Math.Round(loss.Share * 100, 3));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes classes of divergences as an array.</summary>
    public static void WriteClasses(Utf8JsonWriter json, string name, DiffResult result, IReadOnlyList<DivergenceClass> classes)
    {
        json.WriteStartArray(name);
        foreach (DivergenceClass found in classes)
        {
            json.WriteStartObject();
            JsonParts.WriteClass(json, found);
            WriteStreams(json, found);
            WriteOccurrence(json, result, found.First);
            WritePlace(json, "last", found.Last);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteStreams(Utf8JsonWriter json, DivergenceClass found)
    {
        json.WriteNumber("streams", found.Streams.Count);
        json.WriteStartArray("byStream");
        foreach (StreamShare share in found.Streams)
        {
            json.WriteStartObject();
            json.WriteNumber("stream", share.Stream.Value);
            json.WriteNumber("count", share.Count);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOccurrence(Utf8JsonWriter json, DiffResult result, Occurrence first)
    {
        json.WriteStartObject("first");
        json.WriteStartArray("recorded");
        foreach (FieldText field in first.Recorded)
        {
            json.WriteStartObject();
            json.WriteString("field", field.Name);
            JsonParts.Optional(json, "value", field.Value is { } value ? Hex(value) : null);
            json.WriteString("text", field.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        JsonParts.Texts(json, "expected", first.Expected);
        json.WritePropertyName("exit");
        WriteExit(json, result, first.Exit);
        WriteExits(json, "before", result, first.Before);
        WriteExits(json, "after", result, first.After);
        json.WriteEndObject();
    }

    private static void WriteExits(Utf8JsonWriter json, string name, DiffResult result, IReadOnlyList<KeptExit> exits)
    {
        json.WriteStartArray(name);
        foreach (KeptExit exit in exits)
        {
            WriteExit(json, result, exit);
        }

        json.WriteEndArray();
    }

    private static void WriteExit(Utf8JsonWriter json, DiffResult result, KeptExit exit)
    {
        json.WriteStartObject();
        json.WriteNumber("stream", exit.Stream.Value);
        json.WriteNumber("index", exit.Index);
        json.WriteString("level", exit.Level == GuestLevel.Unknown ? "unknown" : exit.Level.ToString());
        if ((exit.Flags & RecordFlags.NoExit) == 0)
        {
            json.WriteNumber("time", exit.Exit.Time.Value);
            json.WriteString("exitCode", Hex(exit.Exit.Code.Value));
            json.WriteString("exitName", exit.Exit.Code.Name);
            json.WriteString("rip", Hex(exit.Exit.Rip));
            json.WriteString("exitInfo1", Hex(exit.Exit.Info1));
            json.WriteString("exitInfo2", Hex(exit.Exit.Info2));
            JsonParts.Optional(json, "exitIntInfo", exit.Exit.IntInfo.IsKnown ? Hex(exit.Exit.IntInfo.Value) : null);
        }

        if ((exit.Flags & RecordFlags.NoEntry) == 0)
        {
            JsonParts.Optional(json, "entryRip", exit.Entry.Rip.IsKnown ? Hex(exit.Entry.Rip.Value) : null);
        }

        JsonParts.Texts(json, "lines", new ExitPrinter(result.Header, result.Texts).Lines(exit));
        json.WriteEndObject();
    }

    private static void WriteUndecided(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartArray("undecided");
        foreach (UndecidedClass undecided in result.Undecided)
        {
            json.WriteStartObject();
            JsonParts.WriteMissing(json, undecided);
            WritePlace(json, "first", undecided.First);
            JsonParts.WriteRuleShares(json, undecided);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRules(Utf8JsonWriter json, DiffResult result)
    {
        json.WriteStartArray("rules");
        foreach (RuleCount count in result.Rules.Where(count => count.Exercised > 0))
        {
            json.WriteStartObject();
            json.WriteString("rule", count.Rule.Id);
            json.WriteNumber("conforms", count.Conforms);
            json.WriteNumber("undecided", count.Undecided);
            json.WriteNumber("likely", count.Likely);
            json.WriteNumber("departs", count.Departs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
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
