using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.Report.Html;

/// <summary>What the timeline shows of one exit. Times are of the run's clock.</summary>
/// <param name="Index">Position in the stream.</param>
/// <param name="Start">When the guest that exits was entered; the time of the exit where that was not recorded.</param>
/// <param name="Exit">When it exited; where that was not recorded, the first time that was.</param>
/// <param name="End">When a guest was entered again; where that was not recorded, the last time that was.</param>
/// <param name="User">How much of the handling the VMM had.</param>
/// <param name="Level">Who was running.</param>
/// <param name="Reason">Row of the exit's reason in <see cref="ReasonTable"/>.</param>
/// <param name="Rip">RIP of the guest.</param>
/// <param name="Verdict">What was said of it; a finding counts as conforming here, its marks are elsewhere.</param>
/// <param name="Loss">Whether events may be missing before or inside it.</param>
internal readonly record struct ExitMoment(
    ulong Index, ulong Start, ulong Exit, ulong End, ulong User, GuestLevel Level, ushort Reason, ulong Rip, Verdict Verdict, bool Loss)
{
    /// <summary>How long the guest ran.</summary>
    public ulong Guest => Exit - Start;

    /// <summary>How long L0 itself had it.</summary>
    public ulong Host => End - Exit - User;

    /// <summary>The moment of a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="floor">The end of the moment before it in the stream.</param>
    /// <param name="entered">Whether that end is the entry that this exit belongs to.</param>
    /// <param name="reason">Row of the reason.</param>
    /// <param name="verdict">What was said of it.</param>
    public static ExitMoment Of(in ExitRecord record, ulong floor, bool entered, ushort reason, Verdict verdict)
    {
        var times = ExitTimes.Of(record, floor, entered);
        bool loss = (record.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0;
        return new ExitMoment(
            record.Index, times.Start, times.Exit, times.End, UserTime(record, times), record.Level, reason, record.HasExit ? record.Exit.Rip : 0, verdict, loss);
    }

    private static ulong UserTime(in ExitRecord record, in ExitTimes times)
    {
        if (!record.Kinds.Has(KvmEventKind.UserspaceExit))
        {
            return 0;
        }

        ulong user = 0;
        int next = 0;
        var span = default(VmmSpan);
        while (times.NextVmmSpan(record, ref next, ref span))
        {
            user += span.To - span.From;
        }

        return user;
    }
}
