using Differ.Cli.Conform;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Replay.Rules;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.Scenarios.Cases;

/// <summary>The scenarios that are made from the conditions of the rules. DIFFER_ACCEPT=1 makes them anew.</summary>
public sealed class CasesOfRulesTests
{
    // System Management Mode alone makes these raise something, which a case of an instruction does not enter.
    private static readonly string[] WithoutCase = ["SVM-15.5-VMRUN-SMM"];

    private static readonly Lazy<IReadOnlyList<Scenario>> Cases = new(ScenarioSuite.ReadCases);

    [Fact]
    public void They_are_what_the_rules_say() => Golden.IsKept("Replay/Scenarios/Cases/cases-of-rules.txt", ConditionCases.Text());

    [Fact]
    public void Every_rule_with_a_condition_has_a_case() => Assert.Equal(
        WithoutCase,
        RuleBook.All.Where(static row => row.Illegal is not null || row.Raises is not null).Select(static row => row.Info.Id).Except(Cases.Value.SelectMany(static one => one.Rules)));

    [Fact]
    public void Every_title_is_there_once() => Assert.Equal(Cases.Value.Count, Cases.Value.Select(static one => one.Title).Distinct().Count());

    // What the condition says, the reference does: VMRUN is refused, or L1 gets the exception; and where a condition does not hold yet, neither.
    [Fact]
    public void The_reference_does_what_a_case_says()
    {
        foreach (Scenario scenario in Cases.Value)
        {
            Rule rule = RuleBook.All.Single(row => row.Info.Id == scenario.Rules[0]);
            string[] happened = [.. ScenarioRun.Of(scenario).Events];
            string first = happened.FirstOrDefault() ?? "";
            bool holds = rule.Raises is { } raises ? first.StartsWith($"L1 gets {ExceptionVector.All[raises.Vector].Name}", StringComparison.Ordinal) : first.StartsWith("#VMEXIT INVALID", StringComparison.Ordinal);
            Assert.True(holds != scenario.Title.Contains(": not yet", StringComparison.Ordinal), $"{scenario.Title}: {string.Join("; ", happened)}");
        }
    }

    [Fact]
    public void The_rules_find_nothing_wrong_in_what_the_reference_does() => Assert.All(Cases.Value, static scenario =>
    {
        DiffResult judged = RecordedScenario.Judge(scenario).Judged;
        Assert.Empty(judged.Divergences);
        Assert.Empty(judged.Likely);
    });
}
