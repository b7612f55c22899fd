using Differ.Diff.Compare;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>What two runs did differently at the same step, in words.</summary>
internal static class StepWords
{
    /// <summary>The fields that differ, for each run.</summary>
    public static (IReadOnlyList<FieldText> Base, IReadOnlyList<FieldText> Test) Differing(in ExitMark left, in ExitMark right)
    {
        List<FieldText> inBase = [], inTest = [];
        for (int row = 0; row < AlignedFields.All.Count; row++)
        {
            AlignedField field = AlignedFields.All[row];
            Observed<ulong> one = left.Get(row), other = right.Get(row);
            if (one.Sight != Sight.Unseen && other.Sight != Sight.Unseen && one != other)
            {
                inBase.Add(Text(field, one));
                inTest.Add(Text(field, other));
            }
        }

        if (!ExitMark.StepsAgree(left, right))
        {
            inBase.Add(Step(left.Step));
            inTest.Add(Step(right.Step));
        }

        return (inBase, inTest);
    }

    private static FieldText Text(AlignedField field, Observed<ulong> value) => new(
        field.Field.Name, value.IsKnown && field.Words is { } words ? words(value.Value) : FieldWords.Recorded(field.Field, value),
        value.IsKnown ? value.Value : null);

    private static FieldText Step(ulong step) => new("entryStep", step switch
    {
        0 => "entry at the same rip",
        <= MarkMaker.LongestInstruction => $"entry {step} bytes on",
        _ => "entry elsewhere",
    }, step);
}
