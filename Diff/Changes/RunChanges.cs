using Differ.Diff.Align;
using Differ.Diff.Compare;
using Differ.Diff.Results;

namespace Differ.Diff.Changes;

/// <summary>What became of a class of divergences from the base run to the test run. In the order of a report.</summary>
public enum Change : byte
{
    /// <summary>Only the test run has it.</summary>
    New,

    /// <summary>Only the base run has it, and the test run did what it takes.</summary>
    Fixed,

    /// <summary>Both have it, one of them significantly more often.</summary>
    RateChanged,

    /// <summary>Both have it.</summary>
    StillThere,

    /// <summary>Only the base run has it; the test run not exercised.</summary>
    NotComparable,
}

/// <summary>One class of divergences in two runs.</summary>
/// <param name="Change">What became of it.</param>
/// <param name="Found">The class: as the test run has it, where it has it.</param>
/// <param name="Base">How often in the base run.</param>
/// <param name="Test">How often in the test run.</param>
/// <param name="Probability">Of a difference as large as this by chance alone, by Fisher's exact test.</param>
public sealed record ClassChange(Change Change, DivergenceClass Found, Proportion Base, Proportion Test, double Probability)
{
    /// <summary>Whether the difference is too large for chance.</summary>
    public bool IsSignificant => Probability < Proportion.Significance;
}

/// <summary>One capture that was checked.</summary>
/// <param name="Result">What came of it.</param>
/// <param name="Kept">How often each rule was kept, by kind of exit.</param>
public sealed record CheckedRun(DiffResult Result, KeptCounter Kept)
{
    /// <summary>How often a departure could have come: at exits of its kind its rule was kept or broken.</summary>
    public ulong ChancesOf(DivergenceClass like) => Result.Classes
        .Where(found => KeptCounter.AreAlike(found, like) && found.AlsoBroken.Concat(found.AlsoLikely).Prepend(found.Rule).Any(rule => rule.Id == like.Rule.Id))
        .Aggregate(Kept.Of(like), (sum, found) => sum + found.Count);
}

/// <summary>An exit in the midst of its neighbours.</summary>
/// <param name="Exits">The exits, in order.</param>
/// <param name="Index">Position in the stream of the one that is meant.</param>
public sealed record ExitContext(IReadOnlyList<KeptExit> Exits, ulong Index);

/// <summary>A place where two runs are no longer alike, with the exits around it.</summary>
/// <param name="Parting">The place.</param>
/// <param name="Base">The exits of the base run.</param>
/// <param name="Test">Those of the test run.</param>
public sealed record PartingContext(Parting Parting, ExitContext Base, ExitContext Test);

/// <summary>How far one vCPU of two runs goes together, and what is around the places where it parts.</summary>
/// <param name="Label">The vCPU.</param>
/// <param name="Aligned">The alignment.</param>
/// <param name="Partings">The places.</param>
public sealed record VcpuAlignment(string Label, StreamAlignment Aligned, IReadOnlyList<PartingContext> Partings);

/// <summary>Two captures of the same thing, compared.</summary>
/// <param name="Name">What the pair is called.</param>
/// <param name="Base">The base capture.</param>
/// <param name="Test">The test capture.</param>
/// <param name="Classes">Every class of divergences that one of them has, new ones first.</param>
/// <param name="Vcpus">The alignment of each vCPU.</param>
public sealed record RunChanges(
    string Name, DiffResult Base, DiffResult Test, IReadOnlyList<ClassChange> Classes, IReadOnlyList<VcpuAlignment> Vcpus)
{
    /// <summary>The test capture's file, as the user named it.</summary>
    public string TestFile { get; init; } = "";

    /// <summary>What L0 does otherwise and no rule names, the most frequent first.</summary>
    public IReadOnlyList<BehaviourChange> Behaviour { get; init; } = [];

    /// <summary>How much of nested virtualization could be compared.</summary>
    public CommonExits Common { get; init; } = new([]);

    /// <summary>The verdict on the pair, by the policy of the test capture.</summary>
    public RecordingVerdict Verdict => PairVerdict.Of(this);

    /// <summary>Whether the test capture has a class that the base capture lacks.</summary>
    public bool HasNew => Classes.Any(one => one.Change == Change.New);

    /// <summary>What became of each class.</summary>
    public static IReadOnlyList<ClassChange> ClassesOf(CheckedRun inBase, CheckedRun inTest)
    {
        Dictionary<string, DivergenceClass> before = inBase.Result.Divergences.ToDictionary(found => found.Fingerprint, StringComparer.Ordinal);
        Dictionary<string, DivergenceClass> after = inTest.Result.Divergences.ToDictionary(found => found.Fingerprint, StringComparer.Ordinal);
        return
        [
            .. before.Values.Concat(after.Values.Where(found => !before.ContainsKey(found.Fingerprint)))
                .Select(found => Of(found, before.ContainsKey(found.Fingerprint), after.GetValueOrDefault(found.Fingerprint), inBase, inTest))
                .OrderBy(one => one.Change).ThenByDescending(one => one.Found.Rule.Severity)
                .ThenByDescending(one => Math.Max(one.Base.Count, one.Test.Count)).ThenBy(one => one.Found.Fingerprint, StringComparer.Ordinal),
        ];
    }

    private static ClassChange Of(DivergenceClass found, bool isInBase, DivergenceClass? after, CheckedRun inBase, CheckedRun inTest)
    {
        Proportion before = In(inBase, found, isInBase ? found.Count : 0), now = In(inTest, found, after?.Count ?? 0);
        double probability = Proportion.Fisher(before, now);
        Change change = !isInBase ? Change.New
            : after is null ? (IsExercised(inTest, found, now) ? Change.Fixed : Change.NotComparable)
            : probability < Proportion.Significance ? Change.RateChanged : Change.StillThere;
        return new ClassChange(change, after ?? found, before, now, probability);
    }

    private static Proportion In(CheckedRun run, DivergenceClass found, ulong count) => new(count, Math.Max(count, run.ChancesOf(found)));

    // The rule must have been decided, and at an exit of the kind.
    private static bool IsExercised(CheckedRun run, DivergenceClass found, Proportion rate) =>
        rate.Chances > 0 && run.Result.Rules.Any(count => count.Rule.Id == found.Rule.Id && count.Decided > 0);
}
