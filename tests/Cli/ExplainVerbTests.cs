using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class ExplainVerbTests : IDisposable
{
    private const string Rule = "SVM-15.18-VMMCALL-UNINT-UD";

    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly string _capture;

    public ExplainVerbTests()
    {
        _capture = Path.Combine(_folder, "trace.dat");
        File.WriteAllBytes(_capture, Stories.Vmmcall("6.12", right: false, new TraceDatBuilder()));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    [InlineData("markdown")]
    public void A_rule_is_explained(string format) =>
        Golden.Matches($"Cli/explain-rule.{format}", Output("explain", Rule.ToLowerInvariant(), "--format", format));

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    [InlineData("markdown")]
    public void A_finding_is_explained_from_its_capture(string format) =>
        Golden.Matches($"Cli/explain-finding.{format}", Output("explain", FingerprintOfCapture(), "--in", _capture, "--format", format).Replace($"{_folder}/", "", StringComparison.Ordinal));

    [Fact]
    public void The_explanation_leads_on_to_the_exits() =>
        Assert.Contains($"\n   exits    differ show {_capture} --exit 2 --context 3\n", Output("explain", FingerprintOfCapture(), "--in", _capture), StringComparison.Ordinal);

    [Fact]
    public void A_run_explains_what_its_capture_explains()
    {
        string run = Path.Combine(_folder, "run.difr");
        Assert.Equal(0, CommandLine.Run("convert", _capture, "-o", run).Status);
        Assert.Equal(Output("explain", Rule, "--in", _capture).Replace(_capture, run, StringComparison.Ordinal), Output("explain", Rule, "--in", run));
    }

    [Fact]
    public void A_report_explains_what_its_capture_explains_but_for_what_L0_did_and_where_it_can_be_seen()
    {
        string report = Path.Combine(_folder, "report.json"), fingerprint = FingerprintOfCapture();
        File.WriteAllText(report, CommandLine.Run("check", _capture, "--format", "json").Output);
        string fromReport = Output("explain", fingerprint, "--in", report);
        string[] capture = Output("explain", fingerprint, "--in", _capture).Split('\n');
        Assert.Equal(capture.Where(line => !line.StartsWith("   exits ", StringComparison.Ordinal)).Select(WithoutDeeds), fromReport.Split('\n'));
        Assert.Contains("   recorded ", fromReport, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_that_a_recording_does_not_speak_of_is_explained_all_the_same() =>
        Assert.Contains("nothing that the rule speaks of", Output("explain", "SVM-15.27-SKINIT-ABSENT", "--in", _capture), StringComparison.Ordinal);

    [Fact]
    public void What_was_lacking_is_counted()
    {
        string text = Output("explain", "SVM-15.5-VMRUN-CR4-MBZ", "--in", _capture);
        Assert.Contains("lacked     the save area of vmcb12 (CR0, CR3, CR4, EFER, DR6, DR7, segments) (1 time): record with differ record", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SVM-15.18-VMMCALL-UNINT", "there is no rule SVM-15.18-VMMCALL-UNINT; nearest are SVM-15.18-VMMCALL-UNINT-UD, ")]
    [InlineData("0123456789ab", "0123456789ab is a fingerprint: name with --in the capture, run or JSON report it is from")]
    public void An_unknown_name_is_refused_in_one_line(string name, string problem) => Refused(64, problem, "explain", name);

    [Fact]
    public void A_fingerprint_that_the_capture_does_not_have_is_refused_with_the_nearest() =>
        Refused(2, $"{_capture} has no finding 0123456789ab; nearest are {FingerprintOfCapture()}", "explain", "0123456789ab", "--in", _capture);

    [Theory]
    [InlineData("{", "no report of differ check --format json: ")]
    [InlineData("{}", "no report of differ check --format json: ")]
    [InlineData("{\"schemaVersion\":99}", "a report of version 99; this Differ reads 1: write it again")]
    public void A_text_that_is_no_report_is_refused_in_one_line(string text, string problem)
    {
        string report = Path.Combine(_folder, "report.json");
        File.WriteAllText(report, text);
        Refused(2, $"{report}: {problem}", "explain", Rule, "--in", report);
    }

    private static void Refused(int status, string problem, params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((status, ""), (result.Status, result.Output));
        Assert.StartsWith($"differ: {problem}", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Output(params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        return result.Output;
    }

    // Between the exit and the entry of a line stands what L0 did, which a report does not hold in this form.
    private static string WithoutDeeds(string line)
    {
        string[] parts = line.Split("; ");
        return line.Contains("  L", StringComparison.Ordinal) && parts.Length > 2 ? $"{parts[0]}; {parts[^1]}" : line;
    }

    private string FingerprintOfCapture()
    {
        string report = CommandLine.Run("check", _capture).Output;
        int at = report.IndexOf("fingerprint ", StringComparison.Ordinal) + "fingerprint ".Length;
        return report.Substring(at, 12);
    }
}
