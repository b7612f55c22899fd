using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>The first bytes of a trace.dat file.</summary>
/// <param name="Version">6 or 7.</param>
/// <param name="BigEndian">Byte order of everything that follows.</param>
/// <param name="PageSize">Page size of the traced machine, in bytes.</param>
/// <param name="Compression">Name of the compression; "none" in version 6.</param>
/// <param name="Next">Where the next part starts: the headers in version 6, the first options section in version 7.</param>
internal sealed record TraceDatHeader(int Version, bool BigEndian, int PageSize, string Compression, long Next)
{
    private const int LongestWord = 64;

    /// <summary>Reads the header.</summary>
    /// <exception cref="CaptureFormatException">The file is cut, or of a version Differ does not know.</exception>
    public static TraceDatHeader Read(ByteSource source)
    {
        // The version stands before the byte order and is a text, so either order reads it.
        var start = new SourceReader(source, TracingSections.Magic.Length, bigEndian: false);
        long versionAt = start.Position;
        string version = start.CString(LongestWord, "trace.dat version");
        if (version is not ("6" or "7"))
        {
            CaptureFormatException.ThrowUnsupported(
                $"trace.dat version \"{version}\" is not known", "convert it with trace-cmd convert --file-version 7", versionAt);
        }

        long orderAt = start.Position;
        byte order = start.U8("endianness");
        if (order > 1)
        {
            CaptureFormatException.ThrowImpossible("endianness", orderAt, $"{order}");
        }

        var reader = new SourceReader(source, start.Position, order == 1);
        _ = reader.U8("size of long");
        long pageAt = reader.Position;
        uint pageSize = reader.U32("page size");
        if (pageSize is < 128 or > 1 << 24)
        {
            CaptureFormatException.ThrowImpossible("page size", pageAt, $"{pageSize}");
        }

        string compression = "none";
        long next = reader.Position;
        if (version == "7")
        {
            compression = reader.CString(LongestWord, "compression name");
            _ = reader.CString(LongestWord, "compression version");
            next = reader.Offset("offset of the options");
        }

        return new TraceDatHeader(version[0] - '0', order == 1, (int)pageSize, compression, next);
    }
}
