using Differ.Diff.Compare;
using Differ.Schemas.Run;

namespace Differ.Diff.Report.Html;

/// <summary>What the timeline shows of one exit. Times are of the run's clock.</summary>
/// <param name="Index">Position in the stream.</param>
/// <param name="Start">When the guest that exits was entered; the time of the exit where that was not recorded.</param>
/// <param name="Exit">When it exited.</param>
/// <param name="End">When a guest was entered again; the time of the exit where that was not recorded.</param>
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
        // Clocks may go backwards between CPUs: a time before the one it follows counts as that one.
        bool loss = (record.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0;
        ulong exit = Math.Max(record.HasExit ? record.Exit.Time.Value : record.HasEntry ? record.Entry.Time.Value : floor, floor);
        ulong start = entered && (record.Flags & RecordFlags.LossBefore) == 0 ? floor : exit;
        ulong end = record.HasEntry ? Math.Max(record.Entry.Time.Value, exit) : exit;
        return new ExitMoment(
            record.Index, start, exit, end, UserTime(record, exit, end), record.Level, reason, record.HasExit ? record.Exit.Rip : 0, verdict, loss);
    }

    // From kvm_userspace_exit to the next KVM_RUN; where the start of KVM_RUN was not recorded, to the entry.
    private static ulong UserTime(in ExitRecord record, ulong exit, ulong end)
    {
        if (!record.Kinds.Has(HappeningKind.UserspaceExit))
        {
            return 0;
        }

        ulong user = 0;
        ulong? since = null;
        foreach (ref readonly Happening happening in record.Happenings)
        {
            ulong time = Math.Clamp(happening.Time.Value, exit, end);
            if (happening.Kind == HappeningKind.UserspaceExit)
            {
                since ??= time;
            }
            else if (since is { } left && happening.Kind == HappeningKind.KvmRun && happening.Values[0] != 0)
            {
                user += Math.Max(time, left) - left;
                since = null;
            }
        }

        return Math.Min(user + (since is { } open ? end - open : 0), end - exit);
    }
}
