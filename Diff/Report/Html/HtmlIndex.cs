using System.Net;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>Several captures in one page for a browser: their verdicts, failures first, each with a link to a page of its own, and every class once.</summary>
internal sealed class HtmlIndex : IFormat<FindingSet>
{
    private const int MostNames = 8;

    public string Name => "html";

    public void Write(FindingSet content, TextWriter output, Ink ink)
    {
        string title = SetWords.Sum(content);
        output.Write($"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>Differ: {Text(title)}</title>\n<style>\n{PlainPage.Style}\n</style>\n</head>\n<body>\n<h1>{Text(title)}</h1>\n");
        string policy = SetWords.Of(content.Policy);
        output.Write(policy.Length > 0 ? $"<p class=\"muted\">policy: {Text(policy)}</p>\n" : "");
        WriteClasses(content, output);
        WriteCaptures(content, output);
        output.Write("</body>\n</html>\n");
    }

    private static void WriteClasses(FindingSet content, TextWriter output)
    {
        FindingClass[] found = [.. content.Classes().Where(one => one.State is FindingState.Diverges or FindingState.NotCounted or FindingState.Likely)];
        if (found.Length == 0)
        {
            return;
        }

        output.Write("<h2>Divergences</h2>\n<table>\n<tr><th>Severity</th><th>Culprit</th><th class=\"rule\">Rule</th><th>Occurrences</th><th>First (s)</th><th>In</th><th>Fingerprint</th></tr>\n");
        foreach (FindingClass one in found)
        {
            DivergenceClass first = one.Class;
            CheckedCapture lead = one.Lead.Capture;
            string time = first.First.Exit.HasExit ? new ExitPrinter(lead.Result.Header, lead.Result.Texts).Time(first.First.Exit.Exit.Time) : "";
            string culprit = first.Culprit == Culprit.Processor ? "processor" : "kvm";
            output.Write($"<tr><td class=\"{(one.State == FindingState.Likely ? "likely" : "diverges")}\">{(one.State == FindingState.Likely ? "likely, " : "")}{FindingWords.Severity(first)}</td>"
                + $"<td><span class=\"{culprit}\">{Text(FindingWords.Culprit(first))}</span></td><td><code>{Text(first.Rule.Id)}</code> {Text(first.Rule.Citation)}<br>{Text(first.Rule.Statement)}</td>"
                + $"<td>{Numbers.Plain(one.Count)}</td><td>{Text(time)}</td><td>{Link(lead, FindingWords.Names(one, MostNames), $"#class={first.Fingerprint}")}</td><td><code>{first.Fingerprint}</code></td></tr>\n");
        }

        output.Write("</table>\n");
    }

    private static void WriteCaptures(FindingSet content, TextWriter output)
    {
        output.Write("<h2>Captures</h2>\n<table>\n<tr><th>Verdict</th><th>Capture</th><th>Kernel</th><th>Exits</th><th>Undecided</th><th>What makes it</th></tr>\n");
        foreach (CheckedCapture capture in content.Checked.OrderByDescending(capture => capture.Verdict.Outcome))
        {
            DiffResult result = capture.Result;
            string undecided = result.Summary.Exits == 0 ? "" : RecordingVerdict.Percent((double)result.CountOf(Verdict.Undecided) / result.Summary.Exits);
            output.Write($"<tr><td class=\"{capture.Verdict.Word}\">{capture.Verdict.Word}</td><td>{Link(capture, capture.Name, "")}</td><td>{Text(result.Header.KernelRelease)}</td>"
                + $"<td>{Numbers.Plain(result.Summary.Exits)}</td><td>{Text(undecided)}</td><td>{Text(VerdictLine.Behind(capture))}</td></tr>\n");
        }

        foreach (UnreadCapture unread in content.Unread)
        {
            output.Write($"<tr><td class=\"inconclusive\">unread</td><td>{Text(unread.Name)}</td><td></td><td></td><td></td><td>{Text(unread.Message)}</td></tr>\n");
        }

        output.Write("</table>\n");
    }

    private static string Link(CheckedCapture capture, string text, string place) =>
        capture.Page is { } page ? $"<a href=\"{Text(Uri.EscapeDataString(page))}{place}\">{Text(text)}</a>" : Text(text);

    private static string Text(string text) => WebUtility.HtmlEncode(PlainText.Of(text));
}
