using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace Differ.Tests.Support;

/// <summary>Builds small trace.dat files, byte for byte as trace-cmd's man pages describe them.</summary>
/// <example><c>new TraceDatBuilder().Describe("kvm", format).Cpu(0).Event(1000, record).File</c></example>
internal sealed partial class TraceDatBuilder
{
    private const string EntryText = "# compressed entry header\n\ttype_len    :    5 bits\n";

    private readonly List<(string System, string Format)> _formats = [];
    private readonly List<(ushort Id, byte[] Data)> _options = [];
    private readonly List<InstanceBuilder> _instances = [];
    private readonly StringBuilder _threads = new();

    public TraceDatBuilder()
    {
        _instances.Add(new InstanceBuilder(this, "", "local"));
    }

    /// <summary>6 or 7.</summary>
    public int Version { get; init; } = 7;

    /// <summary>none, zlib or zstd; blocks of any other name are stored as they are and claimed to be packed.</summary>
    public string Compression { get; init; } = "none";

    /// <summary>Whether the options sections are compressed like the others.</summary>
    public bool PacksOptions { get; init; }

    /// <summary>Options of one section; the rest goes into the next one of the chain.</summary>
    public int OptionsPerSection { get; init; } = int.MaxValue;

    /// <summary>Byte order of the traced machine.</summary>
    public bool BigEndian { get; init; }

    /// <summary>Size of the kernel's long, 4 or 8.</summary>
    public int LongSize { get; init; } = 8;

    /// <summary>Bytes of a page, and of a sub-buffer unless an instance says otherwise.</summary>
    public int PageSize { get; init; } = 4096;

    /// <summary>Pages in a compressed block.</summary>
    public int PagesPerBlock { get; init; } = 2;

    /// <summary>The text of header_page; null for the kernel's.</summary>
    public string? HeaderPage { get; init; }

    /// <summary>The tag before the events of version 6.</summary>
    public string DataTag { get; init; } = "flyrecord";

    /// <summary>The top buffer.</summary>
    public InstanceBuilder Top => _instances[0];

    /// <summary>The file.</summary>
    public byte[] File => Version == 7 ? BuildV7() : BuildV6();

    /// <summary>Describes an event.</summary>
    public TraceDatBuilder Describe(string system, string format)
    {
        _formats.Add((system, format));
        return this;
    }

    /// <summary>Adds an option.</summary>
    public TraceDatBuilder Option(int id, byte[] data)
    {
        _options.Add(((ushort)id, data));
        return this;
    }

    /// <summary>Adds an option that is a text.</summary>
    public TraceDatBuilder Option(int id, string text) => Option(id, Encoding.Latin1.GetBytes(text + "\0"));

    /// <summary>UNAME.</summary>
    public TraceDatBuilder Uname(string release) => Option(5, $"Linux host {release} x86_64");

    /// <summary>TRACECLOCK.</summary>
    public TraceDatBuilder Clock(string name)
    {
        Top.Clock = name;
        return Option(4, $"local global [{name}] perf\n");
    }

    /// <summary>TSC2NSEC.</summary>
    public TraceDatBuilder TscToNs(uint multiplier, uint shift, ulong offset) => Option(14, [.. U32(multiplier), .. U32(shift), .. U64(offset)]);

    /// <summary>GUEST: the thread of each vCPU.</summary>
    public TraceDatBuilder Guest(string name, params int[] threads) => Option(13,
        [.. Encoding.Latin1.GetBytes(name + "\0"), .. U64(7), .. U32((uint)threads.Length), .. threads.SelectMany((thread, i) => (byte[])[.. U32((uint)i), .. U32((uint)thread)])]);

    /// <summary>Names a thread.</summary>
    public TraceDatBuilder Thread(int id, string name)
    {
        _threads.Append(System.Globalization.CultureInfo.InvariantCulture, $"{id} {name}\n");
        return this;
    }

    /// <summary>The data of one CPU in the top buffer.</summary>
    public CpuBuilder Cpu(int cpu) => Top.Cpu(cpu);

    /// <summary>Another buffer.</summary>
    public InstanceBuilder Instance(string name, string clock = "local", int? pageSize = null)
    {
        var instance = new InstanceBuilder(this, name, clock) { PageSize = pageSize };
        _instances.Add(instance);
        return instance;
    }

    /// <summary>Writes the tracefs in which the same events were recorded, with an instance that holds them.</summary>
    public void WriteTracefs(string tracefs, string instance)
    {
        void Write(string path, byte[] bytes)
        {
            string file = Path.Combine(tracefs, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            System.IO.File.WriteAllBytes(file, bytes);
        }

        Write("events/header_page", Encoding.Latin1.GetBytes(PageText));
        Write("events/header_event", Encoding.Latin1.GetBytes(EntryText));
        Write("events/ftrace/enable", []);
        Write("saved_cmdlines", Encoding.Latin1.GetBytes(_threads.ToString()));
        foreach ((string system, string format) in _formats)
        {
            string name = format.Split('\n')[0].Split(' ')[^1];
            Write($"events/{system}/{name}/format", Encoding.Latin1.GetBytes(format));
            Write($"instances/{instance}/events/{system}/enable", []);
        }

        foreach (string file in (string[])["tracing_on", "buffer_size_kb"])
        {
            Write($"instances/{instance}/{file}", []);
        }

        Write($"instances/{instance}/trace_clock", Encoding.Latin1.GetBytes($"     [{Top.Clock}]\n"));
        foreach (int cpu in Top.Cpus.Keys)
        {
            Write($"instances/{instance}/per_cpu/cpu{cpu}/trace_pipe_raw", Top.Pages(cpu));
            Write($"instances/{instance}/per_cpu/cpu{cpu}/stats", "overrun: 0\n"u8.ToArray());
        }
    }

    internal byte[] U16(ushort value)
    {
        byte[] bytes = new byte[2];
        if (BigEndian)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        }

        return bytes;
    }

    internal byte[] U32(uint value)
    {
        byte[] bytes = new byte[4];
        if (BigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        }

        return bytes;
    }

    internal byte[] U64(ulong value)
    {
        byte[] bytes = new byte[8];
        if (BigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        }

        return bytes;
    }

    internal byte[] Long(ulong value) => LongSize == 8 ? U64(value) : U32((uint)value);

    private static byte[] Zero(string text) => Encoding.Latin1.GetBytes(text + "\0");

    private byte[] Start() => [0x17, 0x08, 0x44, .. Encoding.Latin1.GetBytes("tracing"), .. Zero($"{Version}"), (byte)(BigEndian ? 1 : 0), 8, .. U32((uint)PageSize)];

    private string PageText => HeaderPage ?? "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
        + $"\tfield: local_t commit;\toffset:8;\tsize:{LongSize};\tsigned:1;\n"
        + "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
        + $"\tfield: char data;\toffset:{8 + LongSize};\tsize:{PageSize - 8 - LongSize};\tsigned:0;\n";

    private byte[] HeaderInfo() => [.. Zero("header_page"), .. Sized(PageText), .. Zero("header_event"), .. Sized(EntryText)];

    private byte[] Sized(string text) => [.. U64((ulong)text.Length), .. Encoding.Latin1.GetBytes(text)];

    private byte[] FtraceFormats()
    {
        string[] texts = [.. _formats.Where(format => format.System == "ftrace").Select(format => format.Format)];
        return [.. U32((uint)texts.Length), .. texts.SelectMany(Sized)];
    }

    private byte[] EventFormats()
    {
        var systems = _formats.Where(format => format.System != "ftrace").GroupBy(format => format.System, StringComparer.Ordinal).ToList();
        return [.. U32((uint)systems.Count), .. systems.SelectMany(system =>
            (byte[])[.. Zero(system.Key), .. U32((uint)system.Count()), .. system.SelectMany(format => Sized(format.Format))])];
    }

    private byte[] BuildV6()
    {
        var file = new PatchedFile(this);
        file.Add([.. Start(), .. HeaderInfo(), .. FtraceFormats(), .. EventFormats(), .. U32(0), .. U32(0), .. Sized(_threads.ToString())]);
        int cpus = _instances.SelectMany(instance => instance.Cpus.Keys).DefaultIfEmpty(0).Max() + 1;
        file.Add(U32((uint)cpus));
        file.Add(Zero("options  "));
        foreach ((ushort id, byte[] data) in _options)
        {
            file.Add([.. U16(id), .. U32((uint)data.Length), .. data]);
        }

        var offsets = new List<int>();
        foreach (InstanceBuilder instance in _instances.Skip(1))
        {
            file.Add([.. U16(3), .. U32((uint)(8 + instance.Name.Length + 1))]);
            offsets.Add(file.Hole());
            file.Add(Zero(instance.Name));
        }

        file.Add(U16(0));
        for (int i = 0; i < _instances.Count; i++)
        {
            if (i > 0)
            {
                file.Patch(offsets[i - 1], file.Length);
            }

            file.Add(Zero(DataTag));
            var holes = Enumerable.Range(0, cpus).Select(_ => (Offset: file.Hole(), Size: file.Hole())).ToList();
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                byte[] pages = _instances[i].Pages(cpu);
                file.Align(PageSize);
                file.Patch(holes[cpu].Offset, file.Length);
                file.Patch(holes[cpu].Size, pages.Length);
                file.Add(pages);
            }
        }

        return file.Bytes;
    }

    private byte[] BuildV7()
    {
        var file = new PatchedFile(this);
        file.Add([.. Start(), .. Zero(Compression), .. Zero("1")]);
        int next = file.Hole();
        var options = new List<(ushort Id, byte[] Data)>();
        Section(file, options, 16, HeaderInfo());
        Section(file, options, 17, FtraceFormats());
        Section(file, options, 18, EventFormats());
        Section(file, options, 21, Sized(_threads.ToString()));
        options.AddRange(_options);
        foreach (InstanceBuilder instance in _instances)
        {
            options.Add((3, Buffer(file, instance)));
        }

        foreach ((ushort Id, byte[] Data)[] part in options.Chunk(Math.Min(OptionsPerSection, options.Count)))
        {
            file.Patch(next, file.Length);
            byte[] body = [.. part.SelectMany(option => (byte[])[.. U16(option.Id), .. U32((uint)option.Data.Length), .. option.Data]), .. U16(0), .. U32(8), .. U64(0)];
            next = PacksOptions ? AddChained(file, body) : file.Length + 16 + body.Length - 8;
            if (!PacksOptions)
            {
                file.Add([.. SectionHeader(0, 0, body.Length), .. body]);
            }
        }

        return file.Bytes;
    }

    // The offset of the next section is inside the packed body, so a packed chain has one section.
    private int AddChained(PatchedFile file, byte[] body)
    {
        byte[] packed = Pack(body);
        file.Add([.. SectionHeader(0, 1, packed.Length + 8), .. U32((uint)packed.Length), .. U32((uint)body.Length), .. packed]);
        return file.Nowhere();
    }

    private byte[] SectionHeader(ushort id, ushort flags, int size) => [.. U16(id), .. U16(flags), .. U32(0), .. U64((ulong)size)];

    private void Section(PatchedFile file, List<(ushort Id, byte[] Data)> options, ushort id, byte[] body)
    {
        options.Add((id, U64((ulong)file.Length)));
        if (!Packs)
        {
            file.Add([.. SectionHeader(id, 0, body.Length), .. body]);
            return;
        }

        byte[] packed = Pack(body);
        file.Add([.. SectionHeader(id, 1, packed.Length + 8), .. U32((uint)packed.Length), .. U32((uint)body.Length), .. packed]);
    }

    private byte[] Buffer(PatchedFile file, InstanceBuilder instance)
    {
        int start = file.Length;
        int pageSize = instance.PageSize ?? PageSize;
        file.Add(SectionHeader(3, (ushort)(Packs ? 1 : 0), 0));
        byte[] table = [];
        foreach (int cpu in instance.Cpus.Keys.Order())
        {
            byte[] data = Packs ? Blocks(instance.Pages(cpu), pageSize) : instance.Pages(cpu);
            if (!Packs)
            {
                file.Align(PageSize);
            }

            table = [.. table, .. U32((uint)cpu), .. U64((ulong)file.Length), .. U64((ulong)data.Length)];
            file.Add(data);
        }

        return [.. U64((ulong)start), .. Zero(instance.Name), .. Zero(instance.Clock), .. U32((uint)pageSize), .. U32((uint)instance.Cpus.Count), .. table];
    }

    private bool Packs => Compression != "none";

    private byte[] Blocks(byte[] pages, int pageSize)
    {
        byte[][] blocks = [.. pages.Chunk(pageSize * PagesPerBlock)];
        return [.. U32((uint)blocks.Length), .. blocks.SelectMany(block =>
        {
            byte[] packed = Pack(block);
            return (byte[])[.. U32((uint)packed.Length), .. U32((uint)block.Length), .. packed];
        })];
    }

    private byte[] Pack(byte[] bytes)
    {
        if (Compression == "zstd")
        {
            byte[] room = new byte[bytes.Length + 1024];
            nuint length = ZSTD_compress(room, (nuint)room.Length, bytes, (nuint)bytes.Length, 1);
            return room[..(int)length];
        }

        if (Compression != "zlib")
        {
            return bytes;
        }

        using var memory = new MemoryStream();
        using (var stream = new ZLibStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(bytes);
        }

        return memory.ToArray();
    }

    [LibraryImport("libzstd.so.1")]
    private static partial nuint ZSTD_compress(Span<byte> to, nuint capacity, ReadOnlySpan<byte> from, nuint length, int level);

    /// <summary>A file whose offsets are filled in when they are known.</summary>
    private sealed class PatchedFile(TraceDatBuilder builder)
    {
        private readonly List<byte> _bytes = [];

        public int Length => _bytes.Count;

        public byte[] Bytes => [.. _bytes];

        public void Add(byte[] bytes) => _bytes.AddRange(bytes);

        public int Hole()
        {
            int at = Length;
            Add(new byte[8]);
            return at;
        }

        // Eight bytes that nobody reads, for a patch that has no place.
        public int Nowhere() => Hole();

        public void Patch(int at, int value)
        {
            byte[] bytes = builder.U64((ulong)value);
            for (int i = 0; i < bytes.Length; i++)
            {
                _bytes[at + i] = bytes[i];
            }
        }

        public void Align(int size) => Add(new byte[(size - (Length % size)) % size]);
    }
}
