using Differ.Diff.Knowledge;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>A page of the documentation: the rule, who decides it, known bugs and what would decide it. docs/rules holds one for each rule.</summary>
internal sealed class MarkdownExplanation : IFormat<Explanation>
{
    public string Name => "markdown";

    public void Write(Explanation content, TextWriter output, Ink ink)
    {
        RuleInfo rule = content.Rule;
        KvmFunctions functions = rule.Kvm;
        output.Write($"# {rule.Id}\n\n{Text(rule.Statement)}\n\n| | |\n|---|---|\n");
        Row(output, "Manual", $"{rule.Citation}, {Apm.Revision}");
        Row(output, "About", RuleText.About(rule));
        Row(output, "Severity", $"{RuleText.Word(rule.Severity)}: {RuleText.Words(rule.Severity)}");
        Row(output, "Visible", RuleText.Words(rule.Visibility));
        Row(output, "Confidence", RuleText.Words(rule.Confidence));
        Row(output, "Speaks when", rule.Evidence);
        Row(output, "Expected", rule.Expected);
        Row(output, "Decided by", functions.Names.Count > 0 ? $"{string.Join(", ", functions.Names.Select(Code))} in KVM" : functions.WhyNone, isMarkdown: true);
        if (content.Reads.Names.Count > 0)
        {
            Row(output, "Reads", $"{string.Join(", ", content.Reads.Names)} of {content.Reads.Owner}");
        }

        WriteBugs(content, output);
        WriteLacking(content, output);
        if (content.Seen is { } seen)
        {
            WriteSeen(seen, output);
        }
    }

    private static void WriteBugs(Explanation content, TextWriter output)
    {
        output.Write($"\n## Known bugs of KVM that break it\n\n{(content.Bugs.Count == 0 ? "None is known.\n" : "")}");
        foreach (KnownBug bug in content.Bugs)
        {
            output.Write($"- **{bug.Id}** {Text(bug.Statement)} {char.ToUpperInvariant(bug.History[0])}{Text(bug.History[1..])}; {RuleText.Words(bug.Visibility)}.\n");
        }
    }

    private static void WriteLacking(Explanation content, TextWriter output)
    {
        output.Write($"\n## To decide it\n\n    {content.Command}\n");
        if (content.Lacking.Count > 0)
        {
            output.Write($"\nA recording {(content.Seen is null ? "may lack" : "lacked")}:\n\n");
        }

        foreach (EvidenceShare share in content.Lacking)
        {
            output.Write($"- {Text(share.Missing.What)}: {Text(share.Missing.How)}\n");
        }
    }

    private static void WriteSeen(SeenOfRule seen, TextWriter output)
    {
        RuleCount count = seen.Count;
        output.Write($"\n## In {Text(PlainText.Of(seen.Result.Header.Capture.Length > 0 ? seen.Result.Header.Capture : "the recording"))}\n\n");
        output.Write($"| Exits | |\n|---|---:|\n| conform | {Numbers.Plain(count.Conforms)} |\n| undecided | {Numbers.Plain(count.Undecided)} |\n| likely diverge | {Numbers.Plain(count.Likely)} |\n| diverge | {Numbers.Plain(count.Departs)} |\n");
        foreach (DivergenceClass found in seen.Classes)
        {
            output.Write($"\n- {Code(found.Fingerprint)}, {Numbers.Amount(found.Count, "occurrence", "occurrences")}: recorded {Text(PlainText.Of(string.Join("; ", found.First.Recorded.Select(field => field.Text))))}; expected {Text(PlainText.Of(string.Join(", or ", found.First.Expected)))}\n");
        }
    }

    private static void Row(TextWriter output, string label, string text, bool isMarkdown = false) => output.Write($"| {label} | {(isMarkdown ? text : Text(text))} |\n");

    private static string Code(string name) => $"`{name}`";

    // What has a meaning in Markdown is text here: registers such as CR0[31:0], kvm_* and pipes.
    private static string Text(string text) => string.Concat(text.Select(letter => letter is '|' or '*' or '<' or '[' or '`' or '\\' ? $"\\{letter}" : $"{letter}"));
}
