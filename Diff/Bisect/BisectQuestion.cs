using Differ.Diff.Changes;
using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;

namespace Differ.Diff.Bisect;

/// <summary>Which departure makes a revision bad.</summary>
/// <param name="Rule">This rule is broken; null for any.</param>
/// <param name="Fingerprint">This class is found, be it under an assumption; null for any.</param>
/// <param name="Since">A class is found that this base lacks; null for no base.</param>
/// <param name="MostLoss">The largest part, 0 to 1, that may be lost of what matters in a capture that says good.</param>
public sealed record BisectQuestion(string? Rule, string? Fingerprint, DiffResult? Since, double MostLoss)
{
    /// <summary>What is known of the class of <see cref="Fingerprint"/>; null where nothing is.</summary>
    public AskedClass? Asked { get; init; }

    /// <summary>Judges one capture.</summary>
    /// <remarks>
    /// A divergence is one whatever else was lost, so bad needs no more evidence. Good needs that what was asked for could have
    /// shown: little was lost where it could, and the rule was decided there.
    /// </remarks>
    public BisectJudgement Judge(CheckedRun run)
    {
        DiffResult result = run.Result;
        return Found(result).FirstOrDefault(IsAskedFor) is { } bad ? new(BisectAnswer.Bad,
                $"{bad.Rule.Id} is broken {Numbers.Amount(bad.Count, "time", "times")}, first at exit {bad.First.Exit.Index} (fingerprint {bad.Fingerprint})")
            : (LikelyIn(result) ?? LossIn(result) ?? NotExercisedIn(run)) is { } lack ? new(BisectAnswer.CannotJudge, lack)
            : new(BisectAnswer.Good, Nothing(run));
    }

    /// <summary>What was lost of a capture where something of nested virtualization could have happened; null where that is little.</summary>
    /// <param name="result">The capture.</param>
    /// <param name="mostLoss">The largest part, 0 to 1, that counts as little.</param>
    internal static string? LossIn(DiffResult result, double mostLoss) => result.NestedLosses.FirstOrDefault(loss => loss.Share > mostLoss) is { } much
        ? $"too much was lost where it matters: since L1 enabled SVM, about {Numbers.Amount(much.Lost, "exit", "exits")} of {VcpuNames.Of(result.Summary, much.Stream)}"
            + $" in {Numbers.Amount(much.Places, "place", "places")}, beside {Numbers.Amount(much.Exits, "exit", "exits")} of L2 and SVM instructions that are left"
        : null;

    private static RuleCount? CountOf(DiffResult result, string rule) => result.Rules.FirstOrDefault(count => count.Rule.Id == rule);

    private static bool IsDecided(DiffResult result, string rule) => CountOf(result, rule) is { Decided: > 0 };

    // Who names a departure asks for it, accepted and ignored or not.
    private IEnumerable<DivergenceClass> Found(DiffResult result) => Fingerprint is not null ? result.Classes
        : Rule is null ? result.Divergences
        : result.Divergences.Concat(result.Accepted).Concat(result.Ignored).Where(found => !found.IsLikely);

    // Without a question a kernel is asked for, so the processor's faults do not count.
    private bool IsAskedFor(DivergenceClass found) => Fingerprint is not null ? found.Fingerprint == Fingerprint
        : Rule is null && Since is null ? found.Culprit == Culprit.Hypervisor
        : (Rule is null || found.Rule.Id == Rule || found.AlsoBroken.Any(rule => rule.Id == Rule)) && IsNew(found);

    private bool IsNew(DivergenceClass found) => Since is null || !Since.Divergences.Concat(Since.Likely).Any(before => before.Fingerprint == found.Fingerprint);

    // What holds under an assumption is no reason to accuse a revision, and none to acquit it.
    private string? LikelyIn(DiffResult result)
    {
        DivergenceClass? likely = result.Likely.FirstOrDefault(IsAskedFor)
            ?? result.Divergences.FirstOrDefault(found => Rule is not null && found.AlsoLikely.Any(rule => rule.Id == Rule) && IsNew(found));
        return likely is null ? null
            : $"{(likely.IsLikely ? likely.Rule.Id : Rule)} is likely broken, first at exit {likely.First.Exit.Index}: --fingerprint {likely.Fingerprint} takes that for bad";
    }

    private string? LossIn(DiffResult result)
    {
        string? rule = Rule ?? Asked?.Rule;
        RuleCount? count = rule is null ? null : CountOf(result, rule);
        ulong blind = count?.Lacking.FirstOrDefault(share => share.Missing.Evidence == Evidence.LostEvents)?.Count ?? 0;
        return result.Verdict.Lacks.FirstOrDefault(reason => reason.Kind == ReasonKind.Lost)?.Text
            ?? (blind > MostLoss * (blind + count?.Decided) ? $"too much was lost where {rule} speaks: at {Numbers.Amount(blind, "exit", "exits")}, and it is decided at {Numbers.Plain(count!.Decided)}" : null)
            ?? LossIn(result, MostLoss);
    }

    private string? NotExercisedIn(CheckedRun run) => Fingerprint is not null ? NotShown(run)
        : Rule is not null ? (IsDecided(run.Result, Rule) ? null : $"{Rule} was never exercised")
        : Since is null && KernelNames.NestedMissingFrom(run.Result.Header.Listed) is { } name ? $"{name} was not recorded, and divergences show in it"
        : run.Result.Verdict.Lacks.FirstOrDefault() is { } reason ? reason.Text
        : Since?.Rules.FirstOrDefault(count => count.Decided > 0 && !IsDecided(run.Result, count.Rule.Id)) is { } missing
            ? $"{missing.Rule.Id}, which the base exercises, was never exercised"
        : null;

    private string? NotShown(CheckedRun run) => Asked switch
    {
        null => $"no divergence with fingerprint {Fingerprint}, but whether it could have shown is not known without its rule: --in takes a report, baseline or capture that has it",
        { Like: null } => IsDecided(run.Result, Asked.Rule) ? null : $"{Asked.Rule}, the rule of {Fingerprint}, was never exercised",
        { Like: { } like } when run.Result.Divergences.Concat(run.Result.Likely).FirstOrDefault(found => found.Rule.Id == like.Rule.Id && KeptCounter.AreAlike(found, like)) is { } other =>
            $"{Asked.Rule} is broken at the same exits in another way (fingerprint {other.Fingerprint})",
        { Like: { } like } => run.Kept.Of(like) > 0 ? null : $"{Asked.Rule}, the rule of {Fingerprint}, was never exercised at {KeptCounter.WordsOf(like)}",
    };

    private string Nothing(CheckedRun run) => Fingerprint is not null
            ? Asked?.Like is { } like
                ? $"no divergence with fingerprint {Fingerprint}; {like.Rule.Id} is kept {Numbers.Amount(run.Kept.Of(like), "time", "times")} at {KeptCounter.WordsOf(like)}"
                : $"no divergence with fingerprint {Fingerprint}; {Asked!.Rule} is kept, and at which exits {Fingerprint} shows is not known"
        : Rule is not null && Since is null ? $"{Rule} is kept {Numbers.Amount(CountOf(run.Result, Rule)?.Conforms ?? 0, "time", "times")}"
        : Since is not null ? $"no divergence{(Rule is null ? "" : $" from {Rule}")} that the base lacks" : "no divergence";
}

/// <summary>What is known of the class of divergences that a fingerprint names.</summary>
/// <param name="Rule">The id of the rule that it breaks.</param>
/// <param name="Like">The class as it was found somewhere; null where only its rule is known.</param>
public sealed record AskedClass(string Rule, DivergenceClass? Like);
