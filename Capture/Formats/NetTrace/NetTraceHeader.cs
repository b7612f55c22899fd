using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.NetTrace;

/// <summary>The start of a .nettrace file.</summary>
/// <param name="Version">4 to 6.</param>
/// <param name="Frequency">Ticks of the clock per second.</param>
/// <param name="Process">The process that the file is about; 0 where it is about many.</param>
/// <remarks>
/// <code>
/// versions 4 and 5                                       version 6
///   "Nettrace"                                             "Nettrace"
///   u32 20, "!FastSerialization.1"                         u32 0, major version, minor version
///   tags 5 5 1, u32 version, u32, u32 5, "Trace", tag 6    u24 size of the first block, u8 1
///   start: 8 u16 of a date, u64 tick, u64 ticks per second, ...
/// </code>
/// Source: microsoft/perfview src/TraceEvent/EventPipe, NetTraceFormat.md and NetTraceFormat_v5.md.
/// </remarks>
internal sealed record NetTraceHeader(int Version, ulong Frequency, int Process)
{
    /// <summary>The first version without the objects of another format around its blocks.</summary>
    public const int FirstPlainVersion = 6;

    private const int DateSize = 16, TypeTagsSize = 3, LongestName = 64, BlockHeaderSize = 4;

    // Number of processors and sampling rate up to version 5, then the tag of the object's end.
    private const int SessionRest = (2 * sizeof(int)) + 1;
    private const uint FirstVersion = 4, LastVersion = 6;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>What every file starts with.</summary>
    public static ReadOnlySpan<byte> Magic => "Nettrace"u8;

    /// <summary>Reads the start.</summary>
    /// <param name="reader">At the start of the file; afterwards at the first block that is to be followed.</param>
    /// <exception cref="CaptureFormatException">It is cut short, or of a version that is not known.</exception>
    public static NetTraceHeader Read(SourceReader reader)
    {
        reader.Skip((ulong)Magic.Length, "magic");
        uint length = reader.U32("stream header");
        uint version;
        long versionAt;
        if (length == 0)
        {
            versionAt = reader.Position;
            version = reader.U32("major version");
            _ = reader.U32("minor version");
            reader.Skip(BlockHeaderSize, "first block");
        }
        else
        {
            _ = reader.Text(length, LongestName, "stream header");
            reader.Skip(TypeTagsSize, "type of the first object");
            versionAt = reader.Position;
            version = reader.U32("version");
            _ = reader.U32("version of the reader");
            _ = reader.Text(reader.U32("type name"), LongestName, "type name");
            _ = reader.U8("end of the type");
        }

        if (version is < FirstVersion or > LastVersion || (length == 0) != (version >= FirstPlainVersion))
        {
            CaptureFormatException.ThrowUnsupported($"version {version} of .nettrace is not known", "convert it, or record with trace-cmd", versionAt);
        }

        reader.Skip(DateSize + sizeof(ulong), "start of the session");
        long frequencyAt = reader.Position;
        ulong frequency = reader.U64("ticks per second");
        if (frequency is 0 or > NanosecondsPerSecond * 10)
        {
            CaptureFormatException.ThrowImpossible("ticks per second", frequencyAt, $"{frequency}");
        }

        int process = 0;
        if (version >= FirstPlainVersion)
        {
            reader.Position = versionAt + (2 * sizeof(uint));
        }
        else
        {
            _ = reader.U32("size of a pointer");
            process = (int)(reader.U32("process") & int.MaxValue);
            reader.Skip(SessionRest, "session");
        }

        return new NetTraceHeader((int)version, frequency, process);
    }

    /// <summary>The time of a tick in nanoseconds, modulo 2^64.</summary>
    public ulong Nanoseconds(ulong ticks)
    {
        if (Frequency == NanosecondsPerSecond)
        {
            return ticks;
        }

        (ulong seconds, ulong rest) = Math.DivRem(ticks, Frequency);
        return unchecked((seconds * NanosecondsPerSecond) + (rest * NanosecondsPerSecond / Frequency));
    }
}
