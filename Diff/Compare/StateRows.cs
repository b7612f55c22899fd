using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Rows for the compared fields that are parts of a recorded state: one for each moment and field of the VMCB's table.</summary>
internal static class StateRows
{
    private static readonly Dictionary<ComparedField, FieldRow> Rows = All();

    /// <summary>The row of a field; its position is one of <see cref="VmcbLayout"/>.</summary>
    public static FieldRow Of(ComparedField field) => Rows[field];

    /// <summary>A moment, for a person.</summary>
    public static string WordsOf(StateMoment moment) => moment switch
    {
        StateMoment.L1AtExit => "of L1 at its exit",
        StateMoment.Vmcb12AtVmrun => "of vmcb12 at VMRUN",
        StateMoment.L2AtEntry => "of L2 at the entry",
        StateMoment.L2AtExit => "of L2 at the #VMEXIT",
        StateMoment.Vmcb12AfterExit => "of vmcb12 after the #VMEXIT",
        _ => "of L1 as it goes on",
    };

    private static Dictionary<ComparedField, FieldRow> All()
    {
        var rows = new Dictionary<ComparedField, FieldRow>();
        foreach (StateMoment moment in Enum.GetValues<StateMoment>())
        {
            foreach (VmcbRow field in VmcbLayout.All)
            {
                FieldRow row = RowOf(moment, field);
                rows.Add(row.Field, row);
            }
        }

        return rows;
    }

    private static FieldRow RowOf(StateMoment moment, VmcbRow field)
    {
        int position = field.Position;
        string words = $"{field.Name} {WordsOf(moment)}";
        return new FieldRow(
            ComparedState.Of(moment, position), $"state.{char.ToLowerInvariant($"{moment}"[0])}{$"{moment}"[1..]}.{position:x3}", words, $"no {words}",
            Stable: false, default, (in ExitRecord record, RecordDigest digest) => digest.States.At(moment, position), static value => $"0x{value:x}");
    }
}
