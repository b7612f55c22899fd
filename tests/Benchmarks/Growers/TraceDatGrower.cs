using System.Buffers.Binary;
using Differ.Capture.Bytes;
using Differ.Capture.Formats.TraceDat;

namespace Differ.Benchmarks.Growers;

/// <summary>Makes a capture of any size: the pages of a small one over and over, each time later.</summary>
internal static class TraceDatGrower
{
    // Between two repetitions, in units of the capture's clock.
    private const ulong Pause = 1_000_000_000;

    /// <summary>Writes a trace.dat of version 6.</summary>
    /// <param name="capture">A trace.dat of version 6, little-endian (trace-cmd convert --file-version 6).</param>
    /// <param name="bytes">Size of the file to write, about.</param>
    /// <param name="output">The file to write.</param>
    /// <exception cref="ArgumentException">The capture is none of these.</exception>
    public static void Grow(string capture, long bytes, string output)
    {
        using FileSource source = FileSource.Open(capture);
        TraceDatHeader header = TraceDatHeader.Read(source);
        if (header.Version != 6 || header.BigEndian)
        {
            throw new ArgumentException("the capture must be a little-endian trace.dat of version 6", nameof(capture));
        }

        TraceDatBuffer buffer = TraceDatV6.Read(source, header).Buffers[0];
        byte[] head = Read(source, 0, buffer.Cpus.Min(cpu => cpu.Offset));
        List<byte[]> data = [.. buffer.Cpus.Select(cpu => Read(source, cpu.Offset, cpu.Size))];
        long repeats = Math.Max(1, bytes / data.Sum(cpu => (long)cpu.Length));
        PatchTable(head, buffer, repeats);
        ulong span = Span(data, buffer.PageSize);
        using var file = new FileStream(output, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        file.Write(head);
        foreach (byte[] cpu in data)
        {
            for (long i = 0; i < repeats; i++)
            {
                file.Write(cpu);
                Delay(cpu, buffer.PageSize, span);
            }
        }
    }

    // The table of offsets and sizes stands right before the data; it is found by its first row.
    private static void PatchTable(byte[] head, TraceDatBuffer buffer, long repeats)
    {
        Span<byte> row = stackalloc byte[2 * sizeof(long)];
        Write(row, buffer.Cpus[0].Offset, buffer.Cpus[0].Size);
        int at = head.AsSpan().LastIndexOf(row);
        long offset = head.Length;
        foreach (CpuData cpu in buffer.Cpus)
        {
            Write(head.AsSpan(at), offset, cpu.Size * repeats);
            offset += cpu.Size * repeats;
            at += row.Length;
        }
    }

    private static void Write(Span<byte> row, long offset, long size)
    {
        BinaryPrimitives.WriteInt64LittleEndian(row, offset);
        BinaryPrimitives.WriteInt64LittleEndian(row[sizeof(long)..], size);
    }

    // Pages start with their time.
    private static ulong Span(List<byte[]> data, int pageSize)
    {
        List<ulong> times = [.. data.SelectMany(cpu => Enumerable.Range(0, cpu.Length / pageSize)
            .Select(page => BinaryPrimitives.ReadUInt64LittleEndian(cpu.AsSpan(page * pageSize))))];
        return times.Max() - times.Min() + Pause;
    }

    private static void Delay(byte[] cpu, int pageSize, ulong span)
    {
        for (int page = 0; page + pageSize <= cpu.Length; page += pageSize)
        {
            Span<byte> time = cpu.AsSpan(page);
            BinaryPrimitives.WriteUInt64LittleEndian(time, BinaryPrimitives.ReadUInt64LittleEndian(time) + span);
        }
    }

    private static byte[] Read(FileSource source, long offset, long size)
    {
        byte[] bytes = new byte[size];
        source.ReadExactly(offset, bytes, "data");
        return bytes;
    }
}
