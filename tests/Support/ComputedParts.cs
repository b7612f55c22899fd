using Differ.Schemas.Model;

namespace Differ.Tests.Support;

/// <summary>What rules say of an exit, put together by a test.</summary>
internal sealed class ComputedParts
{
    private readonly List<Expectation> _expectations = [];
    private readonly List<Outcome> _outcomes = [];
    private readonly List<Constraint> _constraints = [];

    /// <summary>Exit code of the instruction the guest was at.</summary>
    public ulong Instruction { get; set; } = ulong.MaxValue;

    /// <summary>All of it.</summary>
    public ComputedExit View => new(Instruction, _expectations.ToArray(), _outcomes.ToArray(), _constraints.ToArray());

    /// <summary>A rule of which one of these outcomes must be seen.</summary>
    public ComputedParts Add(int rule, params Constraint[][] outcomes) => Add(rule, Standing.Decided, Evidence.None, Culprit.Hypervisor, outcomes);

    /// <summary>A rule in full.</summary>
    public ComputedParts Add(int rule, Standing standing, Evidence missing, Culprit culprit, params Constraint[][] outcomes)
    {
        _expectations.Add(new Expectation(rule, standing, missing, culprit, _outcomes.Count, outcomes.Length));
        foreach (Constraint[] outcome in outcomes)
        {
            _outcomes.Add(new Outcome(_constraints.Count, outcome.Length));
            _constraints.AddRange(outcome);
        }

        return this;
    }
}
