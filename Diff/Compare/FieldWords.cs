using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Compared fields in words.</summary>
internal static class FieldWords
{
    /// <summary>What was recorded.</summary>
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
            _ => $"{row.Words}: at most {row.Print(constraint.Value)}",
        };
    }

    private static string Event(FieldRow row, in Constraint constraint)
    {
        var info = new EventInfo((uint)(constraint.Value & constraint.Mask));
        if (constraint.Mask == EventInfo.ValidBit)
        {
            return $"{row.Words} {(info.Valid ? "valid" : "not valid")}";
        }

        return info.Valid ? $"{row.Words} {info}" : $"{row.Words} 0x{info.Raw:x} in bits 0x{constraint.Mask:x}";
    }
}
