using System.Text.Json.Nodes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Report.Kcidb;

/// <summary>The report for kernel CI: its form, and what each status means.</summary>
public sealed class KcidbReportTests
{
    private static readonly JsonSchema Schema =
        new(File.ReadAllText(Path.Combine(Repository.Root, "tests", "Diff", "Report", "Kcidb", "kcidb-5.3.schema.json")));

    public static TheoryData<string> Sets => [.. SampleFindings.All.Keys];

    [Theory]
    [MemberData(nameof(Sets))]
    public void A_report_keeps_the_schema_and_is_nowhere_null(string set)
    {
        string text = ReportTests.Write("kcidb", SampleFindings.All[set]);
        Assert.Empty(Schema.Check(text));
        Assert.DoesNotContain(": null", text, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Ids_are_unique_and_lead_to_what_is_there(string set)
    {
        JsonNode report = Report(SampleFindings.All[set]);
        foreach (string kind in (string[])["checkouts", "builds", "tests", "issues", "incidents"])
        {
            Assert.Distinct(Ids(report, kind));
        }

        AssertKnown(report, "checkouts", "builds", "checkout_id");
        AssertKnown(report, "builds", "tests", "build_id");
        AssertKnown(report, "builds", "incidents", "build_id");
        AssertKnown(report, "tests", "incidents", "test_id");
        AssertKnown(report, "issues", "incidents", "issue_id");
    }

    [Fact]
    public void A_rule_that_the_hypervisor_breaks_fails_and_others_are_as_they_were_exercised()
    {
        JsonNode report = Report(SampleFindings.One);
        Assert.Equal("FAIL", StatusOf(report, "differ.SVM-15_5-SAMPLE"));
        Assert.DoesNotContain("differ.SVM-15_1-SILENT", Values(report, "tests", "path"));
        Assert.Equal("FAIL", StatusOf(report, "differ"));
    }

    [Theory]
    [InlineData(5, 20, "PASS")]
    [InlineData(0, 20, "DONE")]
    public void A_rule_that_nothing_breaks_passes_or_is_done(ulong conforms, ulong undecided, string status) =>
        Assert.Equal(status, StatusOf(Report(With([], conforms, undecided)), "differ.SVM-15_5-SAMPLE"));

    [Fact]
    public void A_rule_that_is_not_exercised_is_no_test() => Assert.Equal(["differ"], Values(Report(With([], 0, 0)), "tests", "path"));

    // The processor under the kernel is not what is tested.
    [Fact]
    public void A_departure_of_the_processor_says_nothing_of_the_kernel()
    {
        JsonNode report = Report(With([SampleResult.Full.Divergences[0] with { Culprit = Culprit.Processor, AlsoBroken = [] }], 5, 0));
        Assert.Equal("DONE", StatusOf(report, "differ.SVM-15_5-SAMPLE"));
        Assert.Equal("""{"code":false,"tool":false,"harness":true}""", report["issues"]![0]!["culprit"]!.ToJsonString());
    }

    [Fact]
    public void What_KVM_documents_is_no_fault()
    {
        DiffResult full = SampleResult.Full;
        JsonNode report = Report(FindingSet.Of(full with { Divergences = [], KnownDepartures = [full.Divergences[0] with { AlsoBroken = [], Known = "by design" }] }));
        Assert.Equal("DONE", StatusOf(report, "differ.SVM-15_5-SAMPLE"));
    }

    [Fact]
    public void A_capture_that_cannot_be_used_was_missed()
    {
        JsonNode report = Report(SampleFindings.Several);
        JsonNode test = report["tests"]!.AsArray().Last()!;
        Assert.Equal(("MISS", "differ", "differ:build:unknown"), (test["status"]!.GetValue<string>(), test["path"]!.GetValue<string>(), test["build_id"]!.GetValue<string>()));
    }

    [Fact]
    public void Silence_of_a_recording_without_exits_is_no_praise()
    {
        DiffResult empty = SampleResult.Empty;
        Assert.Equal("SKIP", StatusOf(Report(FindingSet.Of(empty)), "differ"));
    }

    [Fact]
    public void Nothing_of_an_inconclusive_capture_has_passed() => Assert.All(
        Report(FindingSet.Of(SampleResult.Lost))["tests"]!.AsArray(), test => Assert.NotEqual("PASS", test!["status"]!.GetValue<string>()));

    [Fact]
    public void A_likely_departure_is_no_failure_unless_it_is_to_be()
    {
        Assert.DoesNotContain("FAIL", Statuses(SampleResult.OnlyLikely));
        DivergenceClass likely = SampleResult.OnlyLikely.Likely[0] with { Culprit = Culprit.Hypervisor };
        Assert.Contains("FAIL", Statuses(SampleResult.OnlyLikely with { Likely = [likely], Policy = new Policy { FailOn = FailOn.Diverges | FailOn.Likely } }));

        static IEnumerable<string> Statuses(DiffResult result) => Report(FindingSet.Of(result))["tests"]!.AsArray().Select(test => test!["status"]!.GetValue<string>());
    }

    [Fact]
    public void What_is_fixed_is_an_absent_incident_and_what_cannot_be_compared_is_none()
    {
        JsonNode report = Report(SampleFindings.Compared);
        ILookup<string, bool> present = report["incidents"]!.AsArray().ToLookup(one => one!["misc"]!["state"]!.GetValue<string>(), one => one!["present"]!.GetValue<bool>());
        Assert.All(present["fixed"], Assert.False);
        Assert.NotEmpty(present["fixed"]);
        Assert.All(present["new"], Assert.True);
        Assert.Empty(present["not comparable"]);
    }

    [Fact]
    public void A_class_is_the_same_issue_in_every_capture()
    {
        JsonNode report = Report(SampleFindings.Several);
        Assert.Equal(3, report["incidents"]!.AsArray().Where(one => one!["issue_id"]!.GetValue<string>() == "differ:0123456789ab").Select(one => one!["test_id"]!.GetValue<string>()).Distinct().Count());
    }

    private static FindingSet With(IReadOnlyList<DivergenceClass> found, ulong conforms, ulong undecided)
    {
        DiffResult full = SampleResult.Full;
        RuleCount first = full.Rules[0] with { Conforms = conforms, Undecided = undecided, Departs = (ulong)found.Count };
        return FindingSet.Of(full with { Divergences = found, KnownDepartures = [], Rules = [first] });
    }

    private static JsonNode Report(FindingSet findings) => JsonNode.Parse(ReportTests.Write("kcidb", findings))!;

    private static void AssertKnown(JsonNode report, string known, string kind, string name) =>
        Assert.All(Values(report, kind, name), id => Assert.Contains(id, Ids(report, known)));

    private static IEnumerable<string> Ids(JsonNode report, string kind) => Values(report, kind, "id");

    private static IEnumerable<string> Values(JsonNode report, string kind, string name) => report[kind]!.AsArray().Select(one => one![name]!.GetValue<string>());

    private static string StatusOf(JsonNode report, string path) =>
        report["tests"]!.AsArray().First(test => test!["path"]!.GetValue<string>() == path)!["status"]!.GetValue<string>();
}
