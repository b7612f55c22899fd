using System.Globalization;
using System.Text;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>What makes two departures equal: rule, level, exit, instruction, and which conditions fail how. Nothing that varies with the same fault.</summary>
/// <param name="comparer">Reads fields.</param>
internal sealed class ClassIdentity(FieldComparer comparer)
{
    private const string Other = "other";

    /// <summary>A number that is the same for equal departures: what <see cref="Fingerprint"/> is made of, without making it.</summary>
    public ulong Signature(in ExitRecord record, RecordDigest digest, in ComputedExit computed, in Expectation expectation)
    {
        // FNV-1a; the multiplication wraps on purpose.
        ulong hash = 14695981039346656037;
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                FieldRow row = Fields.Of(constraint.Field);
                Observed<ulong> value = SamePart(row, comparer.Read(record, digest, row), constraint);
                hash = unchecked((hash ^ (value.Or(0) + ((ulong)constraint.Field << 48) + ((ulong)value.Sight << 40))) * 1099511628211);
            }
        }

        return hash;
    }

    /// <summary>The name of the class on every machine.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="record">The exit.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="computed">What the rules say.</param>
    /// <param name="expectation">The one that is not met.</param>
    /// <param name="instruction">The instruction the guest was at; empty where it is not known.</param>
    public string Fingerprint(
        RuleInfo rule, in ExitRecord record, RecordDigest digest, in ComputedExit computed, in Expectation expectation, string instruction)
    {
        bool hasExit = record.HasExit && !IsOfDelivery(computed, expectation);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{rule.Id}|{record.Level}|{(hasExit ? record.Exit.Code.Name : "")}|{(hasExit || !record.HasExit ? instruction : "")}|");
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                FieldRow row = Fields.Of(constraint.Field);
                Observed<ulong> value = SamePart(row, comparer.Read(record, digest, row), constraint);
                string shown = !value.IsKnown ? value.Sight.ToString() : row.Stable ? row.Print(value.Value) : Other;
                text.Append(CultureInfo.InvariantCulture, $"{row.Name} {constraint.Relation} {shown};");
            }
        }

        return Results.Fingerprint.Of(text.ToString());
    }

    /// <summary>Whether a fault of the processor is about the event that was in delivery: then it is one fault, at whichever exit it shows.</summary>
    public static bool IsOfDelivery(in ComputedExit computed, in Expectation expectation)
    {
        if (expectation.Culprit != Culprit.Processor)
        {
            return false;
        }

        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                if (!Fields.Of(constraint.Field).IsOfDelivery)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static Observed<ulong> SamePart(FieldRow row, Observed<ulong> value, in Constraint constraint)
    {
        if (!value.IsKnown)
        {
            return value;
        }

        bool isAsked = constraint.Relation is not (Relation.Equal or Relation.NotEqual) || ((value.Value ^ constraint.Value) & constraint.Mask) == 0;
        if (!isAsked && row.ByChance is { } byChance && byChance(value.Value))
        {
            return Observed<ulong>.Absent;
        }

        ulong same = !row.Stable ? 0 : row.Same is { } part ? part(value.Value) : value.Value;
        return Observed<ulong>.Of(constraint.Relation switch
        {
            // Bits that a constraint does not look at do not tell classes apart.
            Relation.Equal or Relation.NotEqual => same & constraint.Mask,

            // How far above the limit is chance.
            Relation.AtMost when same > constraint.Value => constraint.Value + 1,
            _ => same,
        });
    }
}
