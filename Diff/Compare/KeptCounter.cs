using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Counts how often each rule was kept at each kind of exit: with the exits that break it, the chances that a departure had.</summary>
/// <remarks>A rule of composition speaks of all exits of L2: that it was kept at one says nothing about another.</remarks>
/// <param name="rules">The rules.</param>
public sealed class KeptCounter(IReadOnlyList<RuleInfo> rules)
{
    private const int Levels = 3;

    private readonly ulong[] _kept = new ulong[rules.Count * Levels * ExitSlots.Count];

    /// <summary>How often a rule was kept at exits like those of a class of divergences.</summary>
    public ulong Of(DivergenceClass like)
    {
        int rule = 0;
        while (rules[rule].Id != like.Rule.Id)
        {
            rule++;
        }

        return _kept[(rule * Levels * ExitSlots.Count) + KindOf(like)];
    }

    /// <summary>Whether two classes are of exits of the same kind.</summary>
    public static bool AreAlike(DivergenceClass left, DivergenceClass right) => KindOf(left) == KindOf(right);

    /// <summary>The exits that are like those of a class, for a person.</summary>
    public static string WordsOf(DivergenceClass like) =>
        $"exits of {like.First.Exit.Level} for {(like.Instruction.Length > 0 ? like.Instruction : like.First.Exit.HasExit ? like.First.Exit.Exit.Code.Name : "nothing recorded")}";

    /// <summary>What was counted is of no use: the recording is read again.</summary>
    public void Clear() => Array.Clear(_kept);

    /// <summary>A rule was kept at an exit.</summary>
    internal void Add(int rule, in ExitRecord recorded, in ComputedExit computed)
    {
        bool isKnown = computed.Instruction != ulong.MaxValue;
        int slot = isKnown ? ExitSlots.Of(computed.Instruction) : recorded.HasExit ? ExitSlots.Of(recorded.Exit.Code.Value) : ExitSlots.Count - 1;
        _kept[(((rule * Levels) + (int)recorded.Level) * ExitSlots.Count) + slot]++;
    }

    private static int KindOf(DivergenceClass like)
    {
        KeptExit exit = like.First.Exit;
        int slot = like.Instruction.Length > 0 ? ExitSlots.Of(like.Instruction) : exit.HasExit ? ExitSlots.Of(exit.Exit.Code.Value) : ExitSlots.Count - 1;
        return ((int)exit.Level * ExitSlots.Count) + slot;
    }
}
