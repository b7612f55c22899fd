using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>Rules as an index of their pages, by group.</summary>
internal sealed class MarkdownRules : IFormat<IReadOnlyList<RuleInfo>>
{
    public string Name => "markdown";

    public void Write(IReadOnlyList<RuleInfo> content, TextWriter output, Ink ink)
    {
        output.Write($"# Rules\n\nManual: {Apm.Revision}. `differ explain ID` says the same as a page, and with `--in` what a recording shows.\n");
        foreach (RuleGroup group in RuleGroup.All)
        {
            RuleInfo[] rules = [.. content.Where(rule => rule.Group == group.Letter)];
            if (rules.Length > 0)
            {
                output.Write($"\n## {group.Title}\n\n| Rule | Manual | Severity |\n|---|---|---|\n");
            }

            foreach (RuleInfo rule in rules)
            {
                output.Write($"| [{rule.Id}]({rule.Id}.md) | {rule.Citation.Replace("|", "\\|", StringComparison.Ordinal)} | {RuleText.Word(rule.Severity)} |\n");
            }
        }
    }
}
