using Differ.Schemas.Run;

namespace Differ.Capture.Diagnostics;

/// <summary>One kind of loss or oddity.</summary>
/// <param name="Code">Stable number; README.md explains it.</param>
/// <param name="Text">What it is and what to do.</param>
/// <param name="Cost">What it costs.</param>
internal sealed record NoteKind(string Code, string Text, NoteCost Cost = NoteCost.Few);

/// <summary>Counts what is lossy or odd in a capture, instead of hiding it or stopping for it.</summary>
internal sealed class CaptureNotes
{
    /// <summary>Marks of loss in the data.</summary>
    public static readonly NoteKind LostEvents =
        new("DIF0120", "events were lost; nothing is claimed that the holes could explain. Record with a larger buffer (trace-cmd record -b, perf record -m)", NoteCost.Absence);

    /// <summary>Losses that only the statistics of the recorder show.</summary>
    public static readonly NoteKind Overrun =
        new("DIF0121", "the recorder's statistics count events that were overwritten; where the data carries no mark, they preceded it", NoteCost.Absence);

    /// <summary>Event numbers that the file does not describe.</summary>
    public static readonly NoteKind UnknownEvent =
        new("DIF0122", "events of a number that the file does not describe were skipped");

    /// <summary>Records that are shorter than their layout.</summary>
    public static readonly NoteKind ShortRecord =
        new("DIF0123", "records shorter than their own description were skipped; the vCPU concerned counts as having lost events", NoteCost.Absence);

    /// <summary>Events of threads that never ran a vCPU.</summary>
    public static readonly NoteKind NoVcpu =
        new("DIF0124", "events of threads that entered no guest belong to no vCPU and were left out", NoteCost.Nothing);

    /// <summary>A thread is on two CPUs at once.</summary>
    public static readonly NoteKind ClocksDiffer =
        new("DIF0125", "the clocks of host CPUs differ: by their times a thread is on two at once; nothing is claimed of that moment. Record with -C global or -C mono", NoteCost.Absence);

    /// <summary>Events that come in pairs, and one of them is missing.</summary>
    public static readonly NoteKind Unpaired =
        new("DIF0126", "exits without entry, entries without exit, exits of L2 of which one of two events is there or to which nothing leads, instructions that L0 decodes and that did not exit, or starts and ends of KVM_RUN that do not alternate: events are missing without a mark. What does not show in one event alone is at most likely", NoteCost.Unmarked);

    /// <summary>The same thread in two buffers.</summary>
    public static readonly NoteKind DoubleInstance =
        new("DIF0127", "events recorded in a second buffer (instance) as well were left out there", NoteCost.Nothing);

    /// <summary>More than a record holds.</summary>
    public static readonly NoteKind LongRecord =
        new("DIF0128", "events beyond the first 65536 between one exit and the next entry, or beyond what all vCPUs may hold together, were left out", NoteCost.Absence);

    /// <summary>An interrupt accepted for a vCPU number that several VMs have.</summary>
    public static readonly NoteKind AmbiguousVcpu =
        new("DIF0129", "interrupts accepted for a vCPU number that several VMs have could not be assigned");

    /// <summary>A buffer with a clock of its own.</summary>
    public static readonly NoteKind OtherClock =
        new("DIF0130", "events of a buffer with another clock cannot be put in order with the others and were left out", NoteCost.Absence);

    /// <summary>A vCPU whose first exit is one of L2.</summary>
    public static readonly NoteKind StartsInL2 =
        new("DIF0131", "vCPUs ran L2 when the recording began; what L1 asked for is not known before the next VMRUN");

    /// <summary>More vCPUs, or threads, than are told apart.</summary>
    public static readonly NoteKind ManyVcpus =
        new("DIF0132", "vCPUs beyond the first 32768, or threads beyond the first 262144, were left out; record for a shorter time, or fewer processes", NoteCost.Absence);

    /// <summary>A tracepoint that is described and was off.</summary>
    public static readonly NoteKind SilentTracepoint =
        new("DIF0133", "tracepoints that the recording describes never occur although what causes them does: they count as not recorded. Record all of kvm (trace-cmd record -e kvm)", NoteCost.Unmarked);

    /// <summary>A round of perf record larger than Differ sorts at once.</summary>
    public static readonly NoteKind SortWindow =
        new("DIF0300", "events between two rounds of perf record exceeded what is sorted at once and were put in order piecemeal; record with a smaller buffer (perf record -m)");

    /// <summary>An event that came when later ones were read already.</summary>
    public static readonly NoteKind LateEvent =
        new("DIF0301", "events came after later ones and count as out of order; nothing is claimed across them", NoteCost.Absence);

    /// <summary>A loss in a pipe that became known when later events had been read.</summary>
    public static readonly NoteKind LateLoss =
        new("DIF0302", "a loss became known when later events had been judged, because a pipe is read once; record into a file to be sure of what lies between", NoteCost.Absence);

    /// <summary>A pipe whose writer was killed.</summary>
    public static readonly NoteKind CutPipe =
        new("DIF0303", "the pipe ended inside a record: its writer was killed or interrupted, and what it held back is missing at the end", NoteCost.Nothing);

    private readonly Dictionary<NoteKind, (ulong Count, string First)> _counts = [];

    /// <summary>Counts one occurrence.</summary>
    /// <param name="kind">Which.</param>
    /// <param name="where">Where; kept for the first one only.</param>
    public void Add(NoteKind kind, string where = "") => Add(kind, 1, where);

    /// <summary>Counts several occurrences.</summary>
    public void Add(NoteKind kind, ulong count, string where = "")
    {
        (ulong before, string first) = _counts.TryGetValue(kind, out (ulong Count, string First) known) ? known : (0, where);

        // A recorder's statistics may say anything.
        _counts[kind] = (before > ulong.MaxValue - count ? ulong.MaxValue : before + count, first);
    }

    /// <summary>Whether a kind was counted before.</summary>
    public bool Has(NoteKind kind) => _counts.ContainsKey(kind);

    /// <summary>All that was counted, by number.</summary>
    public IReadOnlyList<CaptureNote> ToList() =>
        [.. _counts.OrderBy(one => one.Key.Code, StringComparer.Ordinal).Select(one => new CaptureNote(one.Key.Code, one.Value.Count, one.Key.Text, one.Value.First, one.Key.Cost))];
}
