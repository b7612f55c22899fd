using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.PerfData;

/// <summary>Everything a recording says before its events, gathered from a file or a pipe.</summary>
internal sealed class PerfContent
{
    private const int LargestFeature = 1 << 16;

    /// <summary>What was recorded.</summary>
    public PerfAttributes Attributes { get; } = new();

    /// <summary>Formats of the events; null while they have not been found.</summary>
    public TracingContent? Formats { get; set; }

    /// <summary>Release of the kernel; empty where the file does not say.</summary>
    public string KernelRelease { get; private set; } = "";

    /// <summary>Name of the host; empty where it has none.</summary>
    public string HostName { get; private set; } = "";

    /// <summary>The clock that CLOCK_DATA relates to the time of day; null where there is none.</summary>
    public int? ClockId { get; private set; }

    /// <summary>Where the last feature ends; 0 before the first.</summary>
    public long End { get; private set; }

    /// <summary>Takes a feature; those that say nothing about the events are passed over.</summary>
    /// <param name="feature">Its bit.</param>
    /// <param name="section">Where it stands.</param>
    /// <param name="source">The file.</param>
    /// <param name="bigEndian">Byte order.</param>
    public void AddFeature(int feature, PerfSection section, ByteSource source, bool bigEndian)
    {
        End = Math.Max(End, section.End);
        switch (feature)
        {
            case PerfHeader.TracingData:
                Formats = PerfTracingData.Read(source, section);
                break;
            case PerfHeader.HostName:
                string name = Text(section, source, bigEndian);
                HostName = name == "(none)" ? "" : name;
                break;
            case PerfHeader.OsRelease:
                KernelRelease = Text(section, source, bigEndian);
                break;
            case PerfHeader.DirFormat:
                CaptureFormatException.ThrowDirectory(section.Offset);
                break;
            case PerfHeader.ClockData:
                var reader = new SourceReader(source, section.Offset, bigEndian);
                _ = reader.U32("clock_data.version");
                ClockId = unchecked((int)reader.U32("clock_data.clockid"));
                break;
            default:
                break;
        }
    }

    // perf_header_string: u32 length, then the text, filled up with zeros.
    private static string Text(PerfSection section, ByteSource source, bool bigEndian)
    {
        var reader = new SourceReader(source, section.Offset, bigEndian);
        byte[] text = reader.Bytes(reader.U32("length of a text"), LargestFeature, "text");
        int end = Array.IndexOf(text, (byte)0);
        return Utf8Text.Decode(text.AsSpan(0, end < 0 ? text.Length : end));
    }
}
