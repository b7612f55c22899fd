namespace Differ.Tests.Support;

/// <summary>One ring buffer of a capture that is being built.</summary>
/// <param name="file">The capture.</param>
/// <param name="name">Empty for the top one.</param>
/// <param name="clock">Its clock; only version 7 stores it.</param>
internal sealed class InstanceBuilder(TraceDatBuilder file, string name, string clock)
{
    public string Name { get; } = name;

    public string Clock { get; set; } = clock;

    /// <summary>Bytes of its sub-buffers, where they are not pages.</summary>
    public int? PageSize { get; init; }

    public SortedDictionary<int, CpuBuilder> Cpus { get; } = [];

    /// <summary>The data of one CPU.</summary>
    public CpuBuilder Cpu(int cpu)
    {
        if (!Cpus.TryGetValue(cpu, out CpuBuilder? builder))
        {
            builder = new CpuBuilder(file, this);
            Cpus.Add(cpu, builder);
        }

        return builder;
    }

    public byte[] Pages(int cpu) => Cpus.TryGetValue(cpu, out CpuBuilder? builder) ? builder.Pages(PageSize ?? file.PageSize) : [];
}

/// <summary>What one CPU recorded, entry by entry.</summary>
internal sealed class CpuBuilder(TraceDatBuilder file, InstanceBuilder instance)
{
    private const uint Padding = 29, TimeExtend = 30, TimeStamp = 31;
    private const ulong LargestDelta = (1UL << 27) - 1;
    private readonly List<Action<Writer>> _steps = [];

    /// <summary>The capture, to go on with another CPU or to end.</summary>
    public TraceDatBuilder Trace => file;

    /// <summary>The file as it is so far.</summary>
    public byte[] File => file.File;

    /// <summary>The data of another CPU of the same buffer.</summary>
    public CpuBuilder Cpu(int cpu) => instance.Cpu(cpu);

    /// <summary>An event; a page that is full, and a delta that is too long, are seen to.</summary>
    /// <param name="time">On the capture's clock.</param>
    /// <param name="record">Its record.</param>
    /// <param name="withLength">Whether the length stands in a word of its own although it is short.</param>
    public CpuBuilder Event(ulong time, EventRecord record, bool withLength = false) => Add(page => page.Event(time, record.ToBytes(file.BigEndian), withLength));

    /// <summary>An event of these bytes.</summary>
    public CpuBuilder Event(ulong time, byte[] record) => Add(page => page.Event(time, record, false));

    /// <summary>Moves the time on in an entry of its own.</summary>
    public CpuBuilder Extend(ulong by) => Add(page => page.Extended(TimeExtend, page.Time + by, by));

    /// <summary>Sets the time in an entry of its own; bits 63:59 are not stored.</summary>
    public CpuBuilder Stamp(ulong time) => Add(page => page.Extended(TimeStamp, time, time & ((1UL << 59) - 1)));

    /// <summary>An entry that is passed over, as a discarded event leaves it.</summary>
    public CpuBuilder Discarded(ulong delta, int bytes) => Add(page =>
        page.Entry(page.Time + delta, Padding, delta, [.. file.U32((uint)bytes + 4), .. new byte[bytes]]));

    /// <summary>The rest of the page is empty, and says so.</summary>
    public CpuBuilder Rest() => Add(page => page.Entry(page.Time, Padding, 0, []));

    /// <summary>The next event starts a page.</summary>
    public CpuBuilder NewPage() => Add(page => page.Close());

    /// <summary>Events were lost before the next page.</summary>
    /// <param name="count">How many, where the page says so.</param>
    public CpuBuilder Lost(ulong? count = null) => Add(page => page.Lose(count));

    /// <summary>Bytes in place of an entry.</summary>
    public CpuBuilder Raw(params byte[] bytes) => Add(page => page.Raw(bytes));

    public byte[] Pages(int size)
    {
        var writer = new Writer(file, size);
        _steps.ForEach(step => step(writer));
        writer.Close();
        return writer.Bytes;
    }

    private CpuBuilder Add(Action<Writer> step)
    {
        _steps.Add(step);
        return this;
    }

    private sealed class Writer(TraceDatBuilder file, int size)
    {
        private readonly List<byte> _bytes = [];
        private readonly List<byte> _data = [];
        private ulong _start;
        private bool _open;
        private bool _lost;
        private ulong? _lostEvents;

        public byte[] Bytes => [.. _bytes];

        public ulong Time { get; private set; }

        private int Room => size - 8 - file.LongSize - (_lostEvents is null ? 0 : file.LongSize);

        public void Event(ulong time, byte[] record, bool withLength)
        {
            byte[] padded = [.. record, .. new byte[(4 - (record.Length % 4)) % 4]];
            bool isLong = withLength || padded.Length is 0 or > 28 * 4;
            Open(time, padded.Length + 16);
            ulong delta = unchecked(time - Time);
            if (delta > LargestDelta)
            {
                Extended(TimeExtend, time, delta);
                delta = 0;
            }

            Time = time;
            Entry(time, isLong ? 0 : (uint)padded.Length / 4, delta, isLong ? [.. file.U32((uint)record.Length + 4), .. padded] : padded);
        }

        public void Extended(uint type, ulong time, ulong value)
        {
            Open(Time, 8);
            Entry(time, type, value & LargestDelta, file.U32((uint)(value >> 27)));
        }

        public void Entry(ulong time, uint type, ulong delta, byte[] body)
        {
            Open(Time, 4 + body.Length);
            uint header = file.BigEndian ? (type << 27) | (uint)delta : ((uint)delta << 5) | type;
            _data.AddRange(file.U32(header));
            _data.AddRange(body);
            Time = time;
        }

        public void Raw(byte[] bytes)
        {
            Open(Time, bytes.Length);
            _data.AddRange(bytes);
        }

        public void Lose(ulong? count)
        {
            Close();
            _lost = true;
            _lostEvents = count;
        }

        public void Close()
        {
            if (!_open)
            {
                return;
            }

            ulong commit = (uint)_data.Count | (_lost ? 1UL << 31 : 0) | (_lostEvents is null ? 0 : 1UL << 30);
            byte[] page = [.. file.U64(_start), .. file.Long(commit), .. _data, .. _lostEvents is { } count ? file.Long(count) : []];
            _bytes.AddRange([.. page, .. new byte[size - page.Length]]);
            _data.Clear();
            _open = false;
            _lost = false;
            _lostEvents = null;
        }

        private void Open(ulong time, int bytes)
        {
            if (_open && _data.Count + bytes > Room)
            {
                Close();
            }

            if (!_open)
            {
                _open = true;
                _start = time;
                Time = time;
            }
        }
    }
}
