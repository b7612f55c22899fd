using Differ.Capture.Bytes;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>trace-cmd's file, versions 6 and 7.</summary>
/// <remarks>
/// <code>
/// version 6, front to back          version 7, found through options
///   magic, version, endianness        magic, version, endianness, compression
///   header_page, header_event         offset of the first OPTIONS section
///   ftrace and event formats            options point to sections:
///   kallsyms, printk, cmdlines            header info, formats, cmdlines, strings
///   options, buffers                      one BUFFER per instance
///   per CPU: pages of the ring buffer   per CPU: pages, in compressed blocks of several
/// </code>
/// Source: trace-cmd Documentation/trace-cmd/trace-cmd.dat.v6.5.txt and trace-cmd.dat.v7.5.txt.
/// </remarks>
internal sealed class TraceDatFormat : ITraceFormat
{
    /// <inheritdoc/>
    public string Name => "trace.dat (trace-cmd v6, v7)";

    /// <inheritdoc/>
    public bool HasFixedStart => true;

    /// <inheritdoc/>
    public bool Sniff(ReadOnlySpan<byte> start) => start.StartsWith(TracingSections.Magic);

    /// <inheritdoc/>
    public ITraceReader Open(ByteSource source)
    {
        TraceDatHeader header = TraceDatHeader.Read(source);
        TraceDatContent content = header.Version == 6 ? TraceDatV6.Read(source, header) : TraceDatV7.Read(source, header);
        return new TraceDatReader(source, header, content);
    }
}
