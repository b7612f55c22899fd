using Differ.Diff.Align;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.Changes;

/// <summary>One way in which L0 behaves differently in the test run than in the base run, and no rule names it.</summary>
/// <param name="Fingerprint">12 hexadecimal digits that name it on every machine.</param>
/// <param name="Level">Who was running.</param>
/// <param name="Exit">The exit.</param>
/// <param name="Instruction">The instruction the guest was at; empty when it is not known, or the exit says it.</param>
/// <param name="Count">At how many pairs of exits.</param>
/// <param name="Compared">How many pairs of the kind were compared.</param>
/// <param name="First">The first pair.</param>
/// <param name="Base">What L0 did there in the base run.</param>
/// <param name="Test">What it did in the test run.</param>
public sealed record BehaviourChange(
    string Fingerprint, GuestLevel Level, string Exit, string Instruction, ulong Count, ulong Compared, StepPair First,
    IReadOnlyList<FieldText> Base, IReadOnlyList<FieldText> Test)
{
    /// <summary>The exits around the first one in the base run.</summary>
    public ExitContext AroundBase { get; init; } = new([], First.Base.Index);

    /// <summary>The exits around the first one in the test run.</summary>
    public ExitContext AroundTest { get; init; } = new([], First.Test.Index);

    /// <summary>The exit and the instruction, for a person.</summary>
    public string Where => $"{Level} #VMEXIT {Exit}{(Instruction.Length > 0 ? $", instruction {Instruction}" : "")}";

    /// <summary>What L0 did in the base run, in one line.</summary>
    public string DidInBase => Line(Base);

    /// <summary>What L0 did in the test run, in one line.</summary>
    public string DidInTest => Line(Test);

    /// <summary>What no rule names of the ways in which L0 behaves differently, the most frequent first.</summary>
    /// <param name="acts">All ways.</param>
    /// <param name="before">What the rules say of the base run.</param>
    /// <param name="after">What they say of the test run.</param>
    public static IReadOnlyList<BehaviourChange> Of(IReadOnlyList<ActChange> acts, DiffResult before, DiffResult after)
    {
        HashSet<string> inBase = Findings(before), inTest = Findings(after);
        return [.. acts.Select(act => Of(act, inBase, inTest)).OfType<BehaviourChange>().OrderByDescending(change => change.Count).ThenBy(change => change.Fingerprint, StringComparer.Ordinal)];
    }

    // An exit that departs in one run only, or in each in its own way, is told with the class of that departure.
    private static BehaviourChange? Of(ActChange act, HashSet<string> inBase, HashSet<string> inTest)
    {
        ActShare[] left = [.. act.Shares.Where(share => Standing(share.BaseFinding, inBase) == Standing(share.TestFinding, inTest))];
        return left.Length == 0 ? null : new BehaviourChange(
            act.Fingerprint, act.Level, act.Exit, act.Instruction, left.Aggregate(0UL, static (sum, share) => sum + share.Count), act.Compared,
            left[0].First, left[0].Base, left[0].Test);
    }

    private static string? Standing(string? finding, HashSet<string> standing) => finding is not null && standing.Contains(finding) ? finding : null;

    private static HashSet<string> Findings(DiffResult result) =>
        [.. result.Divergences.Concat(result.Likely).Concat(result.Accepted).Select(found => found.Fingerprint)];

    private static string Line(IReadOnlyList<FieldText> did) => string.Join("; ", did.Select(static field => field.Text).Where(static text => text.Length > 0));
}
