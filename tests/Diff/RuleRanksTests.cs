using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;
using static Differ.Schemas.Model.Constraint;

namespace Differ.Tests.Diff;

public sealed class RuleRanksTests
{
    private static readonly IReadOnlyList<RuleInfo> Statements = RuleBook.Statements;

    [Fact]
    public void Rules_without_a_rank_come_last_by_their_ids()
    {
        RuleInfo[] rules = [Compared.Rule("Z"), Compared.Rule("A"), Compared.Rule("M") with { Rank = 1000 }, Compared.Rule("N") with { Rank = 20 }];
        Assert.Equal([3, 2, 1, 0], RuleRanks.Of(rules));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_order_of_the_rule_book_changes_neither_what_leads_nor_its_name(int seed)
    {
        var random = new Random(seed);
        RuleInfo[] shuffled = [.. Statements];
        random.Shuffle(shuffled);
        for (int i = 0; i < 50; i++)
        {
            RuleInfo[] broken = [.. Statements];
            random.Shuffle(broken);
            Assert.Equal(Told(Statements, broken[..4]), Told(shuffled, broken[..4]));
        }
    }

    // One exit that breaks some rules: what is told of it, when the rules stand in a given order.
    private static string Told(IReadOnlyList<RuleInfo> book, RuleInfo[] broken)
    {
        var parts = new ComputedParts();
        foreach (int rule in broken.Select(rule => book.ToList().FindIndex(one => one.Id == rule.Id)).Order())
        {
            parts.Add(rule, [Is(ComparedField.ExitCode, 0x99)]);
        }

        DiffResult result = new Compared(book).Take(new RecordedExit(), parts).Finish();
        return string.Join('\n', result.Divergences.Concat(result.KnownDepartures).Select(found =>
            $"{found.Fingerprint} {found.Rule.Id} {string.Join(',', found.AlsoBroken.Select(rule => rule.Id))} {found.Known}"));
    }
}
