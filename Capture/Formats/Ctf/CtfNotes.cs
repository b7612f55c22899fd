using Differ.Capture.Diagnostics;
using Differ.Schemas.Run;

namespace Differ.Capture.Formats.Ctf;

/// <summary>What can be lossy or odd in a CTF recording.</summary>
internal static class CtfNotes
{
    /// <summary>A recording that perf converted.</summary>
    public static readonly NoteKind Converted =
        new("DIF0380", "perf data convert leaves out where events were lost; check the perf.data itself", NoteCost.Absence);

    /// <summary>Kinds of events that cannot be read.</summary>
    public static readonly NoteKind CutDescription =
        new("DIF0381", "the recording has some tracepoints without fields that Differ needs, as perf data convert does with bytes of instructions and with what probes in KVM show of a VMCB; they were left out. Check the perf.data, or record with trace-cmd or differ record");

    /// <summary>Kinds of events whose values are not what their names say.</summary>
    public static readonly NoteKind StaleProbe =
        new("DIF0382", "LTTng names the arguments of some tracepoints as older kernels had them, so that their values are others; they were left out. Record with trace-cmd or perf");

    /// <summary>Events of which nobody knows whose they are.</summary>
    public static readonly NoteKind UnknownThread =
        new("DIF0383", "events before the first switch of threads on their CPU, or after events were lost there, belong to no known thread and were left out. Record with lttng add-context -k -t tid", NoteCost.Absence);

    /// <summary>Entries whose vCPU is not known.</summary>
    public static readonly NoteKind UnknownVcpu =
        new("DIF0384", "entries of a vCPU before its first exit were left out: LTTng has no vCPU number in kvm_entry", NoteCost.Nothing);

    /// <summary>Files that are not part of the recording.</summary>
    public static readonly NoteKind ForeignFile =
        new("DIF0385", "files beside the metadata that are no streams of events were left out", NoteCost.Nothing);

    /// <summary>Fields that LTTng does not record.</summary>
    public static readonly NoteKind Lossy =
        new("DIF0386", "LTTng leaves out fields that the kernel offers, the address of an entry for one, and what needs them is undecided. Record with trace-cmd or perf");
}
