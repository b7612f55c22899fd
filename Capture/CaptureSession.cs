using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;
using Differ.Capture.Vcpus;
using Differ.Schemas.Files;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture;

/// <summary>One capture from bytes to records: open, sniff, describe, read, decode, order, assemble.</summary>
public sealed class CaptureSession : IDisposable
{
    private readonly PipeReading? _pipe;
    private ITraceReader _reader;
    private CaptureNotes _notes = new();

    private CaptureSession(ITraceReader reader, string name, ulong size)
    {
        _reader = reader;
        Header = Describe(reader, name, size);
    }

    private CaptureSession(PipeReading pipe)
        : this(pipe.Open(), "", 0) => _pipe = pipe;

    /// <summary>Names of the formats Differ reads.</summary>
    public static IReadOnlyList<string> FormatNames => [.. TraceFormats.All.Select(format => format.Name)];

    /// <summary>What the capture says of itself before its first event.</summary>
    public RunHeader Header { get; private set; }

    /// <summary>Whether the capture comes through a pipe that is read front to back, so that its end may be far.</summary>
    public bool IsStream => _pipe is not null;

    /// <summary>Whether the capture is read while it is still being written: what comes later may change what was said before (<see cref="StartOver"/>).</summary>
    public bool IsProvisional => _pipe is { IsProvisional: true };

    private CaptureFile? Owns { get; set; }

    /// <summary>Texts that records refer to by number.</summary>
    public TextTable Texts { get; private set; } = new();

    /// <summary>What the capture is known to be after its last event; null before <see cref="ReadExits"/> has ended.</summary>
    public RunSummary? Summary { get; private set; }

    /// <summary>Opens the capture in a file.</summary>
    /// <exception cref="CaptureFormatException">The file cannot be used.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static CaptureSession Open(string path) => OpenOnly(CaptureFile.Open(path));

    /// <summary>Opens the capture that comes through a pipe, packed or not.</summary>
    /// <exception cref="CaptureFormatException">The capture cannot be used.</exception>
    public static CaptureSession Open(Stream pipe) => OpenOnly(CaptureFile.Open(pipe));

    /// <summary>The session of a recording that something else opened.</summary>
    internal static CaptureSession Of(ITraceReader reader) => new(reader, "", 0);

    /// <summary>Reads the whole capture and hands on its records.</summary>
    /// <param name="sink">Takes them.</param>
    /// <param name="progress">Told now and then how many events and what part of the capture are done.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="CaptureFormatException">The capture is damaged.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public RunSummary ReadExits(IExitSink sink, Action<ulong, double>? progress = null, CancellationToken cancel = default)
    {
        foreach (TraceEventType type in _reader.Types)
        {
            type.Binding = !type.IsCut && KvmTracepoints.Find(type.Layout.System, type.Layout.Name) is { } tracepoint
                ? BoundTracepoint.Bind(tracepoint, type.Layout, _reader.BigEndian, Texts)
                : null;
            type.Probe = type.IsCut ? null : BoundProbe.Bind(type.Layout, _reader.BigEndian);
        }

        var silent = new SilentTracepoints(sink);
        var streams = new VcpuStreams(silent, Header, _notes, _reader);
        _reader.Read(streams, _notes, progress, cancel);
        if (!IsProvisional || _reader.ReadsAsFile)
        {
            RefuseOthers(streams.Seen);
        }

        streams.End();
        Summary = Summarise(streams, silent.OffIn(Header.Listed));
        return Summary;
    }

    /// <summary>Goes back to the start of a pipe, where reading it once did not tell all. <see cref="Header"/> and <see cref="Texts"/> are others then.</summary>
    /// <param name="always">Whether to go back also where nothing else can come of it, because somebody wants to be told who has not been told yet.</param>
    /// <returns>Whether the capture has to be read again; what was read before is of no use then.</returns>
    public bool StartOver(bool always = false)
    {
        if (_pipe?.Reopen(_reader, always) is not { } reader)
        {
            return false;
        }

        _reader = reader;
        _notes = new CaptureNotes();
        Texts = new TextTable();
        Header = Describe(reader, Header.Capture, Header.CaptureSize);
        return true;
    }

    /// <summary>Counts the events of the capture by name.</summary>
    /// <returns>Every name that occurs, in alphabetical order.</returns>
    /// <exception cref="CaptureFormatException">The capture is damaged.</exception>
    public IReadOnlyList<(string Name, ulong Count)> CountEvents(CancellationToken cancel = default)
    {
        var sink = new CountingSink();
        _reader.Read(sink, _notes, null, cancel);
        var counts = _reader.Types.Where(type => type.Count > 0).GroupBy(type => type.Layout.Name, StringComparer.Ordinal)
            .Select(group => (group.Key, group.Aggregate(0UL, (sum, type) => sum + type.Count)))
            .OrderBy(item => item.Key, StringComparer.Ordinal).ToList();
        if (sink.Losses.Marks > 0)
        {
            counts.Add(("(loss markers)", sink.Losses.Marks));
        }

        return counts;
    }

    /// <summary>Writes every event of the capture, also those Differ does not use, one a line with all its fields.</summary>
    /// <exception cref="CaptureFormatException">The capture is damaged.</exception>
    public void DumpEvents(TextWriter output, CancellationToken cancel = default) =>
        _reader.Read(new EventDump(output, _reader, Header.ClockUnit == ClockUnit.Nanoseconds), _notes, null, cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _pipe?.Dispose();
        Owns?.Dispose();
    }

    /// <summary>Opens a recording that is several files.</summary>
    /// <param name="folder">The files.</param>
    /// <param name="format">Their format.</param>
    /// <param name="name">Name of the folder.</param>
    /// <param name="size">Bytes of all files.</param>
    /// <exception cref="CaptureFormatException">The recording cannot be used.</exception>
    internal static CaptureSession Of(ByteFolder folder, IFolderFormat format, string name, ulong size) => new(format.Open(folder), name, size);

    /// <summary>The capture in a source, which is closed with it.</summary>
    /// <param name="source">The source.</param>
    /// <param name="name">Name of the file.</param>
    /// <param name="size">Bytes of the file, which may be packed.</param>
    internal static CaptureSession Of(ByteSource source, string name, ulong size)
    {
        try
        {
            ITraceReader reader = TraceFormats.Of(source).Open(source);
            SoleRecording.Check(source, reader.End);
            return new CaptureSession(reader, name, size);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>The capture in a pipe.</summary>
    /// <param name="pipe">The pipe, unpacked.</param>
    /// <param name="live">Tells whether more comes; null where all is there.</param>
    internal static CaptureSession Of(PeekStream pipe, LiveStream? live)
    {
        byte[] start = new byte[TraceFormats.PipeStart];
        int length = 0, read = 1;
        var since = new System.Diagnostics.Stopwatch();
        while (read > 0 && length < start.Length
            && (length == 0 || live is null || live.Wait(live.Silence - since.Elapsed) || TraceFormats.NeedMore(start.AsSpan(0, length))))
        {
            // A writer that never falls silent may take hours for so much.
            try
            {
                read = pipe.Read(start.AsSpan(length));
            }
            catch (CaptureFormatException) when (length >= TraceFormats.SniffLength && TraceFormats.Find(start.AsSpan(0, length)) is null)
            {
                // What is no capture is that, however damaged it goes on.
                break;
            }

            length += read;
            since.Start();
        }

        if (length == 0)
        {
            // Nothing came before the interruption: that is no empty file.
            live?.ThrowIfInterrupted();
        }

        ReadOnlyMemory<byte> known = start.AsMemory(0, length);
        return TraceFormats.Of(known.Span, length) is IStreamedFormat streamed && streamed.Streams(known.Span)
            ? new CaptureSession(new PipeReading(streamed, new KeptPipe(known, read == 0 ? null : pipe, live), live is { IsWatched: true }))
            : Of(FileSource.Spool(known.Span, pipe, live), "", 0);
    }

    private static CaptureSession OpenOnly(CaptureFile file)
    {
        try
        {
            CaptureSession session = file.Only().OpenCapture();
            session.Owns = file;
            return session;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static RunHeader Describe(ITraceReader reader, string name, ulong size)
    {
        TracepointSet listed = default;
        EventLayout? failed = null, exception = null, nested = null;
        foreach (EventLayout layout in reader.Types.Where(type => type is { IsListed: true, IsCut: false }).Select(type => type.Layout))
        {
            if (KvmTracepoints.Find(layout.System, layout.Name) is not { } tracepoint)
            {
                continue;
            }

            listed |= KvmTracepoints.MemberOf(tracepoint);
            failed = tracepoint.Kind == KvmEventKind.NestedVmenterFailed ? layout : failed;
            exception = tracepoint.Kind == KvmEventKind.InjectException ? layout : exception;
            nested = tracepoint.Kind == KvmEventKind.NestedVmexit ? layout : nested;
        }

        return reader.Header with
        {
            Capture = name,
            CaptureSize = size,
            Listed = listed,
            NamesFailedChecks = failed?.Find("msg") is { IsDynamic: true },
            ShowsReinjection = exception?.Find("reinjected") is not null,

            // The names of its own that kvm_nested_vmexit had up to 5.9 come with the pretended exits of up to 5.7;
            // in 5.8 and 5.9 there is nothing to fold.
            PretendsNestedExits = nested?.Find("exit_code") is not null,
        };
    }

    private RunSummary Summarise(VcpuStreams streams, TracepointSet off)
    {
        foreach (Tracepoint tracepoint in KvmTracepoints.All.Where(one => off.Covers(KvmTracepoints.MemberOf(one)) && Describes(one)))
        {
            _notes.Add(CaptureNotes.SilentTracepoint, tracepoint.Name);
        }

        int[] machines = Machines.Of(streams.Streams, _reader.MachineOfThread, thread => _reader.PlaceOf(thread).Host);
        foreach (ulong overrun in _reader.Overruns.Values.Where(overrun => overrun > 0))
        {
            _notes.Add(CaptureNotes.Overrun, overrun);
        }

        return new RunSummary
        {
            Exits = streams.Streams.Aggregate(0UL, (sum, stream) => sum + stream.Count),
            Events = _reader.Types.Aggregate(0UL, (sum, type) => sum + type.Count),
            Seen = streams.Seen,
            Off = off,
            ListIsSelective = Header.ListIsSelective && EveryGroupOccurs(),
            Streams = [.. streams.Streams.Select((stream, i) => new VcpuStream(
                stream.Id, new VcpuId(stream.Vcpu), new ThreadId(_reader.PlaceOf(stream.Thread).Thread), _reader.ThreadNames.GetValueOrDefault(stream.Thread, ""),
                machines[i], stream.Count) { Heard = _reader.HeardOf(stream.Thread) })],
            Machines = machines.Length == 0 ? 0 : machines.Max() + 1,
            Losses = streams.Losses.WithOverruns(_reader.Overruns),
            Notes = _notes.ToList(),
            GuestVendor = streams.GuestVendor,
        };
    }

    // Nothing can be said of what is not KVM on x86, not even that nothing is wrong.
    private void RefuseOthers(TracepointSet seen)
    {
        var ofKvm = _reader.Types.Where(type => type.Count > 0 && KvmTracepoints.IsOfKvm(type.Layout.System)).ToList();
        if (ofKvm.Count == 0)
        {
            CaptureFormatException.ThrowNoKvmEvents(Header.Format, 0);
        }

        if (seen.IsEmpty && ofKvm.FirstOrDefault(type => KvmTracepoints.IsForeign(type.Layout.Name)) is { } foreign)
        {
            CaptureFormatException.ThrowNotX86($"tracepoint {foreign.Layout.Name} is of another architecture", 0);
        }
    }

    private bool Describes(Tracepoint tracepoint) => _reader.Types.Any(type => type.IsListed && KvmTracepoints.Find(type.Layout.System, type.Layout.Name) == tracepoint);

    private bool EveryGroupOccurs() => _reader.Types.Where(type => type.Layout.System != "ftrace")
        .GroupBy(type => type.Layout.System, StringComparer.Ordinal).All(group => group.Any(type => type.Count > 0));
}
