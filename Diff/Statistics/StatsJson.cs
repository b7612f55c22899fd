using System.Globalization;
using System.Text.Json;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.Statistics;

/// <summary>Statistics for programs. The schema is docs/stats.schema.json.</summary>
internal sealed class StatsJson : IStatsFormat
{
    /// <summary>Raised when a key changes its meaning or goes; new keys do not raise it.</summary>
    public const int SchemaVersion = 1;

    public string Name => "json";

    public void Write(StatsResult stats, TextWriter output) => JsonText.Write(output, json =>
    {
        JsonText.WriteSchema(json, "stats", SchemaVersion);
        WriteRun(json, "run", stats);
    });

    public void Write(StatsPair pair, TextWriter output) => JsonText.Write(output, json =>
    {
        JsonText.WriteSchema(json, "stats", SchemaVersion);
        WriteRun(json, "base", pair.Base);
        WriteRun(json, "test", pair.Test);
        json.WriteObjects("ratios", pair.Reasons, reason =>
        {
            json.WriteString("level", Level(reason.Level));
            json.WriteString("reason", reason.Name);
            Number(json, "exits", StatsPair.Ratio(reason.Base?.Exits, reason.Test?.Exits));
            Number(json, "mean", pair.TimeRatio(reason.Base?.Handling?.Mean, reason.Test?.Handling?.Mean));
            Number(json, "p99", pair.TimeRatio(reason.Base?.Handling?.P99, reason.Test?.Handling?.P99));
        });
    });

    private static void WriteRun(Utf8JsonWriter json, string name, StatsResult stats)
    {
        json.WriteStartObject(name);
        json.WriteString("file", stats.Header.Capture);
        json.WriteString("kernel", stats.Header.KernelRelease);
        json.WriteString("clockUnit", stats.Unit);
        json.WriteNumber("exits", stats.Summary.Exits);
        json.WriteStartObject("time");
        json.WriteNumber("L0", stats.Times.L0);
        Number(json, "vmm", stats.Times.Vmm);
        json.WriteNumber("L1", stats.Times.L1);
        json.WriteNumber("L2", stats.Times.L2);
        json.WriteNumber("unknown", stats.Times.Unknown);
        json.WriteEndObject();
        json.WriteStartObject("nested");
        json.WriteNumber("exits", stats.Nested.Exits);
        json.WriteNumber("fromL2", stats.Nested.FromL2);
        json.WriteNumber("shownToL1", stats.Nested.Shown);
        json.WriteNumber("vmruns", stats.Nested.Vmruns);
        Number(json, "exitsPerShown", stats.Nested.PerShown);
        Number(json, "exitsPerVmrun", stats.Nested.PerVmrun);
        json.WriteEndObject();
        json.WriteArray("reasons", stats.Reasons, reason => WriteReason(json, reason));
        WriteTop(json, "msrs", stats.Msrs);
        WriteTop(json, "ports", stats.Ports);
        WriteTop(json, "hypercalls", stats.Hypercalls);
        json.WriteEndObject();
    }

    private static void WriteReason(Utf8JsonWriter json, ReasonStats reason)
    {
        json.WriteStartObject();
        json.WriteString("level", Level(reason.Level));
        json.WriteString("reason", reason.Name);
        json.WriteNumber("exits", reason.Exits);
        json.WriteNumber("shownToL1", reason.Reflected);
        json.WritePropertyName("handling");
        if (reason.Handling is { } handling)
        {
            json.WriteStartObject();
            json.WriteNumber("timed", handling.Timed);
            json.WriteNumber("sum", handling.Sum);
            json.WriteNumber("min", handling.Min);
            Number(json, "mean", handling.Mean);
            json.WriteNumber("median", handling.Median);
            json.WriteNumber("p99", handling.P99);
            json.WriteNumber("max", handling.Max);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndObject();
    }

    private static void WriteTop(Utf8JsonWriter json, string name, IReadOnlyList<TopEntry> top)
    {
        json.WriteObjects(name, top, entry =>
        {
            json.WriteString("number", entry.Number is { } number ? string.Create(CultureInfo.InvariantCulture, $"0x{number:x}") : "others");
            json.WriteNumber("reads", entry.Reads);
            json.WriteNumber("writes", entry.Writes);
        });
    }

    private static string Level(GuestLevel level) => level == GuestLevel.Unknown ? "unknown" : level.ToString();

    private static void Number(Utf8JsonWriter json, string name, double? value) => json.WriteOptional(name, value is { } number ? Math.Round(number, 3) : null);
}
