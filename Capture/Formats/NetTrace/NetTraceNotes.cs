using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>What can be lossy or odd in a .nettrace file.</summary>
internal static class NetTraceNotes
{
    /// <summary>Kinds of events whose description lacks fields Differ cannot do without.</summary>
    public static readonly NoteKind CutDescription =
        new("DIF0362", "the file describes some tracepoints only in part, as dotnet-trace does from the first array, bool or text on; they were left out. Record with trace-cmd or perf, and probes in KVM with differ record");

    /// <summary>More events that are not in order than Differ sorts at once.</summary>
    public static readonly NoteKind SortWindow =
        new("DIF0363", "events of several threads between two sequence points exceeded what is sorted at once and were put in order piecemeal; record with trace-cmd or perf");
}
