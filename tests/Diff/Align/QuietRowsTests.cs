using Differ.Diff.Align;
using Differ.Diff.Compare;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Align;

public sealed class QuietRowsTests
{
    private static readonly TracepointSet Everything = new(ulong.MaxValue);

    public static TheoryData<KvmEventKind, bool, bool> Exits()
    {
        var exits = new TheoryData<KvmEventKind, bool, bool>();
        foreach (KvmEventKind kind in Enum.GetValues<KvmEventKind>())
        {
            exits.Add(kind, true, false);
            exits.Add(kind, false, false);
            exits.Add(kind, true, true);
        }

        return exits;
    }

    [Theory]
    [MemberData(nameof(Exits))]
    public void What_need_not_be_read_is_what_reading_would_give(KvmEventKind kind, bool isListed, bool hasHole)
    {
        TracepointSet listed = isListed ? Everything : Everything - TracepointSet.Of(kind);
        for (ulong value = 0; value < 3; value++)
        {
            KvmEvent kvmEvent = Records.Happen(kind, value, value, value, value, value, value);
            ExitRecord record = Records.Make(0, 7, hasHole ? RecordFlags.LossInside : RecordFlags.None, default, default, kvmEvent).View;
            var digest = new RecordDigest();
            digest.Read(record);
            var comparer = new FieldComparer(listed);
            uint quiet = new QuietRows(listed).Of(record, out uint absent);
            for (int row = 0; row < AlignedFields.FirstAsked; row++)
            {
                AlignedField field = AlignedFields.All[row];
                if ((quiet >> row & 1) != 0)
                {
                    Sight said = (absent >> row & 1) != 0 ? Sight.Absent : Sight.Unseen;
                    Assert.Equal((field.Name, said), (field.Name, field.Read(comparer.Read(record, digest, field.Field!), digest).Sight));
                }
            }
        }
    }

    [Fact]
    public void Most_rows_of_a_plain_exit_are_quiet()
    {
        ExitRecord record = Records.Make(0, default, default, Records.Happen(KvmEventKind.PortAccess)).View;
        uint quiet = new QuietRows(Everything).Of(record, out _);
        Assert.Equal(AlignedFields.FirstAsked - 1, (int)uint.PopCount(quiet));
    }
}
