using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.PerfData;
using Differ.Capture.Formats.TraceDat;

namespace Differ.Capture.Formats;

/// <summary>Every capture format. A new one is a folder beside this file and a line here.</summary>
internal static class TraceFormats
{
    private const int SniffLength = 128;

    /// <summary>In the order in which they are tried; each says why it stands where it stands.</summary>
    public static IReadOnlyList<ITraceFormat> All { get; } =
    [
        // Ten fixed bytes at the start: nothing else can be taken for it.
        new TraceDatFormat(),

        // Eight fixed bytes.
        new PerfDataFormat(),
    ];

    /// <summary>The format of a file.</summary>
    /// <exception cref="CaptureFormatException">DIF0102: none knows the file.</exception>
    public static ITraceFormat Of(ByteSource source)
    {
        Span<byte> start = stackalloc byte[SniffLength];
        start = start[..source.Read(0, start)];
        foreach (ITraceFormat format in All)
        {
            if (format.Sniff(start))
            {
                return format;
            }
        }

        return CaptureFormatException.ThrowUnknownFormat<ITraceFormat>(source.Length, string.Join(", ", All.Select(format => format.Name)));
    }
}
