using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Formats.Ctf;
using Differ.Capture.Formats.NetTrace;
using Differ.Capture.Formats.PerfData;
using Differ.Capture.Formats.Text;
using Differ.Capture.Formats.TraceDat;

namespace Differ.Capture;

/// <summary>Every capture format. A new one is a folder in <c>Formats</c> and a line here.</summary>
internal static class TraceFormats
{
    /// <summary>How much of a pipe is read before it is decided what it is.</summary>
    public const int PipeStart = 1 << 20;

    /// <summary>How much of it is looked at to find what it is.</summary>
    public const int SniffLength = 1 << 16;

    /// <summary>In the order in which they are tried; each says why it stands where it stands.</summary>
    public static IReadOnlyList<ITraceFormat> All { get; } =
    [
        // Ten fixed bytes at the start: nothing else can be taken for it.
        new TraceDatFormat(),

        // Eight fixed bytes.
        new PerfDataFormat(),

        // Eight fixed bytes.
        new NetTraceFormat(),

        // Four fixed bytes, or the comment that a description starts with: before the text, which may hold anything.
        new CtfFormat(),

        // Anything with a line that looks like an event: last, because a binary file may hold such a line too.
        new TextFormat(),
    ];

    /// <summary>The format of a file.</summary>
    /// <exception cref="CaptureFormatException">DIF0102: none knows the file.</exception>
    public static ITraceFormat Of(ByteSource source)
    {
        byte[] start = new byte[SniffLength];
        return Of(start.AsSpan(0, source.Read(0, start)), source.Length);
    }

    /// <summary>The format of a recording that is several files, told by the one that describes the others; null for any other file.</summary>
    public static IFolderFormat? FolderFormatOf(ByteSource source, string name)
    {
        byte[] start = new byte[SniffLength];
        int length = source.Read(0, start);
        return All.OfType<IFolderFormat>().FirstOrDefault(format => format.MainFile == name && format.Sniff(start.AsSpan(0, length)));
    }

    /// <summary>Whether nobody knows what starts with these bytes, and more of them may tell: what stands before a text has no end of its own.</summary>
    public static bool NeedMore(ReadOnlySpan<byte> start) => start.Length < SniffLength && Find(start) is null;

    /// <summary>The format of what starts with these bytes.</summary>
    /// <exception cref="CaptureFormatException">DIF0102: none knows it.</exception>
    public static ITraceFormat Of(ReadOnlySpan<byte> start, long length) =>
        Find(start) ?? CaptureFormatException.ThrowUnknownFormat<ITraceFormat>(length, string.Join(", ", All.Select(format => format.Name)));

    /// <summary>The format of what starts with these bytes; null where nobody knows it.</summary>
    public static ITraceFormat? Find(ReadOnlySpan<byte> start)
    {
        start = start[..Math.Min(start.Length, SniffLength)];
        foreach (ITraceFormat format in All)
        {
            if (format.Sniff(start))
            {
                return format;
            }
        }

        return null;
    }
}
