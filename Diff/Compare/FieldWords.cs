using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Compared fields in words.</summary>
internal static class FieldWords
{
    /// <summary>What was recorded.</summary>
    public static string Recorded(FieldRow row, Observed<ulong> value, in ExitRecord record) =>
        row.Field == ComparedField.EntryRip && value.IsKnown && record.HasExit && record.Exit.Rip == value.Value
            ? $"entry at the same rip {row.Print(value.Value)}"
            : Recorded(row, value);

    /// <summary>What was recorded, whatever the exit.</summary>
    public static string Recorded(FieldRow row, Observed<ulong> value) => value.Sight switch
    {
        Sight.Known when row.Print(value.Value) == "yes" => row.Words,
        Sight.Known => $"{row.Words} {row.Print(value.Value)}",
        Sight.Absent => row.Absence,
        _ => $"{row.Words}: not recorded",
    };

    /// <summary>What one constraint asks for.</summary>
    public static string Expected(in Constraint constraint)
    {
        FieldRow row = Fields.Of(constraint.Field);
        return constraint.Relation switch
        {
            Relation.Equal when constraint.Mask == ulong.MaxValue && row.Print(constraint.Value) == "yes" => row.Words,
            Relation.Equal when constraint.Mask == ulong.MaxValue => $"{row.Words} {row.Print(constraint.Value)}",
            Relation.Equal when constraint.Field is ComparedField.ReflectedIntInfo or ComparedField.ExitIntInfo or ComparedField.StagedEvent => Event(row, constraint),
            Relation.Equal => $"{row.Words} 0x{constraint.Value & constraint.Mask:x} in bits 0x{constraint.Mask:x}",
            Relation.NotEqual when constraint.Mask == ulong.MaxValue => $"not {row.Words} {row.Print(constraint.Value)}",
            Relation.NotEqual => $"not {row.Words} 0x{constraint.Value & constraint.Mask:x} in bits 0x{constraint.Mask:x}",
            Relation.Happened => row.Words,
            Relation.DidNotHappen => row.Absence,
            Relation.LegalEvent => $"{row.Words}: none, or of a type and vector that exist",
            Relation.CausedByEvent => $"{row.Words} INTR, NMI, SMI, INIT, an exception or SHUTDOWN",
            Relation.OneOf when constraint.Mask == ulong.MaxValue => $"{row.Words} {row.Print(constraint.Value)} to {row.Print(unchecked(constraint.Value + 63))}",
            Relation.OneOf => $"{row.Words} {OneOf(row, constraint)}",
            _ => $"{row.Words}: at most {row.Print(constraint.Value)}",
        };
    }

    private static string OneOf(FieldRow row, in Constraint constraint)
    {
        var numbers = new List<string>();
        for (int n = 0; n < 64; n++)
        {
            if (((constraint.Mask >> n) & 1) != 0)
            {
                numbers.Add(row.Print(unchecked(constraint.Value + (ulong)n)));
            }
        }

        return numbers.Count == 0 ? "of which there is none here" : string.Join(" or ", numbers);
    }

    // The parts of an event that rules speak of: EVENTINJ and EXITINTINFO have the same layout.
    private static string Event(FieldRow row, in Constraint constraint)
    {
        var info = new EventInfo((uint)(constraint.Value & constraint.Mask));
        return constraint.Mask switch
        {
            EventInfo.ValidBit => $"{row.Words} {(info.Valid ? "valid" : "not valid")}",
            EventInfo.ReservedBits when info.Raw == 0 => $"{row.Words} with bits 30:12 zero",
            EventInfo.ErrorCodeBit => $"{row.Words} {(info.HasErrorCode ? "with" : "without")} error code",
            EventInfo.TypeField => $"{row.Words} of type {(int)info.Type}",
            _ when info.Valid => $"{row.Words} {info}",
            _ => $"{row.Words} 0x{info.Raw:x} in bits 0x{constraint.Mask:x}",
        };
    }
}
