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
            Assert.Equal(left.Events.Select(kvmEvent => Describe(kvmEvent, before.Texts)), right.Events.Select(kvmEvent => Describe(kvmEvent, after.Texts)));
        }

        Assert.Equivalent(before.Summary, after.Summary, strict: true);
    }

    private static string Describe(KvmEvent kvmEvent, TextTable texts)
    {
        EventSchema shape = EventSchemas.Of(kvmEvent.Kind);
        IEnumerable<string> fields = shape.Slots.Select((name, slot) => !kvmEvent.Values.Has(slot) ? "-"
            : shape.FormOf(slot) == SlotForm.Text ? texts[(int)kvmEvent.Values[slot]] : $"{name}={kvmEvent.Values[slot]:x}");
        return $"{kvmEvent.Kind} at {kvmEvent.Time.Value}: {string.Join(' ', fields)}";
    }
}
