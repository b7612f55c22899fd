using Differ.Diff.Findings;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Ci;

/// <summary>The kernel's form of TAP (Documentation/dev-tools/ktap.rst): nested by two spaces, with details in the lines before a result.</summary>
internal sealed class KtapReport : IReportFormat
{
    private const string Inside = "  ";

    public string Name => "ktap";

    public string Summary => "KTAP 1, the kernel's TAP: the same tests; undecided, likely and inconclusive are # SKIP, known is # XFAIL, an unusable capture # ERROR";

    public void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        output.Write($"KTAP version 1\n1..{findings.Checked.Count + findings.Unread.Count}\n");
        int number = 0;
        foreach (CheckedCapture capture in findings.Checked)
        {
            List<RuleCase> cases = [.. capture.Cases()];
            output.Write($"{Inside}KTAP version 1\n{Inside}# Subtest: {Escape(capture.Name)}\n{Inside}1..{cases.Count + (capture.Pair is null ? 0 : 1)}\n");
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
            output.Write($"{(capture.Fails ? "not ok" : "ok")} {++number} {Escape(capture.Name)}{why}\n");
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            output.Write($"not ok {++number} {Escape(unread.Name)} # ERROR {Escape(unread.Message)}\n");
        }
    }

    private static void WriteCase(CheckedCapture capture, RuleCase one, int number, TextWriter output)
    {
        foreach ((string label, string text) in one.Failing.Take(1).SelectMany(finding => FindingWords.Facts(capture, finding)))
        {
            output.Write($"{Inside}# {label}: {PlainText.Of(text)}\n");
        }

        string directive = one.Outcome switch
        {
            CaseOutcome.Known => $" # XFAIL {Escape(FindingWords.Known(one))}",
            CaseOutcome.Likely => $" # SKIP {Escape(FindingWords.Likely(one))}",
            CaseOutcome.Undecided => $" # SKIP {Escape(FindingWords.Undecided(one))}",
            CaseOutcome.Inconclusive => $" # SKIP {FindingWords.KeptInInconclusive}",
            _ => "",
        };
        output.Write($"{Inside}{(one.Outcome == CaseOutcome.Broken ? "not ok" : "ok")} {number} {Escape($"{one.Rule.Id} on {one.Vcpu}")}{directive}\n");
    }

    private static void WriteBehaviour(CheckedCapture capture, int number, TextWriter output)
    {
        if (capture.Pair is null)
        {
            return;
        }

        foreach ((string label, string text) in capture.Behaviour.SelectMany(change => BehaviourWords.Facts(capture, change)))
        {
            output.Write($"{Inside}# {label}: {text}\n");
        }

        bool fails = BehaviourWords.Fails(capture);
        string directive = capture.Behaviour.Count > 0 ? fails ? "" : $" # XFAIL {Escape(BehaviourWords.All(capture))}"
            : capture.IsInconclusive ? $" # SKIP {Escape(FindingWords.Inconclusive(capture))}" : "";
        output.Write($"{Inside}{(fails ? "not ok" : "ok")} {number} {BehaviourWords.Test}{directive}\n");
    }

    // KTAP knows no way to write a # that begins no directive.
    private static string Escape(string text) => PlainText.Of(text).Replace('#', '_');
}
