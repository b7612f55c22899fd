using System.Buffers;
using System.Text;
using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats;
using Differ.Capture.Tracepoints;

namespace Differ.Benchmarks.Growers;

/// <summary>Makes a .nettrace of any size from a capture: its events over and over, each time later, as dotnet-trace collect-linux writes them.</summary>
/// <remarks>Version 6, packed headers, descriptions that end at the first field that is no plain integer. Source: microsoft/perfview NetTraceFormat.md.</remarks>
internal sealed class NetTraceGrower : IEventSink
{
    // Between two repetitions, in nanoseconds.
    private const ulong Pause = 1_000_000_000;

    private const byte TraceKind = 1, EventKind = 2, MetadataKind = 3, ThreadKind = 6, AllGroups = 0xdf;
    private const int BlockSize = 1 << 16;

    private readonly List<(ulong Time, int Cpu, int Thread, int Kind, byte[] Payload)> _events = [];
    private readonly Dictionary<TraceEventType, int> _kinds = [];
    private readonly ArrayBufferWriter<byte> _block = new(2 * BlockSize);
    private readonly Stream _file;

    private NetTraceGrower(Stream file) => _file = file;

    /// <inheritdoc/>
    public bool WantsEverything => true;

    /// <summary>Writes a .nettrace.</summary>
    /// <param name="capture">A trace.dat or perf.data: records with the kernel's layout.</param>
    /// <param name="events">Fewest events of the file to write.</param>
    /// <param name="output">The file to write.</param>
    /// <returns>How many events were written.</returns>
    public static ulong Grow(string capture, ulong events, string output)
    {
        using var file = new FileStream(output, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        var grower = new NetTraceGrower(file);
        using (FileSource source = FileSource.Open(capture))
        using (ITraceReader reader = TraceFormats.Of(source).Open(source))
        {
            reader.Read(grower, new CaptureNotes(), null, CancellationToken.None);
        }

        return grower.Write(events);
    }

    /// <inheritdoc/>
    public void Take(in RawEvent raw)
    {
        if (!_kinds.TryGetValue(raw.Type, out int kind))
        {
            _kinds.Add(raw.Type, kind = _kinds.Count + 1);
        }

        _events.Add((raw.Time.Value, raw.Cpu, raw.Thread, kind, raw.Payload.ToArray()));
    }

    /// <inheritdoc/>
    public void Lost(in LossMark mark)
    {
        // A .nettrace does not say where events were lost.
    }

    private ulong Write(ulong events)
    {
        Start();
        ulong span = _events[^1].Time - _events[0].Time + Pause;
        ulong written = 0, last = 0;
        for (ulong later = 0; written < events; later += span)
        {
            foreach ((ulong time, int cpu, int thread, int kind, byte[] payload) in _events)
            {
                WriteEvent(last, time + later, cpu, thread, kind, payload, (uint)++written);
                last = _block.WrittenCount == 0 ? 0 : time + later;
            }
        }

        EndBlock(EventKind);
        _file.Write(new byte[sizeof(uint)]);
        return written;
    }

    private void Start()
    {
        _file.Write("Nettrace"u8);
        _file.Write(BitConverter.GetBytes(0U));
        _file.Write(BitConverter.GetBytes(6U));
        _file.Write(BitConverter.GetBytes(0U));
        foreach (int word in (int[])[2026, 1, 4, 1, 0, 0, 0, 0])
        {
            _block.Write(Word(word));
        }

        _block.Write(BitConverter.GetBytes(0UL));
        _block.Write(BitConverter.GetBytes(1_000_000_000UL));
        _block.Write(BitConverter.GetBytes(8U));
        _block.Write(BitConverter.GetBytes(0U));
        EndBlock(TraceKind);
        foreach (int thread in _events.Select(one => one.Thread).Append(0).Distinct())
        {
            // The index, and behind 2 and 3 the process and the thread.
            WriteSized([.. Packing((ulong)thread), 2, .. Packing(thread == 0 ? 0UL : 50), 3, .. Packing((ulong)thread)]);
        }

        EndBlock(ThreadKind);
        _block.Write(Word(0));
        foreach ((TraceEventType type, int kind) in _kinds)
        {
            Describe(type.Layout, kind);
        }

        EndBlock(MetadataKind);
    }

    private void Describe(EventLayout layout, int kind)
    {
        EventField[] fields = [.. layout.Fields.TakeWhile(field => field.IsNumber)];
        WriteSized(
        [
            .. Packing((ulong)kind), .. Sized(layout.System), .. Packing((ulong)kind), .. Sized(layout.Name), .. Word(fields.Length),
            .. fields.SelectMany(field =>
            {
                byte[] row = [.. Sized(field.Name), CodeOf(field)];
                return (byte[])[.. Word(row.Length), .. row];
            }),
            .. Word(0),
        ]);
    }

    private void WriteEvent(ulong last, ulong time, int cpu, int thread, int kind, byte[] payload, uint number)
    {
        bool starts = _block.WrittenCount == 0;
        if (starts)
        {
            _block.Write(Word(20));
            _block.Write(Word(1));
            _block.Write(BitConverter.GetBytes(0UL));
            _block.Write(BitConverter.GetBytes(ulong.MaxValue >> 1));
        }

        _block.Write([AllGroups]);
        Pack((ulong)kind);
        Pack(starts ? number - 1 : 0);
        Pack(0);
        Pack((ulong)cpu);
        Pack((ulong)thread);
        Pack(0);
        Pack(starts ? time : time - last);
        Pack(0);
        Pack((ulong)payload.Length);
        _block.Write(payload);
        if (_block.WrittenCount > BlockSize)
        {
            EndBlock(EventKind);
        }
    }

    private void EndBlock(byte kind)
    {
        _file.Write(BitConverter.GetBytes((uint)_block.WrittenCount | ((uint)kind << 24)));
        _file.Write(_block.WrittenSpan);
        _block.ResetWrittenCount();
    }

    private void WriteSized(byte[] row)
    {
        _block.Write(Word(row.Length));
        _block.Write(row);
    }

    private void Pack(ulong value) => _block.Write(Packing(value));

    // SByte 5, Byte 6, Int16 7, UInt16 8, Int32 9, UInt32 10, Int64 11, UInt64 12.
    private static byte CodeOf(EventField field) => (byte)(5 + (2 * int.Log2(field.Size)) + (field.Signed ? 0 : 1));

    private static byte[] Packing(ulong value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)((value & 0x7f) | 0x80));
        }

        return [.. bytes, (byte)value];
    }

    private static byte[] Sized(string text) => [.. Packing((ulong)text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Word(int value) => BitConverter.GetBytes((ushort)value);

}
