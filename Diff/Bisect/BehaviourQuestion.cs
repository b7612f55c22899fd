using System.Globalization;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;

namespace Differ.Diff.Bisect;

/// <summary>Whether L0 behaves differently than in a base, whatever the rules say.</summary>
/// <param name="MostLoss">The largest part, 0 to 1, that may be lost of what matters in captures that say good.</param>
/// <param name="LeastCommon">The smallest part, 0 to 1, of the exits of L2 and SVM instructions of either capture that must have been compared for good.</param>
public sealed record BehaviourQuestion(double MostLoss, double LeastCommon)
{
    /// <summary>Judges one capture beside a base that lacks nothing by itself.</summary>
    /// <remarks>An exit at which L0 does something else is bad whatever else was lost. Good needs that most of what matters was compared.</remarks>
    public BisectJudgement Judge(RunChanges pair) =>
        Otherwise(pair) is { } bad ? new(BisectAnswer.Bad, bad)
        : Lack(pair) is { } lack ? new(BisectAnswer.CannotJudge, lack)
        : new(BisectAnswer.Good, $"L0 acts as in base at {Share(pair.Common.Compared, pair.Common.InBase)}");

    private static string? Otherwise(RunChanges pair)
    {
        PartingContext? act = pair.Vcpus.SelectMany(vcpu => vcpu.Partings).FirstOrDefault(one => one.Parting.What == PartingKind.L0ActsOtherwise);
        ClassChange? rule = pair.Classes.FirstOrDefault(one => one.Found.Culprit == Culprit.Hypervisor
            && (one.Change == Change.Fixed || (one.Change == Change.New && one.Base.Chances > 0)));
        ulong pairs = pair.Vcpus.Aggregate(0UL, static (sum, vcpu) => sum + vcpu.Aligned.Differences);
        return act is not null
                ? $"L0 behaves differently at {Numbers.Amount(pairs, "exit", "exits")}, first at exit {act.Test.Index} (exit {act.Base.Index} of base): {Line(act.Parting.Test)}; in base: {Line(act.Parting.Base)}"
            : rule is { Change: Change.New } ? $"{rule.Found.Rule.Id} is broken, which base keeps (fingerprint {rule.Found.Fingerprint})"
            : rule is not null ? $"{rule.Found.Rule.Id} is kept, which base breaks (fingerprint {rule.Found.Fingerprint})"
            : null;
    }

    /// <summary>What a capture by itself lacks, so that nothing good can be said with it; null for nothing.</summary>
    public string? LackOf(DiffResult result) => result.Verdict.Lacks.FirstOrDefault()?.Text ?? BisectQuestion.LossIn(result, MostLoss);

    private string? Lack(RunChanges pair) =>
        LackOf(pair.Test)
        ?? (IsLess(pair.Common.Compared, pair.Common.InBase) ? $"too little in common: {Share(pair.Common.Compared, pair.Common.InBase)} of base were compared"
            : IsLess(pair.Common.ComparedInTest, pair.Common.InTest) ? $"too little in common: {Share(pair.Common.ComparedInTest, pair.Common.InTest)} were compared with base"
            : pair.Common.Missing.FirstOrDefault() is { } missing ? $"no {missing.Words} could be compared; base has {Numbers.Plain(missing.InBase)} of them, this capture {Numbers.Plain(missing.InTest)}"
            : Parting(pair));

    private bool IsLess(ulong compared, ulong all) => compared == 0 || compared < LeastCommon * all;

    private static string? Parting(RunChanges pair) => pair.Vcpus.SelectMany(vcpu => vcpu.Partings).FirstOrDefault() is not { } parting ? null
        : parting.Parting.What == PartingKind.L1AsksOtherwise
            ? $"L1 asks otherwise from exit {parting.Test.Index} on (exit {parting.Base.Index} of base): it is another one, or was given something that no tracepoint shows"
        : $"the guests go different ways after exit {parting.Test.Index} (exit {parting.Base.Index} of base)";

    private static string Share(ulong compared, ulong all) =>
        string.Create(CultureInfo.InvariantCulture, $"{Numbers.Plain(compared)} of {Numbers.Amount(all, "exit", "exits")} of L2 and SVM instructions");

    private static string Line(IReadOnlyList<FieldText> did) => string.Join(", ", did.Select(field => field.Text).Where(text => text.Length > 0));
}
