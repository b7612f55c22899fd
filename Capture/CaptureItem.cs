using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Wrappers;
using Differ.Schemas.Files;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture;

/// <summary>One capture or run in a <see cref="CaptureFile"/>. That of a pipe can be opened once, any other as often as wanted.</summary>
public sealed class CaptureItem
{
    private readonly Func<CaptureSession> _capture;
    private readonly Func<RunReader> _run;

    private CaptureItem(string name, bool isRun, Func<CaptureSession> capture, Func<RunReader> run)
    {
        Name = PlainText.Of(name);
        IsRun = isRun;
        _capture = capture;
        _run = run;
    }

    /// <summary>Its name, as <see cref="PlainText"/>: that of the file, or of the member of an archive; empty for a pipe.</summary>
    public string Name { get; }

    /// <summary>Whether it is a run that was made of a capture.</summary>
    public bool IsRun { get; }

    /// <summary>Opens the capture.</summary>
    /// <exception cref="CaptureFormatException">It cannot be used, or is none.</exception>
    public CaptureSession OpenCapture() => _capture();

    /// <summary>Opens the run.</summary>
    /// <exception cref="RunFormatException">It cannot be used, or is none.</exception>
    public RunReader OpenRun() => _run();

    /// <summary>Of a source, which stays open.</summary>
    internal static CaptureItem Of(ByteSource source, string name, ulong size)
    {
        Span<byte> start = stackalloc byte[RunFile.Magic.Length];
        return new CaptureItem(
            name, RunReader.Sniff(start[..source.Read(0, start)]),
            () => CaptureSession.Of(new SliceSource(source, 0, source.Length), name, size),
            () => RunReader.Open(new BufferedStream(new SourceStream(source))));
    }

    /// <summary>Of a packed source, which stays open: what is in it is unpacked anew whenever it is opened, and is gone when it is closed.</summary>
    internal static CaptureItem OfPacked(ByteSource packed, string name, ulong size, bool isRun) => new(
        name, isRun, () => CaptureSession.Of(Unpack(packed), name, size), () => RunReader.Open(Packings.Unwrap(new SourceStream(packed))));

    /// <summary>Of the files of a folder. The name of the file that describes the others says nothing, that of the folder does.</summary>
    internal static CaptureItem Of(ByteFolder folder, IFolderFormat format) => new(
        folder.Name, false, () => CaptureSession.Of(folder, format, folder.Name, folder.Size),
        static () => throw new InvalidOperationException("a folder is no run"));

    /// <summary>Of a pipe that has not been read from.</summary>
    internal static CaptureItem Of(PeekStream pipe, LiveStream? live) => new(
        "", RunReader.Sniff(pipe.Peek(RunFile.Magic.Length)), () => CaptureSession.Of(pipe, live), () => RunReader.Open(pipe));

    private static FileSource Unpack(ByteSource packed)
    {
        using PeekStream bare = Packings.Unwrap(new SourceStream(packed));
        return FileSource.Spool([], bare);
    }

    /// <summary>What a file is worth: 0 for a run, then the formats in the order of their list; null for no capture, and for a computed run.</summary>
    internal static int? Rank(PeekStream bare)
    {
        ReadOnlySpan<byte> start = bare.Peek(TraceFormats.SniffLength);
        if (RunReader.Sniff(start))
        {
            return RunReader.IsComputed(bare) ? null : 0;
        }

        for (int i = 0; i < TraceFormats.All.Count; i++)
        {
            if (TraceFormats.All[i].Sniff(start))
            {
                return i + 1;
            }
        }

        return null;
    }
}
