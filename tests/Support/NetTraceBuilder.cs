using System.Buffers.Binary;
using System.Text;

namespace Differ.Tests.Support;

/// <summary>Builds small .nettrace files, byte for byte as the format's description has them, with tracepoints as dotnet-trace writes them.</summary>
/// <example><c>new NetTraceBuilder().Describe("kvm", format).Thread(1, 50, 100).Event(1000, 0, 1, format.Id, record).File</c></example>
internal sealed class NetTraceBuilder
{
    private const byte EventKind = 2, MetadataKind = 3, SequencePointKind = 4, ThreadKind = 6;
    private const int LargestBlock = 1 << 16;
    private const byte AllGroups = 1 | 2 | 4 | 8 | 16 | 64 | 128, SortedFlag = 64;

    private readonly List<byte> _file = [];
    private readonly List<byte> _events = [];
    private readonly List<byte> _metadata = [];
    private readonly Dictionary<int, int> _metadataOfId = [];
    private readonly Dictionary<long, uint> _sequence = [];
    private bool _started;
    private ulong _lastTime;
    private uint _lastNumber;
    private long _lastCapturedBy;

    /// <summary>4, 5 or 6; 5 is 4 with tags behind the descriptions, and says 4 itself.</summary>
    public int Version { get; init; } = 6;

    /// <summary>Whether event headers are packed.</summary>
    public bool Packed { get; init; } = true;

    /// <summary>Whether the events come in order of time, all captured by thread 0, as for tracepoints; else each by its own thread.</summary>
    public bool Sorted { get; init; } = true;

    /// <summary>Whether descriptions end at the first field that is no plain integer, as dotnet-trace's do.</summary>
    public bool CutsDescriptions { get; init; }

    /// <summary>Ticks of the clock per second.</summary>
    public long Frequency { get; init; } = 1_000_000_000;

    /// <summary>The tick the session started at.</summary>
    public long StartTick { get; init; }

    /// <summary>The file.</summary>
    public byte[] File
    {
        get
        {
            EndEvents();
            return [.. _file, .. Version == 6 ? new byte[4] : [1]];
        }
    }

    /// <summary>The same events as in a trace.dat.</summary>
    /// <param name="traceDat">The recording.</param>
    /// <param name="kernel">Its tracepoints.</param>
    /// <param name="builder">Where to.</param>
    /// <param name="probes">Its probes of the group differ.</param>
    public static byte[] Like(byte[] traceDat, KernelLayouts kernel, NetTraceBuilder builder, params IReadOnlyList<EventFormat> probes)
    {
        foreach (EventFormat format in (EventFormat[])[.. kernel.Formats, .. probes])
        {
            builder.Describe(probes.Contains(format) ? "differ" : "kvm", format);
        }

        EventList events = EventList.Of(traceDat);
        foreach (int thread in events.Events.Select(one => one.Thread).Distinct())
        {
            builder.Thread(thread, 50, thread);
        }

        foreach (KeptEvent one in events.Events)
        {
            builder.Event(one.Time, one.Cpu, one.Thread, (probes.FirstOrDefault(probe => probe.Name == one.Name) ?? kernel[one.Name]).Id, one.Payload);
        }

        return builder.File;
    }

    /// <summary>Describes a tracepoint.</summary>
    public NetTraceBuilder Describe(string system, EventFormat format) => Describe(system, format.Name, format.Id,
        [("common_type", 8), ("common_flags", 6), ("common_preempt_count", 6), ("common_pid", 9), .. Fields(format)]);

    /// <summary>Describes an event by the codes of its fields' types.</summary>
    public NetTraceBuilder Describe(string provider, string name, int id, params (string Name, int Code)[] fields)
    {
        _metadataOfId[id] = _metadataOfId.Count + 1;
        if (Version == 6)
        {
            byte[] row =
            [
                .. Packing((uint)_metadataOfId[id]), .. Utf8(provider), .. Packing((uint)id), .. Utf8(name), .. U16(fields.Length),
                .. fields.SelectMany(field =>
                {
                    byte[] body = [.. Utf8(field.Name), .. TypeOf(field.Code)];
                    return (byte[])[.. U16(body.Length), .. body];
                }),
                .. U16(0),
            ];
            _metadata.AddRange([.. U16(row.Length), .. row]);
            return this;
        }

        byte[] payload =
        [
            .. U32((uint)_metadataOfId[id]), .. Utf16(provider), .. U32((uint)id), .. Utf16(name), .. U64(0), .. U32(0), .. U32(5), .. U32((uint)fields.Length),
            .. fields.SelectMany(field => (byte[])[.. U32((uint)field.Code), .. Utf16(field.Name)]),
            .. Version == 5 ? (byte[])[.. U32(1), 1, 0] : [],
        ];
        // Always packed: the library does not pass over what fills a plain one up to four bytes.
        _metadata.AddRange([128, 0, .. Packing((uint)payload.Length), .. payload]);
        return this;
    }

    /// <summary>Tells process and thread of a thread's number in the file.</summary>
    public NetTraceBuilder Thread(long index, int process, int thread)
    {
        Start();
        if (Version == 6)
        {
            EndEvents();
            byte[] row = [.. Packing((ulong)index), 2, .. Packing((ulong)process), 3, .. Packing((ulong)thread)];
            Block(ThreadKind, "", [.. U16(row.Length), .. row]);
        }

        return this;
    }

    /// <summary>Adds an event.</summary>
    /// <param name="time">In ticks.</param>
    /// <param name="cpu">The processor.</param>
    /// <param name="thread">Number of the thread.</param>
    /// <param name="id">Number of its kind of event.</param>
    /// <param name="payload">The record.</param>
    /// <param name="skipped">Sequence numbers passed over before it: events that were dropped.</param>
    public NetTraceBuilder Event(ulong time, int cpu, long thread, int id, byte[] payload, uint skipped = 0)
    {
        EndMetadata();
        long capturedBy = Sorted ? 0 : thread;
        if (capturedBy != _lastCapturedBy)
        {
            // Only an event that ends what waits for its turn may be of another thread than the one before in its block.
            EndEvents();
            _lastCapturedBy = capturedBy;
        }

        uint number = _sequence[capturedBy] = _sequence.GetValueOrDefault(capturedBy) + 1 + skipped;
        _events.AddRange(Packed
            ? PackedEvent(_metadataOfId[id], number, capturedBy, cpu, thread, time, payload)
            : Plain(_metadataOfId[id], number, thread, capturedBy, cpu, time, payload, _events.Count + 20));
        return _events.Count > LargestBlock ? EndEvents() : this;
    }

    /// <summary>Ends the block of events.</summary>
    public NetTraceBuilder EndEvents()
    {
        Start();
        EndMetadata();
        if (_events.Count > 0)
        {
            Block(EventKind, "EventBlock", [.. BlockHeader(Packed), .. _events]);
            _events.Clear();
            _lastNumber = 0;
            _lastTime = 0;
        }

        return this;
    }

    /// <summary>Adds a sequence point that knows how many events threads have made.</summary>
    public NetTraceBuilder SequencePoint(ulong time, params (long Thread, uint Number)[] threads)
    {
        EndEvents();
        Block(SequencePointKind, "SPBlock", Version == 6
            ? [.. U64(time), .. U32(0), .. U32((uint)threads.Length), .. threads.SelectMany(one => (byte[])[.. Packing((ulong)one.Thread), .. Packing(one.Number)])]
            : [.. U64(time), .. U32((uint)threads.Length), .. threads.SelectMany(one => (byte[])[.. U64((ulong)one.Thread), .. U32(one.Number)])]);
        return this;
    }

    /// <summary>Adds a block of any kind and content.</summary>
    public NetTraceBuilder Block(byte kind, byte[] body)
    {
        EndEvents();
        Block(kind, "Unknown", body);
        return this;
    }

    private static byte[] TypeOf(int code) => code switch
    {
        >= 120000 => [22, 12, .. U16(code - 120000)],
        >= 2200 => [22, 6, .. U16(code - 2200)],
        25 => [25, 23],
        _ => [(byte)code],
    };

    // Type codes; an array of n bytes is 2200 + n, one of n words of eight bytes 120000 + n.
    private IEnumerable<(string Name, int Code)> Fields(EventFormat format)
    {
        foreach (FieldLayout field in format.Fields)
        {
            bool special = field.Count > 0 || field.Type is "bool" or "data_loc";
            if (field.Count > 0 && Version < 6 || special && CutsDescriptions)
            {
                yield break;
            }

            yield return (field.Name, field.Count > 0 ? (field.ElementSize == 1 ? 2200 : 120000) + field.Count : field.Type switch
            {
                "u8" or "bool" => 6,
                "s8" => 5,
                "s16" => 7,
                "u16" => 8,
                "s32" => 9,
                "u32" => 10,
                "data_loc" => Version == 6 ? 25 : 10,
                "s64" => 11,
                _ => 12,
            });
        }
    }

    private void Start()
    {
        if (_started)
        {
            return;
        }

        _started = true;
        _file.AddRange(Encoding.ASCII.GetBytes("Nettrace"));
        byte[] session = [.. U16(2026), .. U16(1), .. U16(4), .. U16(1), .. new byte[8], .. U64((ulong)StartTick), .. U64((ulong)Frequency), .. U32(8)];
        if (Version == 6)
        {
            _file.AddRange([.. U32(0), .. U32(6), .. U32(0)]);
            Block(1, "", [.. session, .. U32(1), .. Utf8("HardwareThreadCount"), .. Utf8("2")]);

            // Thread 0 is nobody; dotnet-trace has it capture every event.
            Block(ThreadKind, "", [.. U16(5), 0, 2, 0, 3, 0]);
            return;
        }

        _file.AddRange([.. Sized("!FastSerialization.1"), 5, 5, 1, .. U32(4), .. U32(4), .. Sized("Trace"), 6]);
        _file.AddRange([.. session, .. U32(1), .. U32(2), .. U32(0), 6]);
    }

    private void EndMetadata()
    {
        if (_metadata.Count > 0)
        {
            Start();
            Block(MetadataKind, "MetadataBlock", Version == 6 ? [0, 0, .. _metadata] : [.. BlockHeader(packed: true), .. _metadata]);
            _metadata.Clear();
        }
    }

    private static byte[] BlockHeader(bool packed) => [.. U16(20), .. U16(packed ? 1 : 0), .. U64(0), .. U64(ulong.MaxValue >> 1)];

    private void Block(byte kind, string name, byte[] body)
    {
        if (Version == 6)
        {
            _file.AddRange([.. U32((uint)body.Length | ((uint)kind << 24)), .. body]);
            return;
        }

        _file.AddRange([5, 5, 1, .. U32(2), .. U32(2), .. Sized(name), 6, .. U32((uint)body.Length)]);
        _file.AddRange(new byte[(4 - (_file.Count % 4)) % 4]);
        _file.AddRange([.. body, 6]);
    }

    private byte[] PackedEvent(int metadata, uint number, long capturedBy, int cpu, long thread, ulong time, byte[] payload)
    {
        // Numbers are told as the difference to the one before in the block, less one.
        uint before = _lastNumber;
        _lastNumber = number;
        ulong passed = unchecked(time - _lastTime);
        _lastTime = time;
        byte[] labels = Version == 6 ? [0] : new byte[16];
        return
        [
            (byte)(Sorted ? AllGroups : AllGroups & ~SortedFlag), .. Packing((uint)metadata), .. Packing(unchecked(number - before - 1)), .. Packing((ulong)capturedBy),
            .. Packing((uint)cpu), .. Packing((ulong)thread), 0, .. Packing(passed), .. labels, .. Packing((uint)payload.Length), .. payload,
        ];
    }

    private byte[] Plain(int metadata, uint number, long thread, long capturedBy, int cpu, ulong time, byte[] payload, int at)
    {
        byte[] labels = new byte[Version == 6 ? 4 : 32];
        uint id = (uint)metadata | (Sorted ? 1U << 31 : 0);
        byte[] body =
        [
            .. U32(id), .. U32(number), .. U64((ulong)thread), .. U64((ulong)capturedBy), .. U32((uint)cpu), .. U32(0), .. U64(time), .. labels,
            .. U32((uint)payload.Length), .. payload,
        ];
        int end = at + sizeof(uint) + body.Length;
        byte[] filling = Version == 6 ? [] : new byte[(4 - (end % 4)) % 4];
        return [.. U32((uint)body.Length), .. body, .. filling];
    }

    private static byte[] Packing(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value & 0x7f | 0x80));
        }

        return [.. bytes, (byte)value];
    }

    private static byte[] Utf8(string text) => [.. Packing((uint)text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Utf16(string text) => Encoding.Unicode.GetBytes(text + "\0");

    private static byte[] Sized(string text) => [.. U32((uint)text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] U16(int value) => BitConverter.GetBytes((ushort)value);

    private static byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] U64(ulong value) => BitConverter.GetBytes(value);
}
