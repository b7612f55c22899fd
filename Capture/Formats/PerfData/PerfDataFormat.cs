using Differ.Capture.Bytes;

namespace Differ.Capture.Formats.PerfData;

/// <summary>perf record's file, and what it writes into a pipe.</summary>
/// <remarks>
/// <code>
/// file                                        pipe (perf record -o -)
///   perf_file_header: magic, sizes, sections    magic, size of this header, 16
///   attrs: perf_event_attr, section of its ids  records from here to the end:
///   data: records                                 HEADER_ATTR, one an attribute, with its ids
///   one section per feature bit, among them       HEADER_FEATURE, one a feature
///     TRACING_DATA, the formats of the events     HEADER_TRACING_DATA, the formats follow it
///                                                 then the same records as in a file
/// </code>
/// The two differ in where the description stands; the records are read by the same code.
/// Source: Linux tools/perf/util/header.c, <c>perf_session__do_write_header</c> and <c>perf_session__read_header</c>.
/// </remarks>
internal sealed class PerfDataFormat : IStreamedFormat
{
    /// <inheritdoc/>
    public string Name => "perf.data (perf record, file and pipe)";

    /// <inheritdoc/>
    public bool HasFixedStart => true;

    /// <inheritdoc/>
    public bool Sniff(ReadOnlySpan<byte> start) => PerfHeader.Sniff(start);

    /// <inheritdoc/>
    public bool Streams(ReadOnlySpan<byte> start) => PerfHeader.IsOfPipe(start);

    /// <inheritdoc/>
    public ITraceReader Open(KeptPipe pipe) => Open(new PipeSource(pipe));

    /// <inheritdoc/>
    public ITraceReader Open(ByteSource source)
    {
        PerfHeader header = PerfHeader.Read(source);
        PerfContent content = header.IsPipe ? PerfPipe.Read(source, header) : PerfFile.Read(source, header);
        return new PerfDataReader(source, header, content);
    }
}
