using System.Text.Json;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>Every JSON output that a schema describes names it, and keeps it.</summary>
public sealed class NamedSchemaTests
{
    private static string Vmmcall => Fixture.Capture("l2-vmmcall-not-intercepted-6.1");

    private static string Processor => Fixture.Capture("processor-fault");

    public static TheoryData<string, string[]> Outputs => new()
    {
        { "report", ["check", Vmmcall, "--format", "json"] },
        { "reports", ["check", Vmmcall, Processor, "--format", "json"] },
        { "jsonl", ["check", Vmmcall, Processor, "--format", "jsonl"] },
        { "compare", ["compare", Processor, Vmmcall, "--format", "json"] },
        { "stats", ["stats", Vmmcall, "--format", "json"] },
        { "stats", ["stats", Processor, Vmmcall, "--format", "json"] },
        { "rules", ["rules", "--format", "json"] },
        { "show", ["show", Vmmcall, "--level", "L2", "--format", "jsonl"] },
        { "baseline", ["baseline", "update", Vmmcall, "-o", "-"] },
    };

    [Theory]
    [MemberData(nameof(Outputs))]
    public void An_output_names_the_schema_that_it_keeps(string name, string[] words)
    {
        var schema = new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", $"{name}.schema.json")));
        string output = CommandLine.Run(words).Output;
        string[] documents = words.Contains("jsonl") ? output.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [output];
        Assert.NotEmpty(documents);
        Assert.All(documents, document =>
        {
            using JsonDocument parsed = JsonDocument.Parse(document);
            Assert.Equal(schema.Root.GetProperty("$id").GetString(), parsed.RootElement.GetProperty("$schema").GetString());
            Assert.Empty(schema.Check(document));
        });
    }

    // Each schema is named by an output above.
    [Fact]
    public void Every_schema_is_named_by_an_output() => Assert.Equal(
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.schema.json").Select(file => Path.GetFileName(file).Split('.')[0]).Order(StringComparer.Ordinal),
        Outputs.Select(row => (string)row[0]).Distinct().Order(StringComparer.Ordinal));
}
