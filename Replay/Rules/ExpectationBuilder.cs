using Differ.Schemas.Model;
using Differ.Schemas.Run;

namespace Differ.Replay.Rules;

/// <summary>Collects what the rules say about one record; reused for the next one, so that nothing is allocated per exit.</summary>
internal sealed class ExpectationBuilder
{
    private Expectation[] _expectations = new Expectation[64];
    private Outcome[] _outcomes = new Outcome[128];
    private Constraint[] _constraints = new Constraint[256];
    private int _expectationCount;
    private int _outcomeCount;
    private int _constraintCount;

    /// <summary>Position of the rule that speaks.</summary>
    public int Rule { get; set; }

    /// <summary>Whether anything was said.</summary>
    public bool IsEmpty => _expectationCount == 0;

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        _expectationCount = 0;
        _outcomeCount = 0;
        _constraintCount = 0;
    }

    /// <summary>Starts what the rule says.</summary>
    public Expecting Begin(Standing standing, Evidence missing)
    {
        Grow(ref _expectations, _expectationCount);
        _expectations[_expectationCount++] = new Expectation(Rule, standing, missing, Culprit.Hypervisor, _outcomeCount, 0);
        return new Expecting(standing == Standing.Undecided ? null : this);
    }

    /// <summary>Adds what is undecided in any case.</summary>
    public void Add(ReadOnlySpan<Expectation> undecided)
    {
        while (_expectationCount + undecided.Length > _expectations.Length)
        {
            Array.Resize(ref _expectations, _expectations.Length * 2);
        }

        undecided.CopyTo(_expectations.AsSpan(_expectationCount));
        _expectationCount += undecided.Length;
    }

    /// <summary>Allows an outcome of the last expectation.</summary>
    public void Allow(ReadOnlySpan<Constraint> constraints)
    {
        Grow(ref _outcomes, _outcomeCount);
        _outcomes[_outcomeCount++] = new Outcome(_constraintCount, constraints.Length);
        foreach (Constraint constraint in constraints)
        {
            Grow(ref _constraints, _constraintCount);
            _constraints[_constraintCount++] = constraint;
        }

        ref Expectation last = ref _expectations[_expectationCount - 1];
        last = last with { OutcomeCount = last.OutcomeCount + 1 };
    }

    /// <summary>Says who is at fault if the last expectation is not met.</summary>
    public void Blame(Culprit culprit)
    {
        ref Expectation last = ref _expectations[_expectationCount - 1];
        last = last with { Culprit = culprit };
    }

    /// <summary>What was said.</summary>
    /// <param name="instruction">Exit code of the instruction the guest was at; all bits set when unknown.</param>
    /// <param name="digest">The digest of the record; null where it was not looked at.</param>
    public ComputedExit View(ulong instruction, RecordDigest? digest = null) => new(
        instruction, _expectations.AsSpan(0, _expectationCount), _outcomes.AsSpan(0, _outcomeCount), _constraints.AsSpan(0, _constraintCount))
    {
        Digest = digest,
    };

    private static void Grow<T>(ref T[] array, int count)
    {
        if (count == array.Length)
        {
            Array.Resize(ref array, count * 2);
        }
    }
}
