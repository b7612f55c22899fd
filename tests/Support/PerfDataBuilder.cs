using System.Buffers.Binary;
using System.Text;

namespace Differ.Tests.Support;

/// <summary>A tracepoint of a recording made for a test: its format, and records of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">Its number, <c>common_type</c>.</param>
/// <param name="Fields">Name, size and offset of each field.</param>
/// <param name="Size">Bytes of a record.</param>
internal sealed record PerfTracepoint(string Name, int Number, IReadOnlyList<(string Name, int Size, int Offset)> Fields, int Size)
{
    /// <summary>kvm_entry with vCPU and RIP.</summary>
    public static PerfTracepoint Entry { get; } = new("kvm_entry", 1001, [("vcpu_id", 4, 8), ("rip", 8, 16)], 24);

    /// <summary>kvm_exit as of 5.10.</summary>
    public static PerfTracepoint Exit { get; } = new("kvm_exit", 1002,
        [("exit_reason", 4, 8), ("guest_rip", 8, 16), ("isa", 4, 24), ("info1", 8, 32), ("info2", 8, 40), ("intr_info", 4, 48), ("error_code", 4, 52), ("vcpu_id", 4, 56)], 60);

    /// <summary>The same tracepoint as of a kernel.</summary>
    public static PerfTracepoint Of(EventFormat format) =>
        new(format.Name, format.Id, [.. format.Fields.Select(field => (field.Name, field.Size, field.Offset))], format.Size) { Text = format.Text };

    /// <summary>The text the kernel gives, where it is not made from the fields.</summary>
    public string? Text { get; init; }

    /// <summary>The text the kernel gives.</summary>
    public string Format => Text ?? $"name: {Name}\nID: {Number}\nformat:\n" + string.Concat(
        new (string Name, int Size, int Offset)[] { ("common_type", 2, 0), ("common_flags", 1, 2), ("common_preempt_count", 1, 3), ("common_pid", 4, 4) }
            .Concat(Fields).Select(row => $"\tfield:u{row.Size * 8} {row.Name};\toffset:{row.Offset};\tsize:{row.Size};\tsigned:0;\n"))
        + "\nprint fmt: \"\"\n";

    /// <summary>A record; fields that are not given are 0.</summary>
    public byte[] Record(bool bigEndian, int thread, params (string Name, ulong Value)[] values)
    {
        byte[] bytes = new byte[Size];
        Put(bytes.AsSpan(0, 2), (ulong)Number, bigEndian);
        Put(bytes.AsSpan(4, 4), (ulong)thread, bigEndian);
        foreach ((string name, ulong value) in values)
        {
            (_, int size, int offset) = Fields.Single(field => field.Name == name);
            Put(bytes.AsSpan(offset, size), value, bigEndian);
        }

        return bytes;
    }

    private static void Put(Span<byte> place, ulong value, bool bigEndian)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(eight, value);
        eight[..place.Length].CopyTo(place);
        if (bigEndian)
        {
            place.Reverse();
        }
    }
}

/// <summary>An attribute of a recording made for a test.</summary>
internal sealed record PerfEvent(PerfTracepoint Tracepoint, ulong Id)
{
    public const ulong
        Ip = 1 << 0, Tid = 1 << 1, Time = 1 << 2, Address = 1 << 3, Read = 1 << 4, CallChain = 1 << 5, IdBit = 1 << 6, Cpu = 1 << 7,
        PeriodBit = 1 << 8, StreamId = 1 << 9, Raw = 1 << 10, BranchStack = 1 << 11, Identifier = 1 << 16;

    /// <summary>What perf record -a -e 'kvm:*' asks for.</summary>
    public const ulong Usual = Ip | Tid | Time | Cpu | PeriodBit | Raw | Identifier;

    public uint Type { get; init; } = 2;

    public ulong SampleType { get; init; } = Usual;

    public ulong ReadFormat { get; init; }

    public ulong Period { get; init; } = 1;

    /// <summary>Numbers of the flags that are set; sample_id_all is.</summary>
    public IReadOnlyList<int> Flags { get; init; } = [18];

    public int ClockId { get; init; }

    /// <summary>Bytes of the attribute.</summary>
    public int Size { get; init; } = 128;
}

/// <summary>Builds small recordings of perf, byte for byte as Linux tools/perf/Documentation/perf.data-file-format.txt describes them.</summary>
/// <example><c>new PerfDataBuilder { Pipe = true }.Event(exit).Sample(exit, 1000, 0, 7, record).File</c></example>
internal sealed class PerfDataBuilder
{
    private readonly List<PerfEvent> _events = [];
    private readonly SortedDictionary<int, byte[]> _features = [];
    private List<byte> _records = [];
    private bool _packing;

    public bool BigEndian { get; init; }

    /// <summary>What perf record -o - writes.</summary>
    public bool Pipe { get; init; }

    /// <summary>Whether the formats of the tracepoints are in the file.</summary>
    public bool Described { get; init; } = true;

    /// <summary>Size of the data as the header has it; null for the true one.</summary>
    public ulong? ClaimedDataSize { get; init; }

    /// <summary>The recording.</summary>
    public byte[] File => Pipe ? BuildPipe() : BuildFile();

    /// <summary>Adds an attribute.</summary>
    public PerfDataBuilder Event(PerfEvent added)
    {
        _events.Add(added);
        return this;
    }

    /// <summary>Adds a feature.</summary>
    public PerfDataBuilder Feature(int bit, byte[] data)
    {
        _features[bit] = data;
        return this;
    }

    /// <summary>Adds a feature that is a text.</summary>
    public PerfDataBuilder Feature(int bit, string text) => Feature(bit, [.. U32((uint)text.Length + 1), .. Encoding.Latin1.GetBytes(text), 0]);

    /// <summary>Adds any record.</summary>
    public PerfDataBuilder Record(uint type, params byte[] body)
    {
        _records.AddRange([.. U32(type), .. U16(0), .. U16((ushort)(8 + body.Length)), .. body]);
        return this;
    }

    /// <summary>Adds bytes as they are.</summary>
    public PerfDataBuilder Bytes(params byte[] bytes)
    {
        _records.AddRange(bytes);
        return this;
    }

    /// <summary>Adds a sample.</summary>
    /// <param name="of">Its attribute.</param>
    /// <param name="time">Its time.</param>
    /// <param name="cpu">Its CPU.</param>
    /// <param name="thread">Process and thread.</param>
    /// <param name="raw">The record of the tracepoint.</param>
    /// <param name="between">What stands between the period and the raw data: a counter that was read, a call chain.</param>
    /// <param name="behind">What stands behind the raw data.</param>
    public PerfDataBuilder Sample(PerfEvent of, ulong time, int cpu, int thread, byte[] raw, byte[]? between = null, byte[]? behind = null)
    {
        var body = new List<byte>();
        void Add(ulong bit, params byte[] bytes) => body.AddRange((of.SampleType & bit) != 0 ? bytes : []);
        Add(PerfEvent.Identifier, U64(of.Id));
        Add(PerfEvent.Ip, U64(0xffff_ffff_8000_0000));
        Add(PerfEvent.Tid, [.. U32((uint)thread), .. U32((uint)thread)]);
        Add(PerfEvent.Time, U64(time));
        Add(PerfEvent.Address, U64(0xdead));
        Add(PerfEvent.IdBit, U64(of.Id));
        Add(PerfEvent.StreamId, U64(99));
        Add(PerfEvent.Cpu, [.. U32((uint)cpu), .. U32(0)]);
        Add(PerfEvent.PeriodBit, U64(1));
        body.AddRange(between ?? []);
        int padding = (8 - ((raw.Length + 4) % 8)) % 8;
        Add(PerfEvent.Raw, [.. U32((uint)(raw.Length + padding)), .. raw, .. new byte[padding]]);
        body.AddRange(behind ?? []);
        return Record(9, [.. body]);
    }

    /// <summary>Adds the exit from a guest of vCPU 0.</summary>
    public PerfDataBuilder Exit(PerfEvent of, ulong time, int cpu = 0, int thread = 7, ulong rip = 0x1000) => Sample(
        of, time, cpu, thread, of.Tracepoint.Record(BigEndian, thread, ("exit_reason", 0x72), ("guest_rip", rip), ("isa", 2)));

    /// <summary>Adds an entry into a guest of vCPU 0.</summary>
    public PerfDataBuilder Entry(PerfEvent of, ulong time, int cpu = 0, int thread = 7, ulong rip = 0x1000) => Sample(
        of, time, cpu, thread, of.Tracepoint.Record(BigEndian, thread, ("rip", rip)));

    /// <summary>Every ring was read.</summary>
    public PerfDataBuilder FinishedRound() => Record(68);

    /// <summary>LOST, with the trailer of the first attribute.</summary>
    public PerfDataBuilder Lost(ulong id, ulong events, ulong time, int cpu) => Record(2, [.. U64(id), .. U64(events), .. Trailer(id, time, cpu)]);

    /// <summary>LOST_SAMPLES.</summary>
    public PerfDataBuilder LostSamples(ulong id, ulong events, ulong time, int cpu) => Record(13, [.. U64(events), .. Trailer(id, time, cpu)]);

    /// <summary>ID_INDEX.</summary>
    public PerfDataBuilder IdIndex(params (ulong Id, int Cpu)[] entries) => Record(69,
        [.. U64((ulong)entries.Length), .. entries.SelectMany(entry => (byte[])[.. U64(entry.Id), .. U64(0), .. U64((ulong)entry.Cpu), .. U64(0)])]);

    /// <summary>COMM.</summary>
    public PerfDataBuilder Comm(int thread, string name) => Record(3,
        [.. U32((uint)thread), .. U32((uint)thread), .. Encoding.Latin1.GetBytes(name.PadRight(16, '\0')), .. Trailer(0, 1, 0)]);

    /// <summary>FORK of a thread.</summary>
    public PerfDataBuilder Fork(int thread, int parent) => Record(7,
        [.. U32((uint)thread), .. U32((uint)parent), .. U32((uint)thread), .. U32((uint)parent), .. U64(1), .. Trailer(0, 1, 0)]);

    /// <summary>Adds records in compressed pieces of one stream, cut without regard to where records end.</summary>
    /// <param name="write">Adds the records.</param>
    /// <param name="piece">Unpacked bytes of a piece.</param>
    /// <param name="type">81, or 83 with a size and padding.</param>
    public PerfDataBuilder Packed(Action<PerfDataBuilder> write, int piece, uint type = 81)
    {
        List<byte> outer = _records;
        _records = [];
        write(this);
        byte[][] pieces = [.. _records.Chunk(piece)];
        _records = outer;
        foreach (byte[] part in pieces)
        {
            byte[] packed = [.. _packing ? [] : ZstdStart, .. ZstdBlock(part)];
            _packing = true;
            _ = type == 81 ? Record(81, packed) : Record(type, [.. U64((ulong)packed.Length), .. packed, .. new byte[(8 - (packed.Length % 8)) % 8]]);
        }

        return this;
    }

    public byte[] U16(ushort value) => Ordered(BitConverter.GetBytes(value));

    public byte[] U32(uint value) => Ordered(BitConverter.GetBytes(value));

    public byte[] U64(ulong value) => Ordered(BitConverter.GetBytes(value));

    // RFC 8878: magic number, a header without content size and checksum, a window of 128 KiB.
    private static byte[] ZstdStart => [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];

    // A block that is not the last: repeated where all bytes are the same, else stored.
    private static byte[] ZstdBlock(byte[] bytes)
    {
        bool repeated = bytes.Distinct().Count() == 1;
        int header = (bytes.Length << 3) | (repeated ? 2 : 0);
        return [.. BitConverter.GetBytes(header)[..3], .. repeated ? [bytes[0]] : bytes];
    }

    private byte[] Ordered(byte[] bytes)
    {
        if (BigEndian == BitConverter.IsLittleEndian)
        {
            Array.Reverse(bytes);
        }

        return bytes;
    }

    private byte[] Trailer(ulong id, ulong time, int cpu)
    {
        ulong type = _events[0].SampleType;
        byte[] If(ulong bit, params byte[] bytes) => (type & bit) != 0 ? bytes : [];
        return
        [
            .. If(PerfEvent.Tid, [.. U32(7), .. U32(7)]), .. If(PerfEvent.Time, U64(time)), .. If(PerfEvent.IdBit, U64(id)),
            .. If(PerfEvent.StreamId, U64(99)), .. If(PerfEvent.Cpu, [.. U32((uint)cpu), .. U32(0)]), .. If(PerfEvent.Identifier, U64(id)),
        ];
    }

    private byte[] Attribute(PerfEvent of)
    {
        ulong flags = of.Flags.Aggregate(0UL, (sum, bit) => sum | (1UL << (BigEndian ? 63 - bit : bit)));
        byte[] bytes =
        [
            .. U32(of.Type), .. U32((uint)of.Size), .. U64((ulong)of.Tracepoint.Number), .. U64(of.Period), .. U64(of.SampleType), .. U64(of.ReadFormat),
            .. U64(flags), .. new byte[44], .. U32((uint)of.ClockId), .. new byte[64],
        ];
        return bytes[..of.Size];
    }

    private byte[] TracingData()
    {
        byte[] Zero(string text) => [.. Encoding.Latin1.GetBytes(text), 0];
        byte[] Sized(string text) => [.. U64((ulong)text.Length), .. Encoding.Latin1.GetBytes(text)];
        const string Page = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
            + "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";
        PerfTracepoint[] tracepoints = [.. _events.Select(one => one.Tracepoint).Distinct()];
        return
        [
            0x17, 0x08, 0x44, .. Encoding.Latin1.GetBytes("tracing"), .. Zero("0.6"), (byte)(BigEndian ? 1 : 0), 8, .. U32(4096),
            .. Zero("header_page"), .. Sized(Page), .. Zero("header_event"), .. Sized("# compressed entry header\n"), .. U32(0),
            .. U32(1), .. Zero("kvm"), .. U32((uint)tracepoints.Length), .. tracepoints.SelectMany(one => Sized(one.Format)), .. U32(0), .. U32(0), .. U64(0),
        ];
    }

    private byte[] BuildFile()
    {
        if (Described)
        {
            _features[1] = TracingData();
        }

        const int HeaderSize = 104;
        int entry = (_events.Count == 0 ? 128 : _events[0].Size) + 16;
        int attributes = HeaderSize + (8 * _events.Count);
        int data = attributes + (entry * _events.Count);
        int table = data + _records.Count;
        var file = new List<byte>();
        file.AddRange([.. BigEndian ? "2ELIFREP"u8 : "PERFILE2"u8, .. U64(HeaderSize), .. U64((ulong)entry)]);
        file.AddRange([.. U64((ulong)attributes), .. U64((ulong)(entry * _events.Count)), .. U64((ulong)data), .. U64(ClaimedDataSize ?? (ulong)_records.Count), .. U64(0), .. U64(0)]);
        file.AddRange([.. U64(_features.Keys.Aggregate(0UL, (sum, bit) => sum | (1UL << bit))), .. U64(0), .. U64(0), .. U64(0)]);
        file.AddRange(_events.SelectMany(one => U64(one.Id)));
        file.AddRange(_events.SelectMany((one, i) => (byte[])[.. Attribute(one), .. U64((ulong)(HeaderSize + (8 * i))), .. U64(8)]));
        file.AddRange(_records);
        int next = table + (16 * _features.Count);
        foreach (byte[] feature in _features.Values)
        {
            file.AddRange([.. U64((ulong)next), .. U64((ulong)feature.Length)]);
            next += feature.Length;
        }

        return [.. file, .. _features.Values.SelectMany(feature => feature)];
    }

    private byte[] BuildPipe()
    {
        List<byte> records = _records;
        _records = [];
        foreach (PerfEvent one in _events)
        {
            Record(64, [.. Attribute(one), .. U64(one.Id)]);
        }

        foreach ((int bit, byte[] data) in _features)
        {
            Record(80, [.. U64((ulong)bit), .. data]);
        }

        if (Described)
        {
            byte[] formats = TracingData();
            formats = [.. formats, .. new byte[(8 - (formats.Length % 8)) % 8]];
            Record(66, U32((uint)formats.Length)).Bytes(formats);
        }

        byte[] start = [.. _records];
        _records = records;
        return [.. BigEndian ? "2ELIFREP"u8 : "PERFILE2"u8, .. U64(16), .. start, .. records];
    }
}
