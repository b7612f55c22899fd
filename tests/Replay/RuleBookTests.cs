using Differ.Replay;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Replay;

/// <summary>A rule is one row: what the manual says, how it is executed, which functions of KVM decide it, which finding leads.</summary>
public sealed class RuleBookTests
{
    private static IReadOnlyList<RuleInfo> All => RuleBook.Statements;

    [Fact]
    public void A_rule_has_one_row() => Assert.Distinct(All.Select(rule => rule.Id));

    [Fact]
    public void A_row_names_functions_or_says_why_there_are_none() => Assert.All(All, rule =>
    {
        Assert.Equal(rule.Kvm.Names.Count == 0, rule.Kvm.WhyNone.StartsWith("none", StringComparison.Ordinal));
        Assert.All(rule.Kvm.Names, function => Assert.Matches("^[a-z_][a-z0-9_]+$", function));
    });

    [Fact]
    public void Each_rule_has_a_rank_of_its_own()
    {
        Assert.All(All, rule => Assert.InRange(rule.Rank, 1, int.MaxValue));
        Assert.Distinct(All.Select(rule => rule.Rank));
    }

    [Fact]
    public void The_groups_are_lettered_from_A_to_L_and_each_has_rules()
    {
        Assert.Equal("ABCDEFGHIJKL", string.Concat(RuleGroup.All.Select(group => group.Letter)));
        Assert.Equal(RuleGroup.All.Select(group => group.Letter), All.Select(rule => rule.Group).Distinct());
    }

    [ReferenceFact("svm-rules.md")]
    public void The_book_has_every_rule_of_the_catalogue_in_its_order() => Assert.Equal(
        File.ReadLines(Repository.Reference("svm-rules.md")!).SkipWhile(line => !line.StartsWith("## A.", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `SVM-", StringComparison.Ordinal)).Select(line => line.Split('`')[1]),
        All.Select(rule => rule.Id));
}
