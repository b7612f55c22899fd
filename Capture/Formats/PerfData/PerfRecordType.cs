namespace Differ.Capture.Formats.PerfData;

/// <summary>
/// Types of records that Differ looks into; all others are passed over by their size.
/// Source: Linux include/uapi/linux/perf_event.h and, from 64 on, tools/lib/perf/include/perf/event.h.
/// </summary>
internal static class PerfRecordType
{
    /// <summary>u64 id, u64 how many records its ring lost before this one.</summary>
    public const uint Lost = 2;

    /// <summary>u32 process, u32 thread, its new name.</summary>
    public const uint Comm = 3;

    /// <summary>u64 time, u64 id, u64 stream: the kernel stopped an event that came too often.</summary>
    public const uint Throttle = 5;

    /// <summary>The same: the event goes on.</summary>
    public const uint Unthrottle = 6;

    /// <summary>u32 process, its parent, thread, its parent; the new thread has the name of the old one.</summary>
    public const uint Fork = 7;

    /// <summary>One event; see <see cref="PerfSample"/>.</summary>
    public const uint Sample = 9;

    /// <summary>u64 how many samples of an event were lost; perf writes one per event and CPU when it ends.</summary>
    public const uint LostSamples = 13;

    /// <summary>An attribute and its ids, in a pipe.</summary>
    public const uint HeaderAttribute = 64;

    /// <summary>u32 size of the formats of the events, which follow the record.</summary>
    public const uint HeaderTracingData = 66;

    /// <summary>Every ring has been read once since the last such record.</summary>
    public const uint FinishedRound = 68;

    /// <summary>u64 number of entries: id, index, CPU, thread, a u64 each.</summary>
    public const uint IdIndex = 69;

    /// <summary>u64 size of the data of a hardware tracer, which follows the record.</summary>
    public const uint AuxTrace = 71;

    /// <summary>No types: what the start of a magic number reads as where another recording follows, in either byte order.</summary>
    public const uint StartOfPipe = 0x46524550, StartOfBigEndianPipe = 0x32454c49;

    /// <summary>u64 feature, then what the file has in its section.</summary>
    public const uint HeaderFeature = 80;

    /// <summary>A piece of a zstd stream of records.</summary>
    public const uint Compressed = 81;

    /// <summary>u64 length of the piece, the piece, filled up to 8 bytes; in place of <see cref="Compressed"/> since Linux 6.16.</summary>
    public const uint Compressed2 = 83;
}
