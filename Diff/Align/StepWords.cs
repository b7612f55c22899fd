using System.Globalization;
using System.Numerics;
using System.Text;
using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>What two runs did differently at the same step, in words.</summary>
internal static class StepWords
{
    /// <summary>What L0 did otherwise, for each run.</summary>
    public static (IReadOnlyList<FieldText> Base, IReadOnlyList<FieldText> Test) Done(in ExitMark left, in ExitMark right)
    {
        (List<FieldText> inBase, List<FieldText> inTest) = Rows(left, right, ExitMark.DifferingRows(left, right, 0, AlignedFields.FirstAsked));
        if (!ExitMark.StepsAgree(left, right))
        {
            inBase.Add(Step(left.Step));
            inTest.Add(Step(right.Step));
        }

        return (inBase, inTest);
    }

    /// <summary>What L1 asked otherwise, for each run.</summary>
    public static (IReadOnlyList<FieldText> Base, IReadOnlyList<FieldText> Test) Asked(in ExitMark left, in ExitMark right) =>
        Rows(left, right, ExitMark.DifferingRows(left, right, AlignedFields.FirstAsked, AlignedFields.Capacity));

    /// <summary>Rows in which L0 behaves differently, without those that follow from others.</summary>
    public static uint LeadingRows(in ExitMark left, in ExitMark right) =>
        AlignedFields.Leading(ExitMark.DifferingRows(left, right, 0, AlignedFields.FirstAsked));

    /// <summary>How far the guest went: 0 not at all, 1 to the next instruction, 2 elsewhere.</summary>
    public static int KindOf(ulong step) => step == 0 ? 0 : step <= MarkMaker.LongestInstruction ? 1 : 2;

    /// <summary>What tells this way to act otherwise from others, in words that are the same on every machine.</summary>
    public static string Parts(in ExitMark left, in ExitMark right)
    {
        var text = new StringBuilder();
        for (uint rows = LeadingRows(left, right); rows != 0; rows &= rows - 1)
        {
            int row = BitOperations.TrailingZeroCount(rows);
            AlignedField field = AlignedFields.All[row];
            text.Append(CultureInfo.InvariantCulture, $"{field.Name} {field.PartWords(left.Get(row))} to {field.PartWords(right.Get(row))};");
        }

        return ExitMark.StepsAgree(left, right) ? text.ToString() : text.Append(CultureInfo.InvariantCulture, $"step {KindOf(left.Step)} to {KindOf(right.Step)};").ToString();
    }

    private static (List<FieldText> Base, List<FieldText> Test) Rows(in ExitMark left, in ExitMark right, uint rows)
    {
        List<FieldText> inBase = [], inTest = [];
        for (; rows != 0; rows &= rows - 1)
        {
            int row = BitOperations.TrailingZeroCount(rows);
            inBase.Add(Text(AlignedFields.All[row], left.Get(row)));
            inTest.Add(Text(AlignedFields.All[row], right.Get(row)));
        }

        return (inBase, inTest);
    }

    private static FieldText Text(AlignedField field, Observed<ulong> value) => new(
        field.Name,
        value.IsKnown && field.Words is { } words ? words(value.Value)
            : field.Field is { } row ? FieldWords.Recorded(row, value) : "",
        value.IsKnown ? value.Value : null);

    private static FieldText Step(ulong step) => new("entryStep", step switch
    {
        0 => "entry at the same rip",
        <= MarkMaker.LongestInstruction => $"entry {step} bytes on",
        _ => "entry elsewhere",
    }, step);
}
