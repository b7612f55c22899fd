using Differ.Schemas.Run;

namespace Differ.Tests.Support;

internal static partial class Records
{
    /// <summary>Asserts that nothing was lost or added between two readings.</summary>
    public static void AssertSame(Recording before, Recording after)
    {
        Assert.Equal(before.Records.Count, after.Records.Count);
        for (int i = 0; i < before.Records.Count; i++)
        {
            (KeptRecord left, KeptRecord right) = (before.Records[i], after.Records[i]);
            Assert.Equal((left.Stream, left.Index, left.Level, left.Flags, left.Exit, left.Entry, left.Kinds),
                (right.Stream, right.Index, right.Level, right.Flags, right.Exit, right.Entry, right.Kinds));
            Assert.Equal(left.Happenings.Select(happening => Describe(happening, before.Texts)), right.Happenings.Select(happening => Describe(happening, after.Texts)));
        }

        Assert.Equivalent(before.Summary, after.Summary, strict: true);
    }

    private static string Describe(Happening happening, TextTable texts)
    {
        HappeningShape shape = HappeningShapes.Of(happening.Kind);
        IEnumerable<string> fields = shape.Slots.Select((name, slot) => !happening.Values.Has(slot) ? "-"
            : shape.FormOf(slot) == SlotForm.Text ? texts[(int)happening.Values[slot]] : $"{name}={happening.Values[slot]:x}");
        return $"{happening.Kind} at {happening.Time.Value}: {string.Join(' ', fields)}";
    }
}
