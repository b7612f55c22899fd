using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Ctf.Tsdl;

namespace Differ.Capture.Formats.Ctf;

/// <summary>The Common Trace Format, version 1.8: what LTTng records and perf data convert makes of a recording. A folder.</summary>
/// <remarks>
/// <code>
/// metadata        says in a language of its own, TSDL, what the other files hold
/// any other name  a stream of packets of events, one for each CPU
/// </code>
/// TraceEvent has a reader, too, CtfTraceEventSource. It opens a zip file only and hands on the events of .NET that it has a table of;
/// any other event is passed over, so that tracepoints cannot be read with it. Source: the Common Trace Format, version 1.8.3.
/// </remarks>
internal sealed class CtfFormat : IFolderFormat
{
    /// <inheritdoc/>
    public string Name => "CTF 1.8 (perf data convert --to-ctf, LTTng; the folder)";

    /// <inheritdoc/>
    public string MainFile => "metadata";

    /// <inheritdoc/>
    public bool Sniff(ReadOnlySpan<byte> start) => TsdlText.Sniff(start);

    /// <inheritdoc/>
    public ITraceReader Open(ByteSource source)
    {
        // A description alone: one that cannot be used says so first.
        _ = TsdlParser.Parse(TsdlText.Read(source));
        return CaptureFormatException.ThrowCtfMetadata<ITraceReader>();
    }

    /// <inheritdoc/>
    public ITraceReader Open(ByteFolder folder)
    {
        using ByteSource metadata = folder.Open(MainFile);
        return new CtfReader(folder, MainFile, new CtfSchema(TsdlParser.Parse(TsdlText.Read(metadata))));
    }
}
