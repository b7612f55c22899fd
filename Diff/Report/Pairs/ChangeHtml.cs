using System.Net;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Pairs;

/// <summary>Changes as one page for a browser, without scripts and without anything from elsewhere.</summary>
internal sealed class ChangeHtml : IChangeFormat
{
    public string Name => "html";

    public void Write(ChangeSet changes, TextWriter output, Ink ink)
    {
        string title = SetWords.Sum(FindingSet.Of(changes));
        output.Write($"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>Differ: {Text(title)}</title>\n<style>\n{PlainPage.Style}\n</style>\n</head>\n<body>\n");
        output.Write($"<h1>{Text(title)}</h1>\n");
        string policy = SetWords.Of(changes.Policy);
        output.Write(policy.Length > 0 ? $"<p class=\"muted\">policy: {Text(policy)}</p>\n" : "");
        WriteList("cannot be used", changes.Unread.Select(unread => $"{unread.Name}: {unread.Message}"), output);
        WriteList("only in base", changes.OnlyBase, output);
        WriteList("only in test", changes.OnlyTest, output);
        WriteIndex(changes.Pairs, output);
        for (int i = 0; i < changes.Pairs.Count; i++)
        {
            WritePair(changes.Pairs[i], i, output);
        }

        output.Write("</body>\n</html>\n");
    }

    private static void WriteList(string title, IEnumerable<string> lines, TextWriter output)
    {
        string[] items = [.. lines.Select(line => $"<li>{Text(line)}</li>\n")];
        output.Write(items.Length > 0 ? $"<h3>{title}</h3>\n<ul>\n{string.Concat(items)}</ul>\n" : "");
    }

    // One pair needs no table of contents.
    private static void WriteIndex(IReadOnlyList<RunChanges> pairs, TextWriter output)
    {
        if (pairs.Count < 2)
        {
            return;
        }

        output.Write("<table>\n<tr><th>Verdict</th><th>Pair</th><th>What makes it</th></tr>\n");
        foreach ((RunChanges pair, int number) in pairs.Select((pair, i) => (pair, i)).OrderByDescending(item => item.pair.Verdict.Outcome))
        {
            output.Write($"<tr><td class=\"{pair.Verdict.Word}\">{pair.Verdict.Word}</td><td><a href=\"#pair{number}\">{Text(NameOf(pair))}</a></td><td>{Text(pair.Verdict.Why)}</td></tr>\n");
        }

        output.Write("</table>\n");
    }

    private static string NameOf(RunChanges pair) => pair.Name.Length > 0 ? pair.Name : pair.TestFile;

    private static void WritePair(RunChanges pair, int number, TextWriter output)
    {
        RecordingVerdict verdict = pair.Verdict;
        output.Write($"<section id=\"pair{number}\">\n<h2>{Text(NameOf(pair))}: <span class=\"{verdict.Word}\">{verdict.Word}</span></h2>\n");
        output.Write(verdict.Why.Length > 0 ? $"<p>{Text(verdict.Why)}</p>\n" : "");
        output.Write("<table>\n<tr><th></th><th>Capture</th><th>Kernel</th><th>Exits</th></tr>\n");
        WriteCapture("base", pair.Base, output);
        WriteCapture("test", pair.Test, output);
        output.Write($"</table>\n<p>{Text(BehaviourWords.Common(pair.Common))}{Text(Missing(pair.Common))}</p>\n");
        WriteClasses(pair, output);
        WriteBehaviour(pair, output);
        foreach (VcpuAlignment vcpu in pair.Vcpus)
        {
            WriteVcpu(vcpu, output);
        }

        output.Write("</section>\n");
    }

    private static string Missing(CommonExits common)
    {
        CommonKind[] missing = [.. common.Missing];
        return missing.Length == 0 ? "" : $"; none of {string.Join(", ", missing.Select(kind => $"{kind.Words} ({Numbers.Plain(kind.InBase)} in base, {Numbers.Plain(kind.InTest)} in test)"))}";
    }

    private static void WriteCapture(string label, DiffResult result, TextWriter output) => output.Write(
        $"<tr><td>{label}</td><td>{Text(result.Header.Capture)}</td><td>{Text(result.Header.KernelRelease)}</td><td>{Numbers.Plain(result.Summary.Exits)}</td></tr>\n");

    private static void WriteClasses(RunChanges pair, TextWriter output)
    {
        if (pair.Classes.Count == 0)
        {
            output.Write("<p>No divergences.</p>\n");
            return;
        }

        output.Write("<h3>Divergences</h3>\n<table>\n<tr><th>Change</th><th>Severity</th><th>Culprit</th><th class=\"rule\">Rule</th><th>Base</th><th>Test</th><th>Fingerprint</th></tr>\n");
        foreach (ClassChange one in pair.Classes)
        {
            output.Write($"<tr><td class=\"{(one.Change == Change.New ? "new" : one.Change == Change.Fixed ? "fixed" : "muted")}\">{ChangeWords.Words(one.Change)}</td><td>{FindingWords.Severity(one.Found)}</td>"
                + $"<td><span class=\"{(one.Found.Culprit == Culprit.Processor ? "processor" : "kvm")}\">{Text(FindingWords.Culprit(one.Found))}</span></td>"
                + $"<td><code>{Text(one.Found.Rule.Id)}</code> {Text(one.Found.Rule.Citation)}<br>{Text(one.Found.Rule.Statement)}</td>"
                + $"<td>{Text(ChangeWords.Rate(one.Base))}</td><td>{Text(ChangeWords.Rate(one.Test))}</td><td><code>{one.Found.Fingerprint}</code></td></tr>\n");
        }

        output.Write("</table>\n");
    }

    private static void WriteBehaviour(RunChanges pair, TextWriter output)
    {
        foreach (BehaviourChange one in pair.Behaviour)
        {
            output.Write($"<h3><span class=\"{BehaviourWords.Word}\">L0 behaves differently</span>, and no rule names it: {Text(one.Where)}</h3>\n");
            output.Write($"<p class=\"muted\">{Text(BehaviourWords.Count(one))}, fingerprint <code>{one.Fingerprint}</code></p>\n<dl>\n");
            WriteSide("base", one.DidInBase, one.AroundBase, output);
            WriteSide("test", one.DidInTest, one.AroundTest, output);
            output.Write("</dl>\n");
        }
    }

    private static void WriteVcpu(VcpuAlignment vcpu, TextWriter output)
    {
        output.Write($"<h3>{Text(vcpu.Label)}</h3>\n<p>{Text(ChangeWords.How(vcpu.Aligned))}</p>\n");
        foreach (PartingContext one in vcpu.Partings)
        {
            output.Write($"<p>{ChangeWords.Words(one.Parting.What)} exit {one.Base.Index} of base, exit {one.Test.Index} of test</p>\n<dl>\n");
            WriteSide("base", string.Join("; ", one.Parting.Base.Select(field => field.Text)), one.Base, output);
            WriteSide("test", string.Join("; ", one.Parting.Test.Select(field => field.Text)), one.Test, output);
            output.Write("</dl>\n");
        }
    }

    private static void WriteSide(string label, string did, ExitContext around, TextWriter output)
    {
        output.Write($"<dt>{label}</dt>\n<dd>{Text(did)}\n<pre>");
        foreach (string line in BehaviourWords.Around(around))
        {
            output.Write(line.StartsWith('>') ? $"<span class=\"mark\">{Text(line)}</span>\n" : $"{Text(line)}\n");
        }

        output.Write("</pre></dd>\n");
    }

    private static string Text(string text) => WebUtility.HtmlEncode(PlainText.Of(text));
}
