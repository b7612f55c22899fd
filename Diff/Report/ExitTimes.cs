using Differ.Schemas.Run;

namespace Differ.Diff.Report;

/// <summary>When the VMM had a part of the handling of an exit.</summary>
/// <param name="From">When KVM_RUN returned to it.</param>
/// <param name="To">When it called KVM_RUN again.</param>
/// <param name="Reason">KVM_EXIT_* number.</param>
internal readonly record struct VmmSpan(ulong From, ulong To, uint Reason);

/// <summary>When the parts of an exit were, on the run's clock: the guest ran from the start to the exit, L0 and the VMM from there to the end.</summary>
/// <param name="Start">When the guest that exits was entered; the time of the exit where that was not recorded.</param>
/// <param name="Exit">When it exited; where that was not recorded, the first time that was.</param>
/// <param name="End">When a guest was entered again; where that was not recorded, the last time that was.</param>
internal readonly record struct ExitTimes(ulong Start, ulong Exit, ulong End)
{
    /// <summary>The times of a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="floor">The end of the exit before it in the stream.</param>
    /// <param name="entered">Whether that end is the entry that this exit belongs to.</param>
    public static ExitTimes Of(in ExitRecord record, ulong floor, bool entered)
    {
        // Clocks may go backwards between CPUs: a time before the one it follows counts as that one.
        ReadOnlySpan<KvmEvent> events = record.Events;
        ulong exit = Math.Max(floor, record.HasExit ? record.Exit.Time.Value : events.Length > 0 ? events[0].Time.Value
            : record.HasEntry ? record.Entry.Time.Value : floor);
        ulong end = record.HasEntry ? record.Entry.Time.Value : events.Length > 0 ? events[^1].Time.Value : exit;
        ulong start = entered && (record.Flags & RecordFlags.LossBefore) == 0 ? floor : exit;
        return new ExitTimes(start, exit, Math.Max(end, exit));
    }

    /// <summary>
    /// The next part that the VMM had: from kvm_userspace_exit to the next KVM_RUN; where the start of KVM_RUN was not recorded, to the end.
    /// Parts follow each other and do not overlap.
    /// </summary>
    /// <param name="record">The record of these times.</param>
    /// <param name="next">The event to go on at: 0 for the first part, then as it was left.</param>
    /// <param name="span">The part before it, then the one that was found.</param>
    /// <returns>Whether there is one.</returns>
    public bool NextVmmSpan(in ExitRecord record, ref int next, ref VmmSpan span)
    {
        ulong floor = Math.Max(span.To, Exit);
        VmmSpan? open = null;
        while (next < record.Events.Length)
        {
            ref readonly KvmEvent kvmEvent = ref record.Events[next++];
            if (kvmEvent.Kind == KvmEventKind.UserspaceExit)
            {
                open ??= new VmmSpan(Math.Clamp(kvmEvent.Time.Value, floor, End), End, UserspaceExit.Of(kvmEvent).Reason);
            }
            else if (open is { } left && kvmEvent.Kind == KvmEventKind.KvmRun && kvmEvent.Values[0] != 0)
            {
                span = left with { To = Math.Clamp(kvmEvent.Time.Value, left.From, End) };
                return true;
            }
        }

        span = open ?? span;
        return open is not null;
    }
}
