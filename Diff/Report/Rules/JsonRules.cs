using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>Rules for programs, described by docs/rules.schema.json.</summary>
internal sealed class JsonRules : IFormat<IReadOnlyList<RuleInfo>>
{
    private const int SchemaVersion = 1;

    public string Name => "json";

    public void Write(IReadOnlyList<RuleInfo> content, TextWriter output, Ink ink) => JsonText.Write(output, json =>
    {
        JsonText.WriteSchema(json, "rules", SchemaVersion);
        json.WriteString("manual", Apm.Revision);
        json.WriteObjects("rules", content, rule =>
        {
            json.WriteString("id", rule.Id);
            json.WriteString("statement", rule.Statement);
            json.WriteString("citation", rule.Citation);
            json.WriteString("severity", RuleText.Word(rule.Severity));
            json.WriteString("visibility", RuleText.Word(rule.Visibility));
            json.WriteString("confidence", RuleText.Word(rule.Confidence));
            json.WriteString("evidence", rule.Evidence);
            json.WriteString("expected", rule.Expected);
        });
    });
}
