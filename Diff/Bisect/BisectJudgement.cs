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
public sealed record BisectJudgement(BisectAnswer Answer, string Why)
{
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
}
