using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Report.Ci;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report;

/// <summary>What the readers of the reports for CI ask of them, over every set. tests/Consumers/validate.sh asks the readers themselves.</summary>
public sealed class CiReportTests
{
    public static TheoryData<string> Sets => [.. SampleFindings.All.Keys];

    [Theory]
    [MemberData(nameof(Sets))]
    public void JUnit_keeps_the_schema_and_counts_its_cases(string set) => KeepsJUnit(SampleFindings.All[set]);

    [Fact]
    public void JUnit_and_code_quality_leave_nothing_of_a_large_set_out()
    {
        FindingSet large = SampleFindings.Huge(classes: 400, captures: 30);
        KeepsJUnit(large);
        using var issues = JsonDocument.Parse(ReportTests.Write("gitlab", large));
        string[] fingerprints = [.. issues.RootElement.EnumerateArray().Select(issue => issue.GetProperty("fingerprint").GetString()!)];
        Assert.Distinct(fingerprints);
        Assert.InRange(fingerprints.Length, 400, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Every_line_of_JSON_keeps_the_schema(string set)
    {
        var schema = new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "jsonl.schema.json")));
        Assert.All(ReportTests.Write("jsonl", SampleFindings.All[set]).TrimEnd('\n').Split('\n'), line => Assert.Empty(schema.Check(line)));
    }

    [Theory]
    [InlineData("several")]
    [InlineData("hostile")]
    public void JSON_of_several_captures_keeps_the_schema(string set) => Assert.Empty(
        new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "reports.schema.json"))).Check(ReportTests.Write("json", SampleFindings.All[set])));

    [Theory]
    [MemberData(nameof(Sets))]
    public void Code_quality_names_each_class_once(string set)
    {
        using var issues = JsonDocument.Parse(ReportTests.Write("gitlab", SampleFindings.All[set]));
        Assert.Distinct(issues.RootElement.EnumerateArray().Select(issue => issue.GetProperty("fingerprint").GetString()));
        Assert.All(issues.RootElement.EnumerateArray(), issue => Assert.Matches("^(info|minor|major|critical|blocker)$", issue.GetProperty("severity").GetString()));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Annotations_are_one_line_each_and_nothing_else_is_a_command(string set) =>
        Assert.All(ReportTests.Write("github", SampleFindings.All[set]).TrimEnd('\n').Split('\n'), line => Assert.Matches("^(::(error|warning|notice) (file=[^:,]*,)?title=[^:,]*::.+|Differ: .+)$", line));

    [Theory]
    [InlineData("tap", "^( *(TAP version 14|1\\.\\.\\d+( # SKIP .+)?|(not )?ok \\d+ - .+|---|\\.\\.\\.|[a-z]+: [\"\\[].+|# ended: .+)|# Subtest: .+)$")]
    [InlineData("ktap", "^ *(KTAP version 1|1\\.\\.\\d+|# .+|(not )?ok \\d+ [^#]+( # (SKIP|XFAIL|ERROR) [^#]+)?)$")]
    public void Lines_of_TAP_are_what_its_readers_know(string format, string line) =>
        Assert.All(SampleFindings.All.Values, set => Assert.All(ReportTests.Write(format, set).TrimEnd('\n').Split('\n'), one => Assert.Matches(line, one)));

    [Fact]
    public void A_comment_is_no_longer_than_GitHub_takes_and_says_what_it_leaves_out()
    {
        string report = ReportTests.Write("markdown", SampleFindings.Huge(classes: 400, captures: 300));
        Assert.InRange(Encoding.UTF8.GetByteCount(report), MarkdownReport.MostBytes / 4, MarkdownReport.MostBytes);
        Assert.StartsWith("### Differ: 600 captures: 300 diverge, 300 cannot be used\n", report, StringComparison.Ordinal);
        Assert.Contains("\n_Left out for lack of room: ", report, StringComparison.Ordinal);
    }

    [Fact]
    public void GitHub_is_given_ten_annotations_of_a_kind()
    {
        string[] lines = ReportTests.Write("github", SampleFindings.Huge(classes: 400, captures: 30)).Split('\n');
        Assert.All(["error", "warning", "notice"], kind => Assert.Equal(10, lines.Count(line => line.StartsWith($"::{kind} ", StringComparison.Ordinal))));
        Assert.Contains("::error title=Differ::and 391 more, for which there is no room here", lines);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 8000));
    }

    [Fact]
    public void Every_format_is_in_the_table_of_docs_ci_md()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "ci.md"));
        Assert.All(
            ReportFormats.All.Select(format => (format.Name, format.Summary)).Concat(ReportFormats.OfExits.Select(format => (format.Name, format.Summary))),
            format => Assert.Contains($"\n| `{format.Name}` | {format.Summary}", page, StringComparison.Ordinal));
    }

    private static void KeepsJUnit(FindingSet findings)
    {
        var report = XDocument.Parse(ReportTests.Write("junit", findings));
        var schemas = new XmlSchemaSet();
        using var schema = XmlReader.Create(Path.Combine(Repository.Root, "tests", "Consumers", "junit.xsd"));
        schemas.Add(null, schema);
        var faults = new List<string>();
        report.Validate(schemas, (_, fault) => faults.Add(fault.Message));
        Assert.Empty(faults);
        Assert.All(report.Descendants("testsuite").Prepend(report.Root!), suite =>
        {
            Assert.Equal(suite.Descendants("testcase").Count(), (int)suite.Attribute("tests")!);
            Assert.Equal(suite.Descendants("failure").Count(), (int)suite.Attribute("failures")!);
            Assert.Equal(suite.Descendants("error").Count(), (int)suite.Attribute("errors")!);
        });
        Assert.All(report.Descendants("testsuite"), suite => Assert.Equal(suite.Descendants("skipped").Count(), (int)suite.Attribute("skipped")!));
        Assert.Null(report.Root!.Attribute("skipped"));
        Assert.Equal(findings.Fails, report.Descendants("failure").Any());
    }
}
