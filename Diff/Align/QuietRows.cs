using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Align;

/// <summary>What L0 did not do at an exit, by the tracepoints that the record has: most rows of most exits, at the cost of one look.</summary>
/// <param name="listed">Tracepoints that both captures describe; the silence of another says nothing.</param>
internal sealed class QuietRows(TracepointSet listed)
{
    private readonly TracepointSet[] _told = [.. AlignedFields.All.Select(field => field.ToldBy)];

    // Which rows read as not having happened, where silence means that, and where it does not.
    private readonly uint _silent = Rows(listed);
    private readonly uint _unseen = Rows(default);

    /// <summary>A bit for each row of what L0 does that the record is silent about.</summary>
    /// <param name="record">The record.</param>
    /// <param name="absent">A bit for each of these that did not happen; the others were not seen.</param>
    public uint Of(in ExitRecord record, out uint absent)
    {
        uint quiet = 0;
        for (int row = 0; row < AlignedFields.FirstAsked; row++)
        {
            quiet |= !_told[row].IsEmpty && (_told[row] & record.Kinds).IsEmpty ? 1U << row : 0;
        }

        absent = quiet & (record is { HasEntry: true, HasHole: false } ? _silent : _unseen);
        return quiet;
    }

    private static uint Rows(TracepointSet listed)
    {
        var nothing = new RecordDigest();
        uint rows = 0;
        for (int row = 0; row < AlignedFields.FirstAsked; row++)
        {
            AlignedField field = AlignedFields.All[row];
            Observed<ulong> value = listed.Covers(field.Field!.Source) ? Observed<ulong>.Absent : Observed<ulong>.Unseen;
            rows |= field.Read(value, nothing).Sight == Sight.Absent ? 1U << row : 0;
        }

        return rows;
    }
}
