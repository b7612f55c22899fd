using Differ.Capture.Diagnostics;
using Differ.Schemas.Run;

namespace Differ.Capture.Formats.Text;

/// <summary>What can be lossy or odd in a text.</summary>
internal static class TextNotes
{
    /// <summary>Lines that are no event, no heading and no mark of loss.</summary>
    public static readonly NoteKind UnknownLine =
        new("DIF0332", "lines that are no event were left out; where one is an event that was cut or changed, paste it as it was printed");

    /// <summary>Events whose text has no known form.</summary>
    public static readonly NoteKind UnknownText =
        new("DIF0333", "events whose text has no known form were left out, and their vCPU counts as having lost events; take trace-cmd report -R", NoteCost.Absence);

    /// <summary>More text than the form explains.</summary>
    public static readonly NoteKind LongerText =
        new("DIF0334", "events carry more text than Differ knows of; what stands behind the known part was left out");

    /// <summary>Lines beyond the limit.</summary>
    public static readonly NoteKind LongLine =
        new("DIF0335", "lines longer than 64 KiB were left out; split the text into lines as it was printed");

    /// <summary>Fields that the text drops.</summary>
    public static readonly NoteKind Lossy =
        new("DIF0336", "the text drops fields that the kernel recorded, and what needs them is undecided; take trace-cmd report -R -t or the trace.dat itself");

    /// <summary>Times that were rounded.</summary>
    public static readonly NoteKind Rounded =
        new("DIF0337", "times are rounded to microseconds; events keep the order of their lines. For nanoseconds take trace-cmd report -t or perf script --ns");

    /// <summary>The text does not say what was recorded.</summary>
    public static readonly NoteKind Unsaid =
        new("DIF0338", "a text does not say what was recorded, nor what a reader took out of it: tracepoints that it never shows count as not recorded. A trace.dat or perf.data decides more", NoteCost.Nothing);

    /// <summary>Events pieced together.</summary>
    public static readonly NoteKind Wrapped =
        new("DIF0339", "events broken over several lines were put together again", NoteCost.Nothing);

    /// <summary>Too many names.</summary>
    public static readonly NoteKind ManyNames =
        new("DIF0340", "events beyond the first 4096 names were left out; is this a trace?");

    /// <summary>Lines with another kind of time.</summary>
    public static readonly NoteKind OtherTime =
        new("DIF0341", "events whose time is of another clock than the first one's were left out; split the text where the clock changes", NoteCost.Absence);

    /// <summary>Text that is missing by the writer's own account.</summary>
    public static readonly NoteKind Gap =
        new("DIF0342", "marks of an omission, other text between events, or events that cannot be read, count as lost events", NoteCost.Absence);

    /// <summary>A thread's time that goes back.</summary>
    public static readonly NoteKind Excerpt =
        new("DIF0343", "the time of a thread goes back from one line to the next: nothing is claimed across. Paste lines in their order, and excerpts of several traces each by itself", NoteCost.Absence);

    /// <summary>Events that stand in the text several times.</summary>
    public static readonly NoteKind Repeated =
        new("DIF0344", "events that stand in the text before, as in a reply that quotes them, were left out", NoteCost.Nothing);

    /// <summary>Events without thread and CPU.</summary>
    public static readonly NoteKind Bare =
        new("DIF0345", "events without thread and CPU were read as one thread, and nothing is claimed of them; paste the lines as they were printed", NoteCost.Absence);

    /// <summary>Probes that were printed without what they show.</summary>
    public static readonly NoteKind ProbeZeros =
        new("DIF0347", "events of the probes in KVM, as trace-cmd report and perf script print them, were left out: they print zeros for what the probes show. Check the trace.dat or perf.data itself, or the text of tracefs");
}
