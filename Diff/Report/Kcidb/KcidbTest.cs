using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Kcidb;

/// <summary>What a test came to, in the order of KCIDB: the first of several stands for all of them.</summary>
/// <remarks>
/// ERROR, "the test did not complete due to a failure in its code", is not among them: a fault in Differ ends it without a report.
/// </remarks>
internal enum KcidbStatus : byte
{
    /// <summary>The test completed and reported the tested code as faulty: KVM diverges.</summary>
    Fail,

    /// <summary>The test did not run due to a failure in the harness: there is no recording that could be judged.</summary>
    Miss,

    /// <summary>The test completed and reported the tested code as correct.</summary>
    Pass,

    /// <summary>
    /// The test completed and reported nothing of the tested code: it is undecided, likely, documented, ignored, kept in a recording that is
    /// inconclusive, or the processor that departs.
    /// </summary>
    Done,

    /// <summary>The test was not applicable: too little was recorded of a capture. What is not exercised is no test at all.</summary>
    Skip,
}

/// <summary>A test of KCIDB: a rule in a capture, or a whole capture.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Kernel">The release of the tested kernel.</param>
/// <param name="Path">Where it is in the tree of tests.</param>
/// <param name="Status">What it came to.</param>
/// <param name="Comment">For a person.</param>
/// <param name="WriteMisc">Writes what the format has no member for; null for nothing.</param>
internal sealed record KcidbTest(string Id, string Kernel, string Path, KcidbStatus Status, string Comment, Action<Utf8JsonWriter>? WriteMisc)
{
    private const string Suite = "differ";

    /// <summary>The tests of a capture: the whole of it, then every rule that is exercised in it.</summary>
    public static IEnumerable<KcidbTest> Of(CheckedCapture capture)
    {
        string kernel = KcidbReport.KernelOf(capture);
        RecordingVerdict verdict = capture.Verdict;
        ILookup<string, Finding> broken = capture.Findings.Where(finding => finding.IsPresent)
            .SelectMany(finding => finding.Class.AlsoBroken.Prepend(finding.Class.Rule), (finding, rule) => (rule.Id, Finding: finding))
            .ToLookup(item => item.Id, item => item.Finding);
        KcidbTest[] rules = [.. capture.Result.Rules.Where(count => count.Exercised > 0 || broken.Contains(count.Rule.Id)).Select(count => Of(capture, count, [.. broken[count.Rule.Id]], verdict))];
        var quality = CaptureQuality.Of(capture.Result);
        KcidbTest[] behaviour = capture.Pair is null ? [] : [KcidbBehaviour.TestOf(capture, IdOfBehaviour(capture), $"{Suite}.{BehaviourWords.Word}")];
        KcidbStatus whole = rules.Concat(behaviour).Select(test => test.Status).Append(KcidbStatus.Skip).Min();

        // Where too little was recorded, silence is no praise.
        KcidbStatus status = verdict.Outcome == RecordingOutcome.Inconclusive && whole != KcidbStatus.Fail ? capture.Fails ? KcidbStatus.Fail : KcidbStatus.Skip : whole;
        string comment = $"{capture.Name}: {verdict.Word}{(verdict.Reasons.Count > 0 ? $", {verdict.Why}" : "")}; {SummaryOf(capture.Result)}";
        return behaviour.Concat(rules).Prepend(new KcidbTest(RunId(capture), kernel, Suite, status, comment, json =>
        {
            json.WriteString("capture", PlainText.Of(capture.Name));
            json.WriteString("format", PlainText.Of(capture.Result.Header.Format));
            json.WriteString("host", PlainText.Of(capture.Result.Header.HostName));
            json.WriteString("manual", Apm.Revision);
            JsonParts.WriteVerdict(json, verdict);
            JsonParts.WriteEndings(json, capture.Result);
            JsonParts.WriteGrade(json, quality);
            JsonParts.WriteVerdicts(json, capture.Result);
            JsonParts.WriteNotes(json, capture.Result);
        }));
    }

    /// <summary>The test of a capture that cannot be used.</summary>
    public static KcidbTest Of(UnreadCapture unread) => new(
        $"{KcidbReport.Origin}:{Digest($"{unread.Name}|{unread.Code}")}", "", Suite, KcidbStatus.Miss, $"{unread.Name} cannot be used: {unread.Message}", json =>
        {
            json.WriteString("capture", PlainText.Of(unread.Name));
            json.WriteString("code", unread.Code);
        });

    public static string IdOf(CheckedCapture capture, RuleInfo rule) => $"{RunId(capture)}:{rule.Id}";

    /// <summary>The id of the test whether L0 acts as in a base.</summary>
    public static string IdOfBehaviour(CheckedCapture capture) => $"{RunId(capture)}:{BehaviourWords.Word}";

    private static KcidbTest Of(CheckedCapture capture, RuleCount count, IReadOnlyList<Finding> findings, RecordingVerdict verdict)
    {
        RuleInfo rule = count.Rule;
        KcidbStatus status = StatusOf(count, findings, verdict);
        return new KcidbTest(
            IdOf(capture, rule), KcidbReport.KernelOf(capture), $"{Suite}.{NodeOf(rule)}", status, $"{rule.Citation}: {rule.Statement}", json =>
            {
                json.WriteString("rule", rule.Id);
                json.WriteString("section", rule.Citation);
                json.WriteString("severity", rule.Severity.ToString().ToLowerInvariant());
                JsonParts.WriteCounts(json, count);
                json.WriteTexts("lacking", count.Lacking.Select(share => share.Missing.Name));
            });
    }

    // A baseline and an older kernel make a fault known, not right: the incident links it to its issue, which is what KCIDB triages by.
    private static KcidbStatus StatusOf(RuleCount count, IReadOnlyList<Finding> findings, RecordingVerdict verdict) =>
        findings.Any(finding => IsFault(finding) && finding.Class.Culprit == Culprit.Hypervisor) ? KcidbStatus.Fail
        : findings.Count > 0 || count.Likely > 0 ? KcidbStatus.Done
        : count.Conforms > 0 && verdict.Outcome != RecordingOutcome.Inconclusive ? KcidbStatus.Pass : KcidbStatus.Done;

    private static bool IsFault(Finding finding) => finding.Fails || (finding.State is not (FindingState.Documented or FindingState.Ignored) && !finding.Class.IsLikely);

    // Nodes of the tree are separated by dots, which ids of rules have within.
    private static string NodeOf(RuleInfo rule) => string.Concat(rule.Id.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '_'));

    // A recording does not tell when it was made: what it holds tells it from others of the same name.
    private static string RunId(CheckedCapture capture)
    {
        RunHeader header = capture.Result.Header;
        RunSummary summary = capture.Result.Summary;
        string streams = string.Join(',', summary.Streams.Select(stream => string.Create(CultureInfo.InvariantCulture, $"{stream.Thread?.Value}/{stream.Exits}")));
        return KcidbReport.Origin + ":" + Digest(string.Create(
            CultureInfo.InvariantCulture, $"{capture.Name}|{header.CaptureSize}|{header.Format}|{header.KernelRelease}|{header.HostName}|{summary.Events}|{summary.Exits}|{streams}"));
    }

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];

    private static string SummaryOf(DiffResult result) =>
        $"{Numbers.Amount(result.Summary.Exits, "exit", "exits")}, {Numbers.Plain(result.CountOf(Verdict.Undecided))} undecided, {Numbers.Plain(result.CountOf(Verdict.Likely))} likely diverge, {Numbers.Plain(result.CountOf(Verdict.Diverges))} diverge";
}
