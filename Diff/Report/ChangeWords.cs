using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Writing;

namespace Differ.Diff.Report;

/// <summary>What became of a pair of runs, in the words that reports share.</summary>
internal static class ChangeWords
{
    /// <summary>A change in one or two words.</summary>
    public static string Words(Change change) => change switch
    {
        Change.New => "new",
        Change.Fixed => "fixed",
        Change.RateChanged => "rate changed",
        Change.StillThere => "still there",
        _ => "not comparable",
    };

    /// <summary>How often, with its interval.</summary>
    public static string Rate(Proportion rate)
    {
        (double low, double high) = rate.Interval;
        return rate.Chances == 0 ? "not exercised"
            : $"{Numbers.Plain(rate.Count)} of {Numbers.Amount(rate.Chances, "occurrence", "occurrences")}, {Numbers.Short(rate.Percent)} % ({Numbers.Short(low)} to {Numbers.Short(high)} %)";
    }

    /// <summary>What happens at a place, in words that go before it.</summary>
    public static string Words(PartingKind what) => what switch
    {
        PartingKind.L1AsksOtherwise => "first behavioural difference in L1 at",
        PartingKind.L0ActsOtherwise => "first behavioural difference in L0 at",
        _ => "the guests take different paths after",
    };

    /// <summary>How far a vCPU of two runs goes together.</summary>
    public static string How(StreamAlignment aligned) => aligned.Base.Value < 0 ? "only in test" : aligned.Test.Value < 0 ? "only in base"
        : $"{Numbers.Amount(aligned.Pairs, "exit", "exits")} in common, {Numbers.Plain(aligned.OnlyBase)} only in base, {Numbers.Plain(aligned.OnlyTest)} only in test"
            + aligned.End switch
            {
                AlignmentEnd.Parted when aligned.PairsInL2 > 0 => $"; then they part, and L2 by itself has {Numbers.Amount(aligned.PairsInL2, "exit", "exits")} in common",
                AlignmentEnd.Parted => "; then they part",
                AlignmentEnd.OutOfReach => "; then one is too far ahead of the other",
                _ => "",
            };
}
