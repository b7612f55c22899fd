using System.Text.Encodings.Web;
using System.Text.Json;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Ci;

/// <summary>The Test Anything Protocol, version 14: a test for each capture, and in it one for each rule on each vCPU.</summary>
internal sealed class TapReport : IReportFormat
{
    private const string Inside = "    ";

    public string Name => "tap";

    public string Summary => "TAP 14: a test for each capture, in it one for each rule on each vCPU; undecided, likely and inconclusive are # SKIP, known is # todo";

    public void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        output.Write($"TAP version 14\n1..{findings.Checked.Count + findings.Unread.Count}\n");
        int number = 0;
        foreach (CheckedCapture capture in findings.Checked)
        {
            string name = Escape(capture.Name);
            List<RuleCase> cases = [.. capture.Cases()];
            output.Write($"# Subtest: {name}\n{Inside}1..{cases.Count + (capture.Pair is null ? 0 : 1)}{(cases.Count == 0 && capture.Pair is null ? " # SKIP no rule had anything to say" : "")}\n");
            foreach (string ending in FindingWords.Endings(capture.Result))
            {
                output.Write($"{Inside}# ended: {ending}\n");
            }

            for (int i = 0; i < cases.Count; i++)
            {
                WriteCase(capture, cases[i], i + 1, output);
            }

            WriteBehaviour(capture, cases.Count + 1, output);
            string why = !capture.IsInconclusive ? "" : $"{(capture.Fails ? ": " : " # SKIP ")}{Escape(FindingWords.Inconclusive(capture))}";
            output.Write($"{(capture.Fails ? "not ok" : "ok")} {++number} - {name}{why}\n");
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            output.Write($"not ok {++number} - {Escape(unread.Name)}\n");
            WriteDetails("", [("message", unread.Message), ("severity", "fail")], output);
        }
    }

    private static void WriteCase(CheckedCapture capture, RuleCase one, int number, TextWriter output)
    {
        bool isBroken = one.Outcome is CaseOutcome.Broken or CaseOutcome.Known;
        string directive = one.Outcome switch
        {
            CaseOutcome.Known => $" # todo {Escape(FindingWords.Known(one))}",
            CaseOutcome.Likely => $" # SKIP {Escape(FindingWords.Likely(one))}",
            CaseOutcome.Undecided => $" # SKIP {Escape(FindingWords.Undecided(one))}",
            CaseOutcome.Inconclusive => $" # SKIP {FindingWords.KeptInInconclusive}",
            _ => "",
        };
        output.Write($"{Inside}{(isBroken ? "not ok" : "ok")} {number} - {Escape($"{one.Rule.Id} on {one.Vcpu}")}{directive}\n");
        foreach (Finding finding in one.Failing.Take(1))
        {
            string beside = finding.Class.Rule.Id == one.Rule.Id ? "" : $", beside {finding.Class.Rule.Id}";
            WriteDetails(
                Inside, [("message", $"{FindingWords.Departs(finding)}{beside}"), ("severity", "fail"), ("counts", FindingWords.Numbered(one.Count)),
                    .. FindingWords.Facts(capture, finding)], output);
        }
    }

    private static void WriteBehaviour(CheckedCapture capture, int number, TextWriter output)
    {
        if (capture.Pair is null)
        {
            return;
        }

        string directive = capture.Behaviour.Count > 0 ? BehaviourWords.Fails(capture) ? "" : $" # todo {Escape(BehaviourWords.All(capture))}"
            : capture.IsInconclusive ? $" # SKIP {Escape(FindingWords.Inconclusive(capture))}" : "";
        output.Write($"{Inside}{(capture.Behaviour.Count > 0 ? "not ok" : "ok")} {number} - {BehaviourWords.Test}{directive}\n");
        foreach (BehaviourChange change in capture.Behaviour.Take(BehaviourWords.Fails(capture) ? 1 : 0))
        {
            WriteDetails(Inside, [("message", BehaviourWords.All(capture)), ("severity", "fail"), .. BehaviourWords.Facts(capture, change)], output);
        }
    }

    // A JSON text is a YAML text too, and says in quotes what YAML would take for something else.
    private static void WriteDetails(string indent, IEnumerable<(string Label, string Text)> details, TextWriter output)
    {
        output.Write($"{indent}  ---\n");
        foreach (IGrouping<string, string> detail in details.Select(detail => (Label: detail.Label == "or" ? "expected" : detail.Label, detail.Text))
            .GroupBy(detail => detail.Label, detail => detail.Text))
        {
            string[] texts = [.. detail.Select(text => $"\"{JsonEncodedText.Encode(PlainText.Of(text), JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"")];
            output.Write($"{indent}  {detail.Key}: {(texts.Length == 1 ? texts[0] : $"[{string.Join(", ", texts)}]")}\n");
        }

        output.Write($"{indent}  ...\n");
    }

    // A # begins a directive, and a backslash takes its meaning away.
    private static string Escape(string text) => PlainText.Of(text).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("#", "\\#", StringComparison.Ordinal);
}
