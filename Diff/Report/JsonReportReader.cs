using System.Globalization;
using System.Text.Json;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Reads a JSON report back, as far as findings and counts go. Exits come without what L0 did between them, which a report holds as text only.</summary>
public sealed class JsonReportReader
{
    private readonly Func<string, RuleInfo?> _rules;

    private JsonReportReader(Func<string, RuleInfo?> rules) => _rules = rules;

    /// <summary>Reads a report.</summary>
    /// <param name="stream">The report.</param>
    /// <param name="rules">Finds a rule by its id.</param>
    /// <exception cref="FormatException">It is no report, or one of another version.</exception>
    public static DiffResult Read(Stream stream, Func<string, RuleInfo?> rules) => Parse(stream, root => new JsonReportReader(rules).Result(root));

    /// <summary>Reads a report of one capture or of several.</summary>
    /// <param name="stream">The report.</param>
    /// <param name="rules">Finds a rule by its id.</param>
    /// <exception cref="FormatException">It is no report, or one of another version.</exception>
    public static IReadOnlyList<DiffResult> ReadAll(Stream stream, Func<string, RuleInfo?> rules) => Parse(stream, root =>
    {
        var reader = new JsonReportReader(rules);
        return (IReadOnlyList<DiffResult>)(root.TryGetProperty("captures", out JsonElement captures)
            ? [.. captures.EnumerateArray().Select(capture => reader.Result(capture.GetProperty("report")))] : [reader.Result(root)]);
    });

    private static T Parse<T>(Stream stream, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(stream);
            JsonElement root = document.RootElement;
            return root.GetProperty("schemaVersion").GetInt32() == JsonReport.SchemaVersion ? read(root)
                : throw new FormatException($"a report of version {root.GetProperty("schemaVersion")}; this Differ reads {JsonReport.SchemaVersion}: write it again");
        }
        catch (JsonException e)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"no report of differ check --format json: no JSON at line {(e.LineNumber ?? 0) + 1}"), e);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or OverflowException)
        {
            throw new FormatException("no report of differ check --format json: a member is missing or of another kind; write it again", e);
        }
    }

    private DiffResult Result(JsonElement report)
    {
        JsonElement capture = report.GetProperty("capture");
        var header = new RunHeader
        {
            Capture = Text(capture, "file"),
            ClockUnit = Text(capture, "clockUnit") == "ns" ? ClockUnit.Nanoseconds : ClockUnit.Ticks,
        };
        var summary = new RunSummary { Machines = capture.GetProperty("machines").GetInt32(), Streams = [.. Each(capture, "vcpus").Select(Vcpu).OrderBy(stream => stream.Id.Value)] };
        return new DiffResult(
            header, summary, new Dictionary<Verdict, ulong>(), [.. Each(report, "divergences").Select(Class)],
            [.. Each(report, "knownDepartures").Select(Class)], [], Counts(report), new TextTable())
        {
            Likely = [.. EachOf(report, "likely").Select(Class)],
            Accepted = [.. EachOf(report, "accepted").Select(Class)],
            Ignored = [.. EachOf(report, "ignored").Select(Class)],
        };
    }

    private List<RuleCount> Counts(JsonElement report)
    {
        ILookup<string, EvidenceShare> lacking = Each(report, "undecided")
            .SelectMany(undecided => Each(undecided, "rules"), (undecided, rule) => (Id: Text(rule, "rule"), Share: new EvidenceShare(
                EvidenceTable.All.First(row => row.Name == Text(undecided, "missing")), rule.GetProperty("count").GetUInt64())))
            .ToLookup(item => item.Id, item => item.Share, StringComparer.Ordinal);
        return
        [
            .. Each(report, "rules").Select(rule => new RuleCount(
                Rule(Text(rule, "rule")), rule.GetProperty("conforms").GetUInt64(), rule.GetProperty("undecided").GetUInt64(),
                rule.GetProperty("departs").GetUInt64(), [.. lacking[Text(rule, "rule")].OrderBy(share => share.Missing.Evidence)])
            {
                Likely = rule.TryGetProperty("likely", out JsonElement likely) ? likely.GetUInt64() : 0,
            }),
        ];
    }

    private DivergenceClass Class(JsonElement found)
    {
        JsonElement first = found.GetProperty("first"), last = found.GetProperty("last");
        string assumed = Text(found, "assumes");
        return new DivergenceClass(
            Text(found, "fingerprint"), Rule(Text(found, "rule")), [.. Each(found, "alsoBroken").Select(id => Rule(id.GetString()!))],
            Text(found, "culprit") == "processor" ? Culprit.Processor : Culprit.Hypervisor,
            assumed.Length == 0 ? Evidence.None : EvidenceTable.All.First(row => row.Name == assumed).Evidence,
            Text(found, "instruction"), found.GetProperty("count").GetUInt64(), StreamsOf(found),
            Plain(found.GetProperty("knownBecause")),
            new Occurrence(
                Exit(first.GetProperty("exit")), [.. Each(first, "before").Select(Exit)], [.. Each(first, "after").Select(Exit)],
                [.. Each(first, "recorded").Select(field => new FieldText(Text(field, "field"), Text(field, "text"), Hex(field, "value")))],
                [.. Each(first, "expected").Select(outcome => Plain(outcome)!)]),
            new ExitPlace(Stream(last), last.GetProperty("index").GetUInt64()))
        {
            IsLikely = Text(found, "confidence") == "likely",
            IsIgnored = found.TryGetProperty("ignored", out JsonElement ignored) && ignored.GetBoolean(),
            AlsoLikely = [.. EachOf(found, "alsoLikely").Select(id => Rule(id.GetString()!))],
        };
    }

    // A report may be older than this key, which did not raise its version.
    private static IReadOnlyList<StreamShare> StreamsOf(JsonElement found) => !found.TryGetProperty("byStream", out JsonElement shares) ? []
        : [.. shares.EnumerateArray().Select(share => new StreamShare(Stream(share), share.GetProperty("count").GetUInt64()))];

    private static KeptExit Exit(JsonElement exit)
    {
        bool hasExit = exit.TryGetProperty("rip", out _), hasEntry = exit.TryGetProperty("entryRip", out _);
        HardwareExit hardware = !hasExit ? default : new HardwareExit(
            new ClockTime(exit.GetProperty("time").GetUInt64()), 0, new SvmExitCode(Hex(exit, "exitCode") ?? 0), Hex(exit, "rip") ?? 0,
            Hex(exit, "exitInfo1") ?? 0, Hex(exit, "exitInfo2") ?? 0,
            Hex(exit, "exitIntInfo") is { } info ? Observed<uint>.Of((uint)info) : Observed<uint>.Unseen, Observed<uint>.Unseen);
        GuestEntry entry = !hasEntry ? default : new GuestEntry(
            default, 0, Hex(exit, "entryRip") is { } rip ? Observed<ulong>.Of(rip) : Observed<ulong>.Unseen,
            Observed<uint>.Unseen, Observed<uint>.Unseen, Truth.Unknown);
        RecordFlags flags = (hasExit ? RecordFlags.None : RecordFlags.NoExit) | (hasEntry ? RecordFlags.None : RecordFlags.NoEntry);
        GuestLevel level = Text(exit, "level") switch { "L1" => GuestLevel.L1, "L2" => GuestLevel.L2, _ => GuestLevel.Unknown };
        return new KeptExit(Stream(exit), exit.GetProperty("index").GetUInt64(), level, flags, hardware, entry, []);
    }

    private static VcpuStream Vcpu(JsonElement stream) => new(
        Stream(stream), Number(stream, "vcpu") is { } vcpu ? new VcpuId(vcpu) : null, Number(stream, "thread") is { } thread ? new ThreadId(unchecked((int)thread)) : null,
        Text(stream, "name"), stream.GetProperty("machine").GetInt32(), stream.GetProperty("exits").GetUInt64());

    private RuleInfo Rule(string id) => _rules(id) ?? throw new FormatException($"the report names a rule {id} that this Differ does not know: write it again");

    private static StreamId Stream(JsonElement place) => new(place.GetProperty("stream").GetInt32());

    private static JsonElement.ArrayEnumerator Each(JsonElement parent, string name) => parent.GetProperty(name).EnumerateArray();

    // A report may be older than the key, which did not raise its version.
    private static JsonElement.ArrayEnumerator EachOf(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement list) ? list.EnumerateArray() : default;

    private static string Text(JsonElement parent, string name) => Plain(parent.GetProperty(name)) ?? "";

    // A report may be anybody's.
    private static string? Plain(JsonElement text) => text.GetString() is { } said ? PlainText.Of(said) : null;

    private static uint? Number(JsonElement parent, string name) =>
        parent.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetUInt32() : null;

    private static ulong? Hex(JsonElement parent, string name)
    {
        if (parent.GetProperty(name).GetString() is not { } text)
        {
            return null;
        }

        return text.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw new JsonException($"{name} is no hexadecimal number");
    }
}
