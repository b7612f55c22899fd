using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Google.Protobuf;

namespace Differ.Schemas.Files;

/// <summary>Writes what the reference says of exits as the message <c>ComputedExit</c> of run.proto.</summary>
internal static class ComputedWriter
{
    /// <summary>Appends one exit to a message <c>ComputedExits</c>.</summary>
    public static void Write(CodedOutputStream output, in ExitRecord record, in ComputedExit computed)
    {
        int size = Number(1, (ulong)record.Stream.Value) + Number(2, record.Index) + Instruction(computed.Instruction);
        foreach (ref readonly Expectation expectation in computed.Expectations)
        {
            size += Nested(4, SizeOf(computed, expectation));
        }

        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteLength(size);
        Number(output, 1, (ulong)record.Stream.Value);
        Number(output, 2, record.Index);
        if (computed.Instruction != ulong.MaxValue)
        {
            Number(output, 3, computed.Instruction);
        }

        foreach (ref readonly Expectation expectation in computed.Expectations)
        {
            Write(output, computed, expectation);
        }
    }

    private static int Instruction(ulong value) => value == ulong.MaxValue ? 0 : Number(3, value);

    private static int Number(int field, ulong value) => CodedOutputStream.ComputeTagSize(field) + CodedOutputStream.ComputeUInt64Size(value);

    private static int Nested(int field, int size) => CodedOutputStream.ComputeTagSize(field) + CodedOutputStream.ComputeLengthSize(size) + size;

    private static void Number(CodedOutputStream output, int field, ulong value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteUInt64(value);
    }

    private static int SizeOf(in ComputedExit computed, in Expectation expectation)
    {
        int size = Number(1, (ulong)expectation.Rule) + Number(2, (ulong)expectation.Standing) + Number(3, (ulong)expectation.Missing)
            + Number(4, (ulong)expectation.Culprit);
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            size += Nested(5, SizeOf(computed, outcome));
        }

        return size;
    }

    private static int SizeOf(in ComputedExit computed, in Outcome outcome)
    {
        int size = 0;
        foreach (ref readonly Constraint constraint in computed.ConstraintsOf(outcome))
        {
            size += Nested(1, SizeOf(constraint));
        }

        return size;
    }

    private static int SizeOf(in Constraint constraint) => Number(1, (ulong)constraint.Field) + Number(2, (ulong)constraint.Relation)
        + Number(3, constraint.Value) + Number(4, constraint.Mask);

    private static void Write(CodedOutputStream output, in ComputedExit computed, in Expectation expectation)
    {
        output.WriteTag(4, WireFormat.WireType.LengthDelimited);
        output.WriteLength(SizeOf(computed, expectation));
        Number(output, 1, (ulong)expectation.Rule);
        Number(output, 2, (ulong)expectation.Standing);
        Number(output, 3, (ulong)expectation.Missing);
        Number(output, 4, (ulong)expectation.Culprit);
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            output.WriteTag(5, WireFormat.WireType.LengthDelimited);
            output.WriteLength(SizeOf(computed, outcome));
            foreach (ref readonly Constraint constraint in computed.ConstraintsOf(outcome))
            {
                output.WriteTag(1, WireFormat.WireType.LengthDelimited);
                output.WriteLength(SizeOf(constraint));
                Number(output, 1, (ulong)constraint.Field);
                Number(output, 2, (ulong)constraint.Relation);
                Number(output, 3, constraint.Value);
                Number(output, 4, constraint.Mask);
            }
        }
    }
}

/// <summary>One computed exit that was read from a file.</summary>
/// <param name="stream">The vCPU stream.</param>
/// <param name="index">Position in it.</param>
/// <param name="instruction">Exit code of the instruction; all bits set when unknown.</param>
/// <param name="expectations">What the rules say.</param>
/// <param name="outcomes">Allowed outcomes.</param>
/// <param name="constraints">Their constraints.</param>
internal sealed class StoredComputedExit(
    StreamId stream, ulong index, ulong instruction, Expectation[] expectations, Outcome[] outcomes, Constraint[] constraints)
{
    /// <summary>The vCPU stream.</summary>
    public StreamId Stream { get; } = stream;

    /// <summary>Position in it.</summary>
    public ulong Index { get; } = index;

    /// <summary>What the reference says.</summary>
    public ComputedExit View => new(instruction, expectations, outcomes, constraints);

    /// <summary>From the message; null when it speaks of rules, fields or relations that do not exist.</summary>
    public static StoredComputedExit? Of(Proto.ComputedExit message, int rules)
    {
        var expectations = new List<Expectation>();
        var outcomes = new List<Outcome>();
        var constraints = new List<Constraint>();
        foreach (Proto.Expectation expectation in message.Expectations)
        {
            if (expectation.Rule >= rules)
            {
                return null;
            }

            int firstOutcome = outcomes.Count;
            foreach (Proto.Outcome outcome in expectation.Outcomes)
            {
                int firstConstraint = constraints.Count;
                foreach (Proto.Constraint constraint in outcome.Constraints)
                {
                    if (!IsField(constraint.Field) || constraint.Relation > byte.MaxValue || !Enum.IsDefined((Relation)(byte)constraint.Relation))
                    {
                        return null;
                    }

                    constraints.Add(new Constraint((ComparedField)constraint.Field, (Relation)constraint.Relation, constraint.Value, constraint.Mask));
                }

                outcomes.Add(new Outcome(firstConstraint, constraints.Count - firstConstraint));
            }

            expectations.Add(new Expectation(
                (int)expectation.Rule, (Standing)Math.Min(expectation.Standing, 2), (Evidence)Math.Min(expectation.Missing, EvidenceTable.All.Count - 1),
                (Culprit)Math.Min(expectation.Culprit, 1), firstOutcome, outcomes.Count - firstOutcome));
        }

        return message.Stream > ushort.MaxValue ? null : new StoredComputedExit(
            new StreamId((int)message.Stream), message.Index, message.HasInstruction ? message.Instruction : ulong.MaxValue,
            [.. expectations], [.. outcomes], [.. constraints]);
    }

    private static bool IsField(uint number) =>
        number is > 0 and <= ushort.MaxValue
        && (ComparedState.IsState((ComparedField)number)
            ? Enum.IsDefined(ComparedState.MomentOf((ComparedField)number)) && VmcbLayout.At(ComparedState.PositionOf((ComparedField)number)) is not null
            : Enum.IsDefined((ComparedField)number));
}
