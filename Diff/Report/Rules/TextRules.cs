using System.Globalization;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>Rules for a person: a line each.</summary>
internal sealed class TextRules : IFormat<IReadOnlyList<RuleInfo>>
{
    public string Name => "text";

    public void Write(IReadOnlyList<RuleInfo> content, TextWriter output, Ink ink)
    {
        output.Write(string.Create(CultureInfo.InvariantCulture, $"{content.Count} {(content.Count == 1 ? "rule" : "rules")}; manual {Apm.Revision}\n\n"));
        foreach (RuleInfo rule in content)
        {
            output.Write($"{rule.Id,-34} {rule.Statement}\n");
        }
    }
}
