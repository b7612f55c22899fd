using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>Rules for tables: RFC 4180, a row each.</summary>
internal sealed class CsvRules : IFormat<IReadOnlyList<RuleInfo>>
{
    public string Name => "csv";

    public void Write(IReadOnlyList<RuleInfo> content, TextWriter output, Ink ink)
    {
        output.Write("rule,statement,citation,severity,visibility,confidence,evidence,expected\n");
        foreach (RuleInfo rule in content)
        {
            output.Write($"{CsvText.Row(rule.Id, rule.Statement, rule.Citation, RuleText.Word(rule.Severity), RuleText.Word(rule.Visibility), RuleText.Word(rule.Confidence), rule.Evidence, rule.Expected)}\n");
        }
    }
}
