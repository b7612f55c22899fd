using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Differ.Diff.Findings;
using Differ.Diff.Results;

namespace Differ.Tests.Diff.Report.Sarif;

/// <summary>The report for code scanning: its meaning, and the limits of those who read it. tests/Consumers holds it against the published schema.</summary>
public sealed class SarifReportTests
{
    public static TheoryData<string> Sets => [.. SampleFindings.All.Keys];

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_class_is_one_result_whose_rule_is_described(string set)
    {
        FindingSet findings = SampleFindings.All[set];
        JsonNode run = Run(findings);
        JsonArray rules = run["tool"]!["driver"]!["rules"]!.AsArray();
        Assert.Equal(
            findings.Classes().Select(one => one.Class.Fingerprint).Concat(findings.Checked.SelectMany(capture => capture.Behaviour).Select(change => change.Fingerprint)), Results(run).Select(result => Text(result["partialFingerprints"]!["differ/v1"])));
        Assert.All(Results(run), result => Assert.Equal(Text(result["ruleId"]), Text(rules[result["ruleIndex"]!.GetValue<int>()]!["id"])));
        Assert.Distinct(rules.Select(rule => Text(rule!["id"])));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Places_are_in_files_that_the_report_names(string set)
    {
        JsonNode run = Run(SampleFindings.All[set]);
        JsonArray files = run["artifacts"]!.AsArray();
        Assert.All(
            Results(run).SelectMany(result => result["locations"]!.AsArray().Concat(result["relatedLocations"]!.AsArray())),
            place => Assert.Equal(
                Text(place!["physicalLocation"]!["artifactLocation"]!["uri"]), Text(files[place["physicalLocation"]!["artifactLocation"]!["index"]!.GetValue<int>()]!["location"]!["uri"])));
    }

    [Fact]
    public void A_comparison_tells_what_became_of_each_class() => Assert.Equal(
        [("fail", "absent"), ("fail", "new"), ("fail", "unchanged"), ("fail", "updated"), ("open", "updated"), ("review", "new")],
        Results(Run(SampleFindings.Compared)).Select(result => (Text(result["kind"]), Text(result["baselineState"]))).Distinct().Order());

    [Fact]
    public void Only_a_baseline_tells_what_is_new() => Assert.All(
        Results(Run(FindingSet.Of(SampleResult.Full))), result => Assert.Null(result["baselineState"]));

    [Fact]
    public void What_is_accepted_or_documented_is_suppressed_with_the_reason()
    {
        JsonNode[] results = [.. Results(Run(SampleFindings.One))];
        Assert.Equal(3, results.Count(result => result["suppressions"] is not null));
        Assert.All(results, result => Assert.Equal(Text(result["properties"]!["state"]) is not ("diverges" or "likely"), result["suppressions"] is not null));
        Assert.Contains(results, result => result["suppressions"]?[0]!["justification"]!.GetValue<string>().Contains("our guests never do it", StringComparison.Ordinal) ?? false);
    }

    [Fact]
    public void A_likely_departure_is_for_a_person_to_review_unless_it_is_to_fail()
    {
        JsonNode Only(Policy policy) => Results(Run(FindingSet.Of(SampleResult.OnlyLikely with { Policy = policy }))).Single();
        Assert.Equal(("review", "none"), (Text(Only(new Policy())["kind"]), Text(Only(new Policy())["level"])));
        Assert.Equal("fail", Text(Only(new Policy { FailOn = FailOn.Diverges | FailOn.Likely })["kind"]));
    }

    [Fact]
    public void A_capture_that_is_inconclusive_is_a_warning_with_the_reason()
    {
        JsonNode run = Run(FindingSet.Of(SampleResult.Lost));
        Assert.Equal("inconclusive", Text(run["properties"]!["verdict"]));
        Assert.Contains(
            run["invocations"]![0]!["toolExecutionNotifications"]!.AsArray(),
            one => Text(one!["level"]) == "warning" && Text(one["message"]!["text"])!.EndsWith("43.4 % of the events of VM 0, vCPU 0 were lost, and 10 % may be", StringComparison.Ordinal));
    }

    [Fact]
    public void The_flow_is_of_the_exits_around_the_first_one()
    {
        JsonNode first = Results(Run(SampleFindings.One)).First();
        JsonArray steps = first["codeFlows"]![0]!["threadFlows"]![0]!["locations"]!.AsArray();
        Assert.Equal([1, 2, 3, 4], steps.Select(step => step!["executionOrder"]!.GetValue<int>()));
        Assert.Equal(["unimportant", "unimportant", "essential", "unimportant"], steps.Select(step => Text(step!["importance"])));
    }

    [Fact]
    public void Remarks_on_captures_are_notifications()
    {
        JsonNode invocation = Run(SampleFindings.Several)["invocations"]![0]!;
        Assert.False(invocation["executionSuccessful"]!.GetValue<bool>());
        JsonNode[] errors = [.. invocation["toolExecutionNotifications"]!.AsArray().Where(one => Text(one!["level"]) == "error").Select(one => one!)];
        Assert.Equal(["DIF0101", null], errors.Select(one => one["descriptor"]?["id"]!.GetValue<string>()));
    }

    // GitHub: 5,000 results of a run are kept, 25,000 rules, a file of 10 MB when packed.
    [Fact]
    public void A_report_stays_within_what_code_scanning_takes()
    {
        string text = ReportTests.Write("sarif", SampleFindings.Huge(4_000, 3));
        JsonNode run = JsonNode.Parse(text)!["runs"]!.AsArray().Single()!;
        Assert.Equal(5_000, Results(run).Count());
        Assert.Contains("3000 further classes of divergences are left out", text, StringComparison.Ordinal);
        Assert.All(Results(run), result => Assert.InRange(result["relatedLocations"]!.AsArray().Count, 0, 100));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        Assert.InRange(packed.Length, 1, 10_000_000);
    }

    [Fact]
    public void Rules_and_the_tool_lead_to_pages_of_the_documentation()
    {
        FindingSet findings = SampleFindings.One;
        JsonNode driver = Run(findings)["tool"]!["driver"]!, served = Run(findings with { Policy = findings.Policy with { Docs = "https://host/docs/" } })["tool"]!["driver"]!;
        Assert.Equal(("urn:differ:docs:sarif.md", "https://host/docs/sarif.md"), (Text(driver["informationUri"]), Text(served["informationUri"])));
        JsonArray rules = served["rules"]!.AsArray();
        Assert.NotEmpty(rules);
        Assert.All(rules, rule => Assert.Equal($"https://host/docs/rules/{Text(rule!["id"])}.md", Text(rule["helpUri"])));
        Assert.All(rules, rule => Assert.Contains(Text(rule!["id"])!, Text(rule["help"]!["markdown"]), StringComparison.Ordinal));
        Assert.All(Addresses(driver).Concat(Addresses(served)), address => Assert.True(Uri.IsWellFormedUriString(address, UriKind.Absolute), address));
    }

    private static IEnumerable<string> Addresses(JsonNode driver) =>
        driver["rules"]!.AsArray().Concat(driver["notifications"]!.AsArray()).Select(one => Text(one!["helpUri"])!).Append(Text(driver["informationUri"])!);

    private static JsonNode Run(FindingSet findings) => JsonNode.Parse(ReportTests.Write("sarif", findings))!["runs"]!.AsArray().Single()!;

    private static IEnumerable<JsonNode> Results(JsonNode run) => run["results"]!.AsArray().Select(result => result!);

    private static string Text(JsonNode? node) => node!.GetValue<string>();
}
