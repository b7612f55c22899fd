using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Rules;

/// <summary>The rules that speak in one kind of situation; worked out once and used for every record of the kind.</summary>
/// <remarks>Half of a nested guest's rules check fields of vmcb12 that no tracepoint shows (benchmark ReplayBenchmarks.Check).</remarks>
internal sealed class RuleSet
{
    private readonly int[] _asked;
    private readonly Expectation[] _undecided;

    private RuleSet(int[] asked, Expectation[] undecided)
    {
        _asked = asked;
        _undecided = undecided;
    }

    /// <summary>Positions of the rules that have to be asked.</summary>
    public ReadOnlySpan<int> Asked => _asked;

    /// <summary>What the others leave undecided, whatever the record holds.</summary>
    public ReadOnlySpan<Expectation> Undecided => _undecided;

    /// <summary>Sorts the rules.</summary>
    /// <param name="rules">All.</param>
    /// <param name="situation">What the record is about.</param>
    /// <param name="code">Its exit code.</param>
    /// <param name="known">The fields of vmcb12 of which anything is known.</param>
    public static RuleSet Of(IReadOnlyList<Rule> rules, Situation situation, SvmExitCode code, VmcbFields known)
    {
        var asked = new List<int>();
        var undecided = new List<Expectation>();
        for (int i = 0; i < rules.Count; i++)
        {
            if (!rules[i].Speaks(situation, code))
            {
                continue;
            }

            if (!rules[i].Needs.AreUnmet(known))
            {
                asked.Add(i);
            }
            else if ((situation & Situation.VmrunEntered) != 0)
            {
                undecided.Add(new Expectation(i, Standing.Undecided, rules[i].Needs.Missing, Culprit.Hypervisor, 0, 0));
            }
        }

        return new RuleSet([.. asked], [.. undecided]);
    }
}
