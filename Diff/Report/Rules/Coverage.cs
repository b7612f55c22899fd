using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Rules;

/// <summary>How often each rule had something to say over many recordings, and what came of it.</summary>
/// <param name="Inputs">How many recordings.</param>
/// <param name="Unread">How many more could not be read.</param>
/// <param name="Groups">The catalogue's groups with their rules, in its order; rules it does not have come last under a question mark.</param>
public sealed record Coverage(int Inputs, int Unread, IReadOnlyList<GroupCoverage> Groups)
{
    /// <summary>Every rule, in the catalogue's order.</summary>
    public IEnumerable<RuleCount> Rules => Groups.SelectMany(group => group.Rules);

    /// <summary>Adds up recordings.</summary>
    /// <param name="rules">The rule book.</param>
    /// <param name="inputs">What came of each rule, by recording.</param>
    /// <param name="unread">How many more could not be read.</param>
    public static Coverage Of(IReadOnlyList<RuleInfo> rules, IReadOnlyCollection<IReadOnlyList<RuleCount>> inputs, int unread)
    {
        ILookup<string, RuleCount> counts = inputs.SelectMany(counts => counts).ToLookup(count => count.Rule.Id, StringComparer.Ordinal);
        return new Coverage(inputs.Count, unread,
        [
            .. rules.Select(rule => Sum(rule, counts[rule.Id])).GroupBy(count => count.Rule.Group)
                .OrderBy(group => char.IsLetter(group.Key) ? group.Key : char.MaxValue)
                .Select(group => new GroupCoverage(
                    group.Key, RuleGroup.All.FirstOrDefault(row => row.Letter == group.Key)?.Title ?? "not in the catalogue", [.. group])),
        ]);
    }

    private static RuleCount Sum(RuleInfo rule, IEnumerable<RuleCount> counts)
    {
        var sum = new RuleCount(rule, 0, 0, 0, []);
        foreach (RuleCount count in counts)
        {
            sum = sum with
            {
                Conforms = sum.Conforms + count.Conforms,
                Undecided = sum.Undecided + count.Undecided,
                Likely = sum.Likely + count.Likely,
                Departs = sum.Departs + count.Departs,
                Lacking =
                [
                    .. sum.Lacking.Concat(count.Lacking).GroupBy(share => share.Missing.Evidence).OrderBy(group => group.Key)
                        .Select(group => new EvidenceShare(EvidenceTable.Of(group.Key), group.Aggregate(0UL, (total, share) => total + share.Count))),
                ],
            };
        }

        return sum;
    }
}

/// <summary>The rules of one group.</summary>
/// <param name="Letter">The group's letter.</param>
/// <param name="Title">What its rules are about.</param>
/// <param name="Rules">The rules with their counts.</param>
public sealed record GroupCoverage(char Letter, string Title, IReadOnlyList<RuleCount> Rules)
{
    /// <summary>The sum over the rules, in the order of the columns: rules, exercised rules, conforms, undecided, likely, departs.</summary>
    internal static ulong[] Totals(IReadOnlyCollection<RuleCount> rules) =>
    [
        (ulong)rules.Count, (ulong)rules.Count(rule => rule.Exercised > 0), rules.Aggregate(0UL, (sum, rule) => sum + rule.Conforms),
        rules.Aggregate(0UL, (sum, rule) => sum + rule.Undecided), rules.Aggregate(0UL, (sum, rule) => sum + rule.Likely), rules.Aggregate(0UL, (sum, rule) => sum + rule.Departs),
    ];
}
