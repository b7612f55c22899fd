using Differ.Diff.Compare;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Changes;

/// <summary>Counts how often each rule had something to say of each kind of exit: the chances that a departure had.</summary>
/// <remarks>A rule of composition speaks of all exits of L2: that it was kept at one says nothing about another.</remarks>
/// <param name="rules">The rules.</param>
/// <param name="inner">Takes every exit too.</param>
public sealed class ChanceCounter(IReadOnlyList<RuleInfo> rules, IComputedSink inner) : IComputedSink
{
    // Codes with an intercept, those above (APM2 appendix C: 400h to 403h), and all others.
    private const int First = (int)SvmExitCode.LastIntercept + 1;
    private const int Codes = First + 5;
    private const int Levels = 3;

    private readonly ulong[] _chances = new ulong[rules.Count * Levels * Codes];

    /// <inheritdoc/>
    public void Take(in ExitRecord recorded, in ComputedExit computed)
    {
        inner.Take(recorded, computed);
        ulong code = computed.Instruction == ulong.MaxValue ? recorded.Exit.Code.Value : computed.Instruction;
        int kind = ((int)recorded.Level * Codes) + (recorded.HasExit || computed.Instruction != ulong.MaxValue ? SlotOf(code) : Codes - 1);
        foreach (ref readonly Expectation expectation in computed.Expectations)
        {
            _chances[(expectation.Rule * Levels * Codes) + kind] += expectation.Standing == Standing.Undecided ? 0UL : 1;
        }
    }

    /// <summary>Chances of a departure like a given one.</summary>
    public ulong Of(DivergenceClass like)
    {
        int rule = 0;
        while (rules[rule].Id != like.Rule.Id)
        {
            rule++;
        }

        KeptExit exit = like.First.Exit;
        bool hasExit = (exit.Flags & RecordFlags.NoExit) == 0;
        int slot = like.Instruction.Length > 0 ? SlotOf(like.Instruction) : hasExit ? SlotOf(exit.Exit.Code.Value) : Codes - 1;
        return _chances[(((rule * Levels) + (int)exit.Level) * Codes) + slot];
    }

    private static int SlotOf(ulong code) =>
        code < First ? (int)code : code >= SvmExitCode.Npf.Value && code - SvmExitCode.Npf.Value < Codes - First - 1 ? First + (int)(code - SvmExitCode.Npf.Value) : Codes - 1;

    private static int SlotOf(string instruction)
    {
        for (int code = 0; code < First; code++)
        {
            if (SvmExitTable.NameOf((ulong)code) == instruction)
            {
                return code;
            }
        }

        return Codes - 1;
    }
}
