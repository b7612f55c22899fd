using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>
/// Which of several rules that one exit breaks the finding is told under: the more specific one, by <see cref="RuleInfo.Rank"/>, and not
/// by the order in which a rule book happens to list its rules.
/// </summary>
internal static class RuleRanks
{
    /// <summary>A place for each rule of a list, the lowest for the most specific. Rules without a rank come last, by their ids.</summary>
    public static int[] Of(IReadOnlyList<RuleInfo> rules)
    {
        int[] places = new int[rules.Count];
        int place = 0;
        foreach (int i in Enumerable.Range(0, rules.Count).OrderBy(i => rules[i].Rank == 0 ? int.MaxValue : rules[i].Rank).ThenBy(i => rules[i].Id, StringComparer.Ordinal))
        {
            places[i] = place++;
        }

        return places;
    }
}
