using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Whether a record keeps what a rule expects of it.</summary>
/// <param name="listed">Tracepoints the capture describes; what it does not describe cannot be missed.</param>
internal sealed class FieldComparer(TracepointSet listed)
{
    /// <summary>Whether one of the outcomes that a rule allows is seen.</summary>
    /// <param name="record">The record.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="computed">What the rules say.</param>
    /// <param name="expectation">The rule.</param>
    /// <param name="missed">Tracepoints whose silence the answer relies on.</param>
    public Truth IsMet(in ExitRecord record, RecordDigest digest, in ComputedExit computed, in Expectation expectation, out TracepointSet missed)
    {
        Truth met = Truth.No;
        missed = default;
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            Truth seen = Truth.Yes;
            bool shown = false;
            TracepointSet silences = default;
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                Truth holds = Holds(record, digest, constraint, out TracepointSet silent);
                shown |= holds.IsNo && silent.IsEmpty;
                silences |= holds.IsNo ? silent : default;
                seen &= holds;
            }

            // An outcome that something recorded rules out needs no silence to be ruled out.
            missed |= shown ? default : silences;
            met |= seen;
            if (met.IsYes)
            {
                break;
            }
        }

        return met;
    }

    /// <summary>What the record shows of a field.</summary>
    public Observed<ulong> Read(in ExitRecord record, RecordDigest digest, FieldRow row)
    {
        Observed<ulong> value = row.Read(record, digest);
        bool silenceMeans = listed.Covers(row.Source) && !record.HasHole && IsOver(record, digest, row);
        bool silent = value is { IsKnown: true, Value: 0 } && !row.Source.IsEmpty;
        return (silent || IsSilent(row, value, digest)) && !silenceMeans ? Observed<ulong>.Unseen : value;
    }

    /// <summary>Whether the record keeps one constraint.</summary>
    /// <param name="record">The record.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="constraint">The constraint.</param>
    /// <param name="silent">The tracepoint whose silence decides; empty where something recorded does.</param>
    public Truth Holds(in ExitRecord record, RecordDigest digest, in Constraint constraint, out TracepointSet silent)
    {
        FieldRow row = Fields.Of(constraint.Field);
        Observed<ulong> value = Read(record, digest, row);
        silent = IsSilent(row, value, digest) ? row.Source : default;
        if (value.Sight == Sight.Unseen && listed.Covers(row.Source) && IsDecidedOtherwise(record, digest, constraint))
        {
            silent = row.Source;
            return Truth.No;
        }

        if (value.Sight == Sight.Unseen)
        {
            return Truth.Unknown;
        }

        bool known = value.IsKnown;
        ulong number = value.Or(0);
        return Truth.Of(constraint.Relation switch
        {
            Relation.Equal => known && ((number ^ constraint.Value) & constraint.Mask) == 0,
            Relation.NotEqual => !known || ((number ^ constraint.Value) & constraint.Mask) != 0,
            Relation.Happened => known,
            Relation.DidNotHappen => !known,
            Relation.LegalEvent => known && new EventInfo((uint)number).IsLegal,
            Relation.CausedByEvent => known && new SvmExitCode(number).IsCausedByEvent,
            Relation.OneOf => known && unchecked(number - constraint.Value) is < 64 and { } n && ((constraint.Mask >> (int)n) & 1) != 0,
            _ => !known || number <= constraint.Value,
        });
    }

    // Nothing can follow any more that would have to stand in the record: the guest is entered, it cannot go on, or the recording
    // shows something that comes later. A guest that cannot go on is not entered, so that no interrupt is delivered to it either.
    private static bool IsOver(in ExitRecord record, RecordDigest digest, FieldRow row) =>
        record.HasEntry || (digest.GuestEnded && !row.Source.Has(KvmEventKind.InjectInterrupt)) || row.Settled?.Invoke(record, digest) == true;

    // L0 decides at once whether an instruction's exit is L1's: once it works on the instruction, L1 is not shown that exit, and once it
    // has carried it out, it does not shut L1 down in its place.
    private static bool IsDecidedOtherwise(in ExitRecord record, RecordDigest digest, in Constraint constraint) =>
        constraint is { Relation: Relation.Equal, Mask: ulong.MaxValue }
        && record.HasExit && !record.HasHole && digest.Reflections == 0 && record.Exit.Code.HasIntercept && !record.Exit.Code.IsCausedByEvent
        && constraint.Field switch
        {
            ComparedField.ReflectedCode => constraint.Value == record.Exit.Code.Value && Fields.IsWorkedOn(record),
            ComparedField.UserspaceReason => constraint.Value == UserspaceExit.ShutdownReason && Fields.IsCarriedOut(record),
            _ => false,
        };

    private static bool IsSilent(FieldRow row, Observed<ulong> value, RecordDigest digest) =>
        value.Sight == Sight.Absent || (value.IsKnown && row.RestsOnSilence is { } rests && rests(digest));
}
