using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Wrappers;

namespace Differ.Capture;

/// <summary>A file holds one recording: where others were written behind it, only the first would be judged, and nobody would be told.</summary>
internal static class SoleRecording
{
    private const int WindowSize = 1 << 16, LongestStart = 16;

    /// <summary>Refuses a file in which another recording follows the first.</summary>
    /// <param name="source">The file.</param>
    /// <param name="end">Where the first ends, or a place behind which nothing of it starts as a recording does.</param>
    /// <exception cref="CaptureFormatException">DIF0111: another one follows.</exception>
    public static void Check(ByteSource source, long end)
    {
        byte[] window = new byte[WindowSize];
        for (long at = end; at < source.Length; at += WindowSize - LongestStart)
        {
            ReadOnlySpan<byte> there = window.AsSpan(0, source.Read(at, window));
            if (at == end && NameOf(there) is { } next)
            {
                CaptureFormatException.ThrowAnother(next, at);
            }

            // What only fills the file up to a page is soon passed over.
            for (int i = there.IndexOfAnyExcept((byte)0); i >= 0 && i < there.Length; i++)
            {
                if (NameOfFixed(there[i..]) is { } later)
                {
                    CaptureFormatException.ThrowAnother(later, at + i);
                }
            }
        }
    }

    private static string? NameOf(ReadOnlySpan<byte> start) => Packings.Sniff(start) ? "a packed one" : TraceFormats.Find(start)?.Name;

    private static string? NameOfFixed(ReadOnlySpan<byte> start)
    {
        foreach (ITraceFormat format in TraceFormats.All)
        {
            if (format.HasFixedStart && format.Sniff(start))
            {
                return format.Name;
            }
        }

        return null;
    }
}
