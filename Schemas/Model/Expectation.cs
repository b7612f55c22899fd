using Differ.Schemas.Run;

namespace Differ.Schemas.Model;

/// <summary>How a compared field must stand to a value.</summary>
public enum Relation : byte
{
    /// <summary>Equal in the bits of the mask.</summary>
    Equal = 1,

    /// <summary>Different in the bits of the mask, or not there at all.</summary>
    NotEqual = 2,

    /// <summary>It must have happened.</summary>
    Happened = 3,

    /// <summary>It must not have happened.</summary>
    DidNotHappen = 4,

    /// <summary>Not above the value.</summary>
    AtMost = 5,

    /// <summary>EXITINTINFO that a processor may report: not valid, or of a type and vector that exist (APM2 15.7.2).</summary>
    LegalEvent = 6,

    /// <summary>An exit code that an event causes whatever the guest was doing: INTR, NMI, SMI, INIT, an exception, shutdown, or the host's own.</summary>
    CausedByEvent = 7,

    /// <summary>One of the 64 numbers from the value on; bit n of the mask stands for the value plus n.</summary>
    OneOf = 8,
}

/// <summary>One condition on one field of the record.</summary>
/// <param name="Field">The field.</param>
/// <param name="Relation">How it must stand to the value.</param>
/// <param name="Value">The value.</param>
/// <param name="Mask">The bits that count.</param>
public readonly record struct Constraint(ComparedField Field, Relation Relation, ulong Value, ulong Mask)
{
    /// <summary>The field must have this value.</summary>
    public static Constraint Is(ComparedField field, ulong value, ulong mask = ulong.MaxValue) => new(field, Relation.Equal, value, mask);

    /// <summary>The field must not have this value.</summary>
    public static Constraint IsNot(ComparedField field, ulong value, ulong mask = ulong.MaxValue) => new(field, Relation.NotEqual, value, mask);

    /// <summary>It must have happened.</summary>
    public static Constraint Happens(ComparedField field) => new(field, Relation.Happened, 0, 0);

    /// <summary>It must not have happened.</summary>
    public static Constraint HappensNot(ComparedField field) => new(field, Relation.DidNotHappen, 0, 0);

    /// <summary>The field must be EXITINTINFO that a processor may report.</summary>
    public static Constraint IsLegalEvent(ComparedField field) => new(field, Relation.LegalEvent, 0, ulong.MaxValue);

    /// <summary>The field must be an exit code that an event causes.</summary>
    public static Constraint IsCausedByEvent(ComparedField field) => new(field, Relation.CausedByEvent, 0, ulong.MaxValue);

    /// <summary>The field must be one of 64 numbers.</summary>
    /// <param name="field">The field.</param>
    /// <param name="first">The first number.</param>
    /// <param name="set">Bit n is set for <paramref name="first"/> + n.</param>
    public static Constraint IsOneOf(ComparedField field, ulong first, ulong set) => new(field, Relation.OneOf, first, set);

    /// <summary>The field must not be above this value.</summary>
    public static Constraint IsAtMost(ComparedField field, ulong value) => new(field, Relation.AtMost, value, ulong.MaxValue);
}

/// <summary>Whether a rule has something to say about a record.</summary>
public enum Standing : byte
{
    /// <summary>The rule applies; one of its outcomes must be seen.</summary>
    Decided,

    /// <summary>The rule applies if <see cref="Expectation.Missing"/> is as the report says; one of its outcomes must then be seen.</summary>
    Assumed,

    /// <summary>What is known does not decide whether the rule is kept; <see cref="Expectation.Missing"/> would.</summary>
    Undecided,
}

/// <summary>Who is at fault when a rule is broken.</summary>
public enum Culprit : byte
{
    /// <summary>The hypervisor that was recorded.</summary>
    Hypervisor,

    /// <summary>The processor under it.</summary>
    Processor,
}

/// <summary>What one rule says about one record.</summary>
/// <param name="Rule">Position of the rule in the run's rule list.</param>
/// <param name="Standing">Whether it applies.</param>
/// <param name="Missing">The evidence that decides, or that is assumed.</param>
/// <param name="Culprit">Who is at fault when none of the outcomes is seen.</param>
/// <param name="FirstOutcome">Position of the first allowed outcome in <see cref="ComputedExit.Outcomes"/>.</param>
/// <param name="OutcomeCount">How many outcomes are allowed.</param>
public readonly record struct Expectation(
    int Rule, Standing Standing, Evidence Missing, Culprit Culprit, int FirstOutcome, int OutcomeCount);

/// <summary>One allowed outcome: all of its constraints hold.</summary>
/// <param name="First">Position of the first constraint in <see cref="ComputedExit.Constraints"/>.</param>
/// <param name="Count">How many constraints.</param>
public readonly record struct Outcome(int First, int Count);

/// <summary>What the reference says about one record: for each rule that applies, the outcomes the manual allows.</summary>
/// <remarks>A view: it lives as long as the call that hands it out.</remarks>
public readonly ref struct ComputedExit
{
    /// <summary>A view over the parts.</summary>
    public ComputedExit(
        ulong instruction, ReadOnlySpan<Expectation> expectations, ReadOnlySpan<Outcome> outcomes, ReadOnlySpan<Constraint> constraints)
    {
        Instruction = instruction;
        Expectations = expectations;
        Outcomes = outcomes;
        Constraints = constraints;
    }

    /// <summary>Exit code of the instruction the guest was at, as far as its bytes or the exit tell; all bits set when unknown.</summary>
    /// <remarks>Names the instruction in reports; it does not depend on addresses.</remarks>
    public ulong Instruction { get; }

    /// <summary>One for each rule that has something to say.</summary>
    public ReadOnlySpan<Expectation> Expectations { get; }

    /// <summary>The outcomes of all expectations.</summary>
    public ReadOnlySpan<Outcome> Outcomes { get; }

    /// <summary>The constraints of all outcomes.</summary>
    public ReadOnlySpan<Constraint> Constraints { get; }

    /// <summary>Where things are in the record, where that was looked for already; it is used again for the next record.</summary>
    public RecordDigest? Digest { get; init; }

    /// <summary>The outcomes of one expectation.</summary>
    public ReadOnlySpan<Outcome> OutcomesOf(in Expectation expectation) => Outcomes.Slice(expectation.FirstOutcome, expectation.OutcomeCount);

    /// <summary>The constraints of one outcome.</summary>
    public ReadOnlySpan<Constraint> ConstraintsOf(in Outcome outcome) => Constraints.Slice(outcome.First, outcome.Count);
}
