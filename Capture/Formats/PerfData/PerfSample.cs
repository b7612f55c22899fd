using System.Buffers.Binary;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.PerfData;

/// <summary>One PERF_RECORD_SAMPLE down to the record of its tracepoint.</summary>
/// <param name="Time">Nanoseconds of the recording's clock.</param>
/// <param name="Cpu">The host CPU; 0 where samples do not say.</param>
/// <param name="Process">The process; 0 where samples do not say.</param>
/// <param name="RawStart">Where the record of the tracepoint starts, from the start of the body.</param>
/// <param name="RawLength">Its bytes, with what fills it up.</param>
internal readonly record struct PerfSample(ulong Time, int Cpu, int Process, int RawStart, int RawLength)
{
    private const int MostCpus = 1 << 16;

    /// <summary>Reads a sample that has raw data.</summary>
    /// <param name="body">The sample behind its header.</param>
    /// <param name="attribute">What it holds.</param>
    /// <param name="fileOffset">Where the body stands in the file.</param>
    /// <param name="bigEndian">Byte order.</param>
    /// <exception cref="CaptureFormatException">DIF0101, DIF0104: the sample is damaged.</exception>
    public static PerfSample Read(ReadOnlySpan<byte> body, PerfAttribute attribute, long fileOffset, bool bigEndian)
    {
        (ulong time, int cpu) = ReadPlace(body, attribute, fileOffset, bigEndian);
        int process = attribute.TidOffset < 0 ? 0 : Int32(body[attribute.TidOffset..], bigEndian);
        int start = attribute.FixedSize;
        if (!attribute.IsPlain)
        {
            start = SkipVarying(body, attribute, fileOffset, bigEndian);
        }

        if (body.Length - start < sizeof(uint))
        {
            CaptureFormatException.ThrowTruncated("sample.raw_size", fileOffset + start, sizeof(uint), body.Length - start);
        }

        int length = Int32(body[start..], bigEndian);
        start += sizeof(uint);
        if (length < 0 || length > body.Length - start)
        {
            CaptureFormatException.ThrowImpossible("sample.raw_size", fileOffset + start - sizeof(uint), $"{unchecked((uint)length)} with {body.Length - start} bytes left");
        }

        return new PerfSample(time, cpu, process, start, length);
    }

    /// <summary>Reads time and CPU of a sample, whatever else it holds.</summary>
    /// <exception cref="CaptureFormatException">DIF0101, DIF0104: the sample is damaged.</exception>
    public static (ulong Time, int Cpu) ReadPlace(ReadOnlySpan<byte> body, PerfAttribute attribute, long fileOffset, bool bigEndian)
    {
        if (body.Length < attribute.FixedSize)
        {
            CaptureFormatException.ThrowTruncated("sample", fileOffset, attribute.FixedSize, body.Length);
        }

        ulong time = attribute.TimeOffset < 0 ? 0 : UInt64(body[attribute.TimeOffset..], bigEndian);
        int cpu = attribute.CpuOffset < 0 ? 0 : Int32(body[attribute.CpuOffset..], bigEndian);
        if (cpu is < 0 or >= MostCpus)
        {
            CaptureFormatException.ThrowImpossible("sample.cpu", fileOffset + attribute.CpuOffset, $"{unchecked((uint)cpu)}");
        }

        return (time, cpu);
    }

    /// <summary>A CPU that a record names, or 0 where it cannot be one.</summary>
    public static int CpuOrZero(ulong cpu) => cpu < MostCpus ? (int)cpu : 0;

    // read_format, then the call chain, stand between the fixed part and the raw data.
    private static int SkipVarying(ReadOnlySpan<byte> body, PerfAttribute attribute, long fileOffset, bool bigEndian)
    {
        const ulong Enabled = 1, Running = 2, Id = 4, Group = 8, Lost = 16;
        var cursor = new ByteCursor(body, fileOffset, bigEndian);
        cursor.Take(attribute.FixedSize, "sample");
        if ((attribute.SampleType & PerfAttribute.ReadBit) != 0)
        {
            int Words(ulong bits) => System.Numerics.BitOperations.PopCount(attribute.ReadFormat & bits);
            if ((attribute.ReadFormat & Group) != 0)
            {
                ulong counters = cursor.U64("sample.read.nr");
                cursor.Take(Words(Enabled | Running) * sizeof(ulong), "sample.read.time");
                SkipWords(ref cursor, counters, 1 + Words(Id | Lost), "sample.read.values");
            }
            else
            {
                cursor.Take((1 + Words(Enabled | Running | Id | Lost)) * sizeof(ulong), "sample.read");
            }
        }

        if ((attribute.SampleType & PerfAttribute.CallChain) != 0)
        {
            SkipWords(ref cursor, cursor.U64("sample.callchain.nr"), 1, "sample.callchain");
        }

        return body.Length - cursor.Left;
    }

    private static void SkipWords(ref ByteCursor cursor, ulong count, int words, string field)
    {
        int size = words * sizeof(ulong);
        if (count > (ulong)(cursor.Left / size))
        {
            CaptureFormatException.ThrowImpossible(field, cursor.FileOffset, $"{count} entries in {cursor.Left} bytes");
        }

        cursor.Take((int)count * size, field);
    }

    private static int Int32(ReadOnlySpan<byte> at, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadInt32BigEndian(at) : BinaryPrimitives.ReadInt32LittleEndian(at);

    private static ulong UInt64(ReadOnlySpan<byte> at, bool bigEndian) =>
        bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(at) : BinaryPrimitives.ReadUInt64LittleEndian(at);
}
