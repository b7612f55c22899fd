using System.Buffers.Binary;
using System.Numerics;

namespace Differ.Benchmarks.Growers;

/// <summary>Makes a perf.data of any size: the samples of a small one over and over, each time later.</summary>
/// <remarks>Linux tools/perf/Documentation/perf.data-file-format.txt; the sections of the features stand behind the data and move with its end.</remarks>
internal static class PerfDataGrower
{
    // Between two repetitions, in nanoseconds.
    private const ulong Pause = 1_000_000_000;

    private const int HeaderSize = 104, AttributesAt = 24, DataAt = 40, FeaturesAt = 72;
    private const int SampleTypeAt = 24, RecordHeaderSize = 8, SectionSize = 16;
    private const uint Sample = 9, FinishedRound = 68;
    private const ulong Ip = 1 << 0, Tid = 1 << 1, Time = 1 << 2, Identifier = 1 << 16;

    /// <summary>Writes a perf.data.</summary>
    /// <param name="capture">What perf record wrote into a file, without compression, every event in the same way.</param>
    /// <param name="events">Fewest samples of the file to write.</param>
    /// <param name="output">The file to write.</param>
    /// <returns>How many samples were written.</returns>
    /// <exception cref="ArgumentException">The capture has no samples with times.</exception>
    public static ulong Grow(string capture, ulong events, string output)
    {
        byte[] bytes = File.ReadAllBytes(capture);
        int start = (int)U64(bytes, DataAt);
        int end = start + (int)U64(bytes, DataAt + sizeof(ulong));
        int timeAt = TimeOffset(U64(bytes, (int)U64(bytes, AttributesAt) + SampleTypeAt));
        List<Range> kept = Kept(bytes, start, end);
        ulong[] times = [.. kept.Where(range => IsSample(bytes, range)).Select(range => U64(bytes, range.Start.Value + timeAt))];
        if (times.Length == 0)
        {
            throw new ArgumentException("the capture must hold samples", nameof(capture));
        }

        ulong span = times.Max() - times.Min() + Pause;
        ulong repetitions = (events + (ulong)times.Length - 1) / (ulong)times.Length;
        long added = (long)(repetitions - 1) * kept.Sum(range => range.End.Value - range.Start.Value);
        Move(bytes, end, added);
        using var file = new FileStream(output, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        file.Write(bytes, 0, end);
        for (ulong i = 1; i < repetitions; i++)
        {
            foreach (Range range in kept)
            {
                if (IsSample(bytes, range))
                {
                    Span<byte> time = bytes.AsSpan(range.Start.Value + timeAt);
                    BinaryPrimitives.WriteUInt64LittleEndian(time, BinaryPrimitives.ReadUInt64LittleEndian(time) + span);
                }

                file.Write(bytes.AsSpan(range));
            }
        }

        file.Write(bytes.AsSpan(end));
        return repetitions * (ulong)times.Length;
    }

    // Samples, and the rounds by which they are sorted.
    private static List<Range> Kept(byte[] bytes, int start, int end)
    {
        var kept = new List<Range>();
        for (int at = start; at + RecordHeaderSize <= end;)
        {
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
            int size = Math.Max(RecordHeaderSize, (int)BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at + 6)));
            if (type is Sample or FinishedRound)
            {
                kept.Add(at..(at + size));
            }

            at += size;
        }

        return kept;
    }

    private static void Move(byte[] bytes, int end, long added)
    {
        Add(bytes, DataAt + sizeof(ulong), added);
        int features = Enumerable.Range(FeaturesAt, HeaderSize - FeaturesAt).Sum(at => int.PopCount(bytes[at]));
        for (int i = 0; i < features; i++)
        {
            Add(bytes, end + (i * SectionSize), added);
        }
    }

    private static int TimeOffset(ulong sampleType) => (sampleType & Time) != 0
        ? RecordHeaderSize + (sizeof(ulong) * BitOperations.PopCount(sampleType & (Ip | Tid | Identifier)))
        : throw new ArgumentException("the samples must have times");

    private static bool IsSample(byte[] bytes, Range range) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(range)) == Sample;

    private static ulong U64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));

    private static void Add(byte[] bytes, int at, long added) => BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at)) + added);
}
