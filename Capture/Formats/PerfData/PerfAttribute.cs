using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary><c>perf_event_attr</c>: what was recorded of one event, and where that stands in its samples.</summary>
/// <remarks>
/// <code>
/// struct perf_event_attr {
///     u32 type, size;  u64 config, sample_period or sample_freq, sample_type, read_format, flags;
///     u32 wakeup, bp_type;  u64 config1, config2, branch_sample_type, sample_regs_user;
///     u32 sample_stack_user;  s32 clockid;  ...
/// };
/// </code>
/// Newer kernels append fields; they are passed over. Source: Linux include/uapi/linux/perf_event.h.
/// </remarks>
internal sealed class PerfAttribute
{
    /// <summary>Bytes of the first version, the least there can be.</summary>
    public const int SmallestSize = 64;

    /// <summary>Bits of <c>sample_type</c> that stand before the raw data, or in the trailer of other records.</summary>
    public const ulong
        Ip = 1 << 0, Tid = 1 << 1, TimeBit = 1 << 2, Address = 1 << 3, ReadBit = 1 << 4, CallChain = 1 << 5, IdBit = 1 << 6,
        CpuBit = 1 << 7, Period = 1 << 8, StreamId = 1 << 9, Raw = 1 << 10, Identifier = 1 << 16;

    /// <summary>Value of <c>type</c> of a tracepoint; <c>config</c> is its number then.</summary>
    public const uint TracepointType = 2;

    private const int FrequencyFlag = 10, SampleIdAllFlag = 18, ClockIdFlag = 25;
    private const int ClockIdOffset = 92;
    private const int Word = sizeof(ulong);

    private PerfAttribute(uint type, ulong config, ulong samplePeriod, ulong sampleType, ulong readFormat, Func<int, bool> flag, int? clockId)
    {
        Type = type;
        Config = config;
        SampleType = sampleType;
        ReadFormat = readFormat;
        RecordsNothing = samplePeriod == 0;
        RecordsAll = samplePeriod == 1 && !flag(FrequencyFlag);
        ClockId = clockId;
        FixedSize = PlaceSample();
        if (flag(SampleIdAllFlag))
        {
            PlaceTrailer();
        }
    }

    /// <summary>Kind of event.</summary>
    public uint Type { get; }

    /// <summary>Which event of its kind.</summary>
    public ulong Config { get; }

    /// <summary>What a sample holds.</summary>
    public ulong SampleType { get; }

    /// <summary>What a counter that was read into a sample holds.</summary>
    public ulong ReadFormat { get; }

    /// <summary>Whether the event was only counted.</summary>
    public bool RecordsNothing { get; }

    /// <summary>Whether every occurrence was recorded, not one in so many or so many a second.</summary>
    public bool RecordsAll { get; }

    /// <summary>The clock as clock_gettime(2) numbers it; null for perf's own.</summary>
    public int? ClockId { get; }

    /// <summary>Whether this is a tracepoint.</summary>
    public bool IsTracepoint => Type == TracepointType;

    /// <summary>Which recording of the same tracepoint, from 0.</summary>
    public int Instance { get; set; }

    /// <summary>Where a sample holds the id of its event, behind the record header; -1 where it does not.</summary>
    public int IdOffset { get; private set; } = -1;

    /// <summary>Where it holds process and thread; -1 where it does not.</summary>
    public int TidOffset { get; private set; } = -1;

    /// <summary>Where it holds the time; -1 where it does not.</summary>
    public int TimeOffset { get; private set; } = -1;

    /// <summary>Where it holds the CPU; -1 where it does not.</summary>
    public int CpuOffset { get; private set; } = -1;

    /// <summary>Where the parts of varying size start.</summary>
    public int FixedSize { get; }

    /// <summary>Whether the raw data follows the fixed part at once.</summary>
    public bool IsPlain => (SampleType & (ReadBit | CallChain)) == 0;

    /// <summary>How far before the end of any other record its time stands; 0 where it has none.</summary>
    public int TimeBeforeEnd { get; private set; }

    /// <summary>How far before the end of any other record its CPU stands; 0 where it has none.</summary>
    public int CpuBeforeEnd { get; private set; }

    /// <summary>How far before the end of any other record the id of its event stands; 0 where it has none.</summary>
    public int IdBeforeEnd { get; private set; }

    /// <summary>Reads an attribute.</summary>
    /// <param name="bytes">At least <see cref="SmallestSize"/> of them.</param>
    /// <param name="fileOffset">Where they stand in the file.</param>
    /// <param name="bigEndian">Byte order.</param>
    /// <exception cref="CaptureFormatException">DIF0101: there are fewer.</exception>
    public static PerfAttribute Read(ReadOnlySpan<byte> bytes, long fileOffset, bool bigEndian)
    {
        var cursor = new ByteCursor(bytes, fileOffset, bigEndian);
        uint type = cursor.U32("attr.type");
        _ = cursor.U32("attr.size");
        ulong config = cursor.U64("attr.config");
        ulong period = cursor.U64("attr.sample_period");
        ulong sampleType = cursor.U64("attr.sample_type");
        ulong readFormat = cursor.U64("attr.read_format");
        ulong flags = cursor.U64("attr.flags");

        // C lays bit fields out from the low bit on little-endian machines, from the high bit on big-endian ones.
        bool Flag(int bit) => (flags >> (bigEndian ? 63 - bit : bit) & 1) != 0;
        int? clock = null;
        if (Flag(ClockIdFlag) && bytes.Length >= ClockIdOffset + sizeof(int))
        {
            cursor.Take(ClockIdOffset - (bytes.Length - cursor.Left), "attr.clockid");
            clock = unchecked((int)cursor.U32("attr.clockid"));
        }

        return new PerfAttribute(type, config, period, sampleType, readFormat, Flag, clock);
    }

    // The order of the parts is not that of the bits (include/uapi/linux/perf_event.h, PERF_RECORD_SAMPLE).
    private int PlaceSample()
    {
        int at = 0;
        int Place(ulong bit)
        {
            int place = (SampleType & bit) != 0 ? at : -1;
            at += place >= 0 ? Word : 0;
            return place;
        }

        int identifier = Place(Identifier);
        Place(Ip);
        TidOffset = Place(Tid);
        TimeOffset = Place(TimeBit);
        Place(Address);
        int id = Place(IdBit);
        Place(StreamId);
        CpuOffset = Place(CpuBit);
        Place(Period);
        IdOffset = identifier >= 0 ? identifier : id;
        return at;
    }

    // struct sample_id at the end of every other record: TID, TIME, ID, STREAM_ID, CPU, IDENTIFIER; counted from behind.
    private void PlaceTrailer()
    {
        int behind = 0;
        int Place(ulong bit)
        {
            bool there = (SampleType & bit) != 0;
            behind += there ? Word : 0;
            return there ? behind : 0;
        }

        int identifier = Place(Identifier);
        CpuBeforeEnd = Place(CpuBit);
        Place(StreamId);
        int id = Place(IdBit);
        TimeBeforeEnd = Place(TimeBit);
        IdBeforeEnd = identifier > 0 ? identifier : id;
    }
}
