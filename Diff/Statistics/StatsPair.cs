using Differ.Schemas.Run;

namespace Differ.Diff.Statistics;

/// <summary>One reason in two runs.</summary>
/// <param name="Level">Who was running.</param>
/// <param name="Name">The exit code's name.</param>
/// <param name="Base">In the base run; null where it does not occur.</param>
/// <param name="Test">In the test run.</param>
public sealed record ReasonPair(GuestLevel Level, string Name, ReasonStats? Base, ReasonStats? Test);

/// <summary>The statistics of two runs.</summary>
/// <param name="Base">The base run.</param>
/// <param name="Test">The test run.</param>
public sealed record StatsPair(StatsResult Base, StatsResult Test)
{
    /// <summary>Whether times of the two can be held against each other: their clocks count the same.</summary>
    public bool TimesAgree => Base.Header.ClockUnit == Test.Header.ClockUnit;

    /// <summary>Every reason of either, the most frequent first.</summary>
    public IEnumerable<ReasonPair> Reasons =>
        from reason in Base.Reasons.Concat(Test.Reasons).Select(reason => (reason.Level, reason.Name)).Distinct()
        let one = Base.Reasons.FirstOrDefault(other => other.Level == reason.Level && other.Name == reason.Name)
        let two = Test.Reasons.FirstOrDefault(other => other.Level == reason.Level && other.Name == reason.Name)
        orderby Math.Max(one?.Exits ?? 0, two?.Exits ?? 0) descending, reason.Level, reason.Name
        select new ReasonPair(reason.Level, reason.Name, one, two);

    /// <summary>Test over base; null where one is missing or 0.</summary>
    public static double? Ratio(double? before, double? now) => before is > 0 && now is not null ? now / before : null;

    /// <summary>The ratio of two times; null where the clocks count differently.</summary>
    public double? TimeRatio(double? before, double? now) => TimesAgree ? Ratio(before, now) : null;
}
