using System.Buffers.Binary;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary><c>perf_file_section</c>: a part of the file.</summary>
/// <param name="Offset">Where it starts.</param>
/// <param name="Size">Bytes.</param>
internal readonly record struct PerfSection(long Offset, long Size)
{
    public long End => Offset + Size;

    /// <summary>Reads offset and size.</summary>
    /// <exception cref="CaptureFormatException">DIF0101: the part is not inside the file.</exception>
    public static PerfSection Read(SourceReader reader, ByteSource source, string name)
    {
        var section = new PerfSection(reader.Offset(name), reader.Offset(name));
        if (section.Offset > source.Length || section.Size > source.Length - section.Offset)
        {
            CaptureFormatException.ThrowTruncated(name, section.Offset, section.Size, Math.Max(0, source.Length - section.Offset));
        }

        return section;
    }
}

/// <summary><c>perf_file_header</c>, or <c>perf_pipe_file_header</c>.</summary>
/// <param name="BigEndian">Byte order of everything that follows.</param>
/// <param name="IsPipe">Whether only records follow.</param>
/// <param name="AttributeSize">Bytes of an entry of the attributes; 0 in a pipe.</param>
/// <param name="Attributes">The attributes; empty in a pipe.</param>
/// <param name="Data">The records.</param>
/// <param name="Features">One bit per feature, 256 of them; empty in a pipe.</param>
/// <remarks>
/// <code>
/// struct perf_file_header {
///     u64 magic, size, attr_size;
///     struct perf_file_section attrs, data, event_types;
///     DECLARE_BITMAP(adds_features, 256);
/// };
/// </code>
/// Source: Linux tools/perf/util/header.h.
/// </remarks>
internal sealed record PerfHeader(
    bool BigEndian, bool IsPipe, int AttributeSize, PerfSection Attributes, PerfSection Data, IReadOnlyList<ulong> Features)
{
    /// <summary>Bits of <see cref="Features"/> (tools/perf/util/header.h).</summary>
    public const int TracingData = 1, HostName = 3, OsRelease = 4, DirFormat = 24, ClockData = 29;

    private const int MagicSize = sizeof(ulong);
    private const ulong PipeSize = 16;
    private const ulong SizeWithFeatures = 104;
    private const int FeatureWords = 4;
    private const ulong LargestAttribute = 1 << 12;

    /// <summary>Whether a file starts with the magic number, in either byte order.</summary>
    public static bool Sniff(ReadOnlySpan<byte> start) => start.StartsWith("PERFILE2"u8) || start.StartsWith("2ELIFREP"u8);

    /// <summary>Whether what starts with these bytes is what perf writes into a pipe.</summary>
    public static bool IsOfPipe(ReadOnlySpan<byte> start) => start.Length >= (int)PipeSize
        && (start[0] == (byte)'2' ? BinaryPrimitives.ReadUInt64BigEndian(start[MagicSize..]) : BinaryPrimitives.ReadUInt64LittleEndian(start[MagicSize..])) == PipeSize;

    /// <summary>Whether the file has a feature.</summary>
    public bool Has(int feature) => Features.Count > feature / 64 && (Features[feature / 64] >> (feature % 64) & 1) != 0;

    /// <summary>Reads the header.</summary>
    /// <exception cref="CaptureFormatException">The file is cut, damaged, or a part of a recording.</exception>
    public static PerfHeader Read(ByteSource source)
    {
        Span<byte> magic = stackalloc byte[MagicSize];
        source.ReadExactly(0, magic, "magic");
        bool bigEndian = magic[0] == (byte)'2';
        var reader = new SourceReader(source, MagicSize, bigEndian);
        ulong size = reader.U64("header size");
        if (size == PipeSize)
        {
            var all = new PerfSection((long)PipeSize, source.Length - (long)PipeSize);
            return new PerfHeader(bigEndian, IsPipe: true, 0, default, all, []);
        }

        if (size < SizeWithFeatures)
        {
            CaptureFormatException.ThrowImpossible("header size", MagicSize, $"{size}");
        }

        long at = reader.Position;
        ulong attributeSize = reader.U64("attribute size");
        if (attributeSize is < PerfAttribute.SmallestSize + 16 or > LargestAttribute)
        {
            CaptureFormatException.ThrowImpossible("attribute size", at, $"{attributeSize}");
        }

        PerfSection attributes = PerfSection.Read(reader, source, "attributes");
        at = reader.Position;
        PerfSection data = PerfSection.Read(reader, source, "data");
        _ = reader.U64("event types");
        _ = reader.U64("event types");
        ulong[] features = new ulong[FeatureWords];
        for (int i = 0; i < FeatureWords; i++)
        {
            features[i] = reader.U64("feature bits");
        }

        // perf writes the size of the data when it ends.
        return data.Size == 0
            ? CaptureFormatException.ThrowUnfinished<PerfHeader>(at)
            : new PerfHeader(bigEndian, IsPipe: false, (int)attributeSize, attributes, data, features);
    }
}
