using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Formats.PerfData;

/// <summary>The kernel's formats of the recorded tracepoints: the start of a trace.dat, version 0.x.</summary>
/// <remarks>It has a byte order of its own. Source: Linux tools/perf/util/trace-event-info.c, <c>tracing_data_get</c>.</remarks>
internal static class PerfTracingData
{
    private const int LongestVersion = 16;

    /// <summary>Reads the formats.</summary>
    /// <exception cref="CaptureFormatException">The part is damaged.</exception>
    public static TracingContent Read(ByteSource source, PerfSection section)
    {
        Span<byte> magic = stackalloc byte[TracingSections.Magic.Length];
        source.ReadExactly(section.Offset, magic, "tracing data");
        if (!magic.SequenceEqual(TracingSections.Magic))
        {
            CaptureFormatException.ThrowImpossible("start of the tracing data", section.Offset, Convert.ToHexStringLower(magic));
        }

        var start = new SourceReader(source, section.Offset + magic.Length, bigEndian: false);
        _ = start.CString(LongestVersion, "version of the tracing data");
        long orderAt = start.Position;
        byte order = start.U8("endianness");
        if (order > 1)
        {
            CaptureFormatException.ThrowImpossible("endianness", orderAt, $"{order}");
        }

        var reader = new SourceReader(source, start.Position, order == 1);
        _ = reader.U8("size of long");
        _ = reader.U32("page size");
        var content = new TracingContent { Page = TracingSections.ReadHeaderInfo(reader) };
        TracingSections.ReadFtraceFormats(reader, content);
        TracingSections.ReadEventFormats(reader, content);
        return content;
    }
}
