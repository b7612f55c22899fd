using Differ.Diff.Knowledge;
using Differ.Replay.Svm;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Knowledge;

public sealed class DecidingFunctionsTests
{
    private static IReadOnlyList<Decider> All => [.. DecidingFunctions.Groups.SelectMany(group => group.Rules)];

    [Fact]
    public void A_rule_has_one_row() => Assert.Distinct(All.Select(row => row.Rule));

    [Fact]
    public void Every_rule_of_the_book_has_a_function_or_a_reason_for_none() =>
        Assert.Empty(RuleBook.Statements.Select(rule => rule.Id).Except(All.Select(row => row.Rule)));

    [Fact]
    public void A_row_names_functions_or_says_why_there_are_none() => Assert.All(All, row =>
    {
        Assert.Equal(row.Functions.Count == 0, row.WhyNone.StartsWith("none", StringComparison.Ordinal));
        Assert.All(row.Functions, function => Assert.Matches("^[a-z_][a-z0-9_]+$", function));
    });

    [Fact]
    public void The_groups_are_lettered_from_A_to_L() => Assert.Equal("ABCDEFGHIJKL", string.Concat(DecidingFunctions.Groups.Select(group => group.Letter)));

    [ReferenceFact("svm-rules.md")]
    public void The_table_has_every_rule_of_the_catalogue_in_its_order() => Assert.Equal(
        File.ReadLines(Repository.Reference("svm-rules.md")!).SkipWhile(line => !line.StartsWith("## A.", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `SVM-", StringComparison.Ordinal)).Select(line => line.Split('`')[1]),
        All.Select(row => row.Rule));
}
