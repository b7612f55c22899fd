using Differ.Diff.Compare;
using Differ.Diff.Report;
using Differ.Schemas.Model;

namespace Differ.Diff.Bisect;

/// <summary>What a capture says about a revision.</summary>
public enum BisectAnswer : byte
{
    /// <summary>The fault is not there, and it could have shown.</summary>
    Good,

    /// <summary>The fault is there.</summary>
    Bad,

    /// <summary>The capture does not tell.</summary>
    CannotJudge,
}

/// <summary>An answer and why.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Why">One line.</param>
public sealed record BisectJudgement(BisectAnswer Answer, string Why);

/// <summary>What makes a revision bad.</summary>
/// <param name="Rule">This rule is broken; null for any.</param>
/// <param name="Fingerprint">This class is found; null for any.</param>
/// <param name="Since">A class is found that this base lacks; null for no base.</param>
/// <param name="MostLoss">The largest part of the exits, 0 to 1, that may be undecided for lost events in a capture that says good.</param>
public sealed record BisectQuestion(string? Rule, string? Fingerprint, DiffResult? Since, double MostLoss)
{
    /// <summary>Judges one capture.</summary>
    /// <remarks>
    /// A divergence is one whatever else was lost, so bad needs no more evidence. Good needs that what was asked for could have
    /// shown: the rule was decided, and little was lost.
    /// </remarks>
    public BisectJudgement Judge(DiffResult result)
    {
        DivergenceClass? bad = result.Divergences.FirstOrDefault(IsAskedFor);
        if (bad is not null)
        {
            return new(BisectAnswer.Bad, $"{bad.Rule.Id} is broken {Numbers.Amount(bad.Count, "time", "times")}, first at exit {bad.First.Exit.Index} (fingerprint {bad.Fingerprint})");
        }

        if (Lack(result) is { } lack)
        {
            return new(BisectAnswer.CannotJudge, lack);
        }

        string nothing = Rule is not null ? $"{Rule} is kept {Numbers.Amount(CountOf(result, Rule)?.Conforms ?? 0, "time", "times")}"
            : Fingerprint is not null ? $"no divergence with fingerprint {Fingerprint}"
            : Since is not null ? "no divergence that the base lacks" : "no divergence";
        return new(BisectAnswer.Good, nothing);
    }

    /// <summary>The majority of several judgements.</summary>
    /// <param name="judgements">One for each capture.</param>
    /// <param name="votes">How many must have told good or bad.</param>
    public static BisectJudgement Majority(IReadOnlyList<BisectJudgement> judgements, int votes)
    {
        int good = judgements.Count(one => one.Answer == BisectAnswer.Good), bad = judgements.Count(one => one.Answer == BisectAnswer.Bad);
        BisectAnswer answer = good + bad < votes || good == bad ? BisectAnswer.CannotJudge : bad > good ? BisectAnswer.Bad : BisectAnswer.Good;
        if (judgements.Count == 1)
        {
            return good + bad < votes && good + bad > 0 ? new(answer, $"{votes} votes are asked for, 1 capture is given") : judgements[0];
        }

        string count = $"{bad} bad, {good} good, {judgements.Count - bad - good} cannot judge";
        return new(answer, good + bad < votes ? $"{count}; {votes} votes are asked for"
            : good == bad ? $"{count}: a tie"
            : $"{count}: {judgements.First(one => one.Answer == answer).Why}");
    }

    // Without a question a kernel is asked for, so the processor's faults do not count.
    private bool IsAskedFor(DivergenceClass found) => Rule is null && Fingerprint is null && Since is null
        ? found.Culprit == Culprit.Hypervisor
        : (Rule is null || found.Rule.Id == Rule || found.AlsoBroken.Any(rule => rule.Id == Rule))
            && (Fingerprint is null || found.Fingerprint == Fingerprint)
            && (Since is null || !Since.Divergences.Any(before => before.Fingerprint == found.Fingerprint));

    private string? Lack(DiffResult result)
    {
        ulong exits = result.Summary.Exits;
        ulong blind = result.Undecided.FirstOrDefault(undecided => undecided.Missing.Evidence == Evidence.LostEvents)?.Exits ?? 0;
        if (exits == 0)
        {
            return "the capture holds no exit";
        }

        if (blind > MostLoss * exits)
        {
            return $"too much was lost: {Numbers.Grouped(blind)} of {Numbers.Amount(exits, "exit", "exits")} are undecided for it";
        }

        if (Rule is not null)
        {
            return IsExercised(result, Rule) ? null : $"{Rule} was never exercised";
        }

        if (Since is not null)
        {
            RuleCount? missing = Since.Rules.FirstOrDefault(count => count.Decided > 0 && !IsExercised(result, count.Rule.Id));
            return missing is null ? null : $"{missing.Rule.Id}, which the base exercises, was never exercised";
        }

        return result.Rules.Any(count => count.Decided > 0) ? null : "no rule was ever exercised";
    }

    private static RuleCount? CountOf(DiffResult result, string rule) => result.Rules.FirstOrDefault(count => count.Rule.Id == rule);

    private static bool IsExercised(DiffResult result, string rule) => CountOf(result, rule) is { Decided: > 0 };
}
