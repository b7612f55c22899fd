using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;

namespace Differ.Capture.Formats;

/// <summary>One way in which a recording is stored.</summary>
internal interface ITraceFormat
{
    /// <summary>The name in <c>--help</c>.</summary>
    string Name { get; }

    /// <summary>Whether a file that starts with these bytes (at most 64 KiB) is of this format.</summary>
    bool Sniff(ReadOnlySpan<byte> start);

    /// <summary>Whether every file of this format starts with the same bytes, at most 16, which occur nowhere by chance.</summary>
    bool HasFixedStart => false;

    /// <summary>Reads what describes the recording; not yet its events.</summary>
    /// <exception cref="CaptureFormatException">The file cannot be used.</exception>
    ITraceReader Open(ByteSource source);
}

/// <summary>A format that can be read front to back, so that a pipe needs no copy on disk and is read as it comes.</summary>
internal interface IStreamedFormat : ITraceFormat
{
    /// <summary>Whether this one can be read so.</summary>
    /// <param name="start">Its first bytes.</param>
    bool Streams(ReadOnlySpan<byte> start);

    /// <summary>Reads what describes the recording from the start of a pipe.</summary>
    /// <param name="pipe">
    /// The pipe. <see cref="TraceFormats.PipeStart"/> bytes of it are there, or what came before it fell silent; where it was read
    /// before, all that came.
    /// </param>
    /// <exception cref="CaptureFormatException">The recording cannot be used.</exception>
    ITraceReader Open(KeptPipe pipe);
}

/// <summary>A format whose recording is several files in a folder. It is told by the file that describes the others.</summary>
internal interface IFolderFormat : ITraceFormat
{
    /// <summary>Name of the file that describes the others, and that <see cref="ITraceFormat.Sniff"/> knows.</summary>
    string MainFile { get; }

    /// <summary>Reads what describes the recording from its folder.</summary>
    /// <exception cref="CaptureFormatException">The recording cannot be used.</exception>
    ITraceReader Open(ByteFolder folder);
}

/// <summary>An opened recording.</summary>
internal interface ITraceReader : IDisposable
{
    /// <summary>What the file says of itself; the name and size of the file are left empty.</summary>
    RunHeader Header { get; }

    /// <summary>The kinds of events the file describes.</summary>
    IReadOnlyList<TraceEventType> Types { get; }

    /// <summary>Whether numbers are stored most significant byte first.</summary>
    bool BigEndian { get; }

    IReadOnlyDictionary<int, string> ThreadNames { get; }

    /// <summary>Which thread runs which vCPU of which VM, where the file says so.</summary>
    IReadOnlyDictionary<int, int> MachineOfThread { get; }

    /// <summary>Events overwritten per CPU, as the recorder's own statistics say.</summary>
    IReadOnlyDictionary<int, ulong> Overruns { get; }

    /// <summary>Where the recording ends in its file, in bytes, as its description tells; what a file that tells nothing holds is all of the recording.</summary>
    long End => long.MaxValue;

    /// <summary>Whether the events of a thread come in their order. Where not, time that goes back shows it.</summary>
    bool IsInOrder => true;

    /// <summary>Whether the pipe that was read would have been read alike as a file. Where not, it is read again where it can be.</summary>
    bool ReadsAsFile => true;

    /// <summary>Whether an event may be of another thread than it says, and others may be missing anywhere, so that nothing can be claimed.</summary>
    bool IsLoose => false;

    /// <summary>The host of a thread, numbered from 0, and its number there, where the numbers of <see cref="RawEvent.Thread"/> are of several hosts.</summary>
    (int Host, int Thread) PlaceOf(int thread) => (0, thread);

    /// <summary>
    /// Tracepoints that were on wherever a thread was recorded, once all is read, where that is known of each thread by itself
    /// (<see cref="RunHeader.MayBeEdited"/>); else null.
    /// </summary>
    TracepointSet? HeardOf(int thread) => null;

    /// <summary>Reads all events in the order of time.</summary>
    /// <param name="sink">Takes them.</param>
    /// <param name="notes">Takes what is lossy or odd.</param>
    /// <param name="progress">Told now and then how many events and what part of the file are done.</param>
    /// <param name="cancel">Ends the reading.</param>
    void Read(IEventSink sink, CaptureNotes notes, Action<ulong, double>? progress, CancellationToken cancel);
}
