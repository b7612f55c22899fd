using System.Text.Json;
using System.Text.Json.Nodes;
using Differ.Diff.Report;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report;

/// <summary>docs/report.schema.json and the JSON report say the same.</summary>
public sealed class JsonSchemaOfReportTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "report.schema.json"));

    public static TheoryData<string> Reports => [.. StoredReports()];

    [Theory]
    [MemberData(nameof(Reports))]
    public void A_stored_report_keeps_the_schema(string report) => Assert.Empty(new JsonSchema(Text).Check(Stored(report)));

    [Fact]
    public void Every_field_of_the_schema_occurs_in_a_stored_report()
    {
        var seen = new HashSet<string>();
        foreach (JsonNode? report in StoredReports().Select(file => JsonNode.Parse(Stored(file))))
        {
            CollectNames(report, seen);
        }

        Assert.All(Objects(), item => Assert.All(item.GetProperty("properties").EnumerateObject(), property => Assert.Contains(property.Name, seen)));
    }

    [Fact]
    public void A_field_that_the_schema_does_not_describe_is_refused_everywhere()
    {
        Assert.All(Objects(), item => Assert.Equal(JsonValueKind.False, item.GetProperty("additionalProperties").ValueKind));
        JsonNode report = JsonNode.Parse(Stored("tests/Diff/Report/Expected/everything.json"))!;
        report["capture"]!["news"] = 1;
        Assert.Equal(["$.capture: has news, which nothing describes"], new JsonSchema(Text).Check(report.ToJsonString()));
    }

    [Fact]
    public void Every_field_of_the_schema_is_described() =>
        Assert.All(Objects(), item => Assert.All(item.GetProperty("properties").EnumerateObject(), property =>
            Assert.EndsWith(".", property.Value.GetProperty("description").GetString(), StringComparison.Ordinal)));

    [Fact]
    public void The_schema_has_the_version_of_the_report() => Assert.Equal(
        JsonReport.SchemaVersion,
        new JsonSchema(Text).Root.GetProperty("properties").GetProperty("schemaVersion").GetProperty("const").GetInt32());

    private static IEnumerable<string> StoredReports() =>
        Directory.EnumerateFiles(Repository.Fixtures, "expected.json", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "Diff", "Report", "Expected"), "*.json"))
            .Select(file => Path.GetRelativePath(Repository.Root, file)).Where(file => !IsOfSeveral(file)).Order(StringComparer.Ordinal);

    private static bool IsOfSeveral(string report) => Path.GetFileNameWithoutExtension(report) is "several" or "hostile";

    private static string Stored(string report) => File.ReadAllText(Path.Combine(Repository.Root, report));

    private static IEnumerable<JsonElement> Objects()
    {
        JsonElement root = new JsonSchema(Text).Root;
        return root.GetProperty("$defs").EnumerateObject().Select(definition => definition.Value).Prepend(root);
    }

    private static void CollectNames(JsonNode? node, HashSet<string> names)
    {
        foreach ((string name, JsonNode? inner) in node as JsonObject ?? [])
        {
            names.Add(name);
            CollectNames(inner, names);
        }

        foreach (JsonNode? inner in node as JsonArray ?? [])
        {
            CollectNames(inner, names);
        }
    }
}
