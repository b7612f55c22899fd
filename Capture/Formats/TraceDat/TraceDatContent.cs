using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.TracingData;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>The data of one CPU in one buffer.</summary>
/// <param name="Cpu">The host CPU.</param>
/// <param name="Offset">Where it starts in the file.</param>
/// <param name="Size">Bytes in the file.</param>
internal sealed record CpuData(int Cpu, long Offset, long Size);

/// <summary>One ring buffer of the recording: the top one, or an instance.</summary>
/// <param name="Name">Empty for the top one.</param>
/// <param name="Clock">Name of its clock; empty where the file does not say.</param>
/// <param name="PageSize">Bytes of one sub-buffer.</param>
/// <param name="Compressed">Whether its pages are stored in compressed blocks.</param>
/// <param name="Cpus">Its data by CPU.</param>
internal sealed record TraceDatBuffer(string Name, string Clock, int PageSize, bool Compressed, IReadOnlyList<CpuData> Cpus)
{
    // The sizes of a hostile file may add up to anything.
    private const long MostBytes = 1L << 56;

    /// <summary>Bytes of all its data.</summary>
    public long Size { get; } = Cpus.Aggregate(0L, static (sum, cpu) => Math.Min(sum + Math.Min(cpu.Size, MostBytes), MostBytes));
}

/// <summary>Everything a trace.dat file says before its events, gathered from whichever version.</summary>
internal sealed class TraceDatContent : TracingContent
{
    // Offsets and sizes of a hostile file may add up to anything.
    private const long MostBytes = 1L << 56;

    private const int MostBuffers = 1 << 10, BytesOfCpu = 32;

    private long _describedEnd;

    /// <summary>Options by number; an option may occur more than once.</summary>
    public List<TraceDatOption> Options { get; } = [];

    /// <summary>The buffers, the top one first.</summary>
    public List<TraceDatBuffer> Buffers { get; } = [];

    /// <summary>Where the last part of the file ends that is read; nothing where no CPU has data.</summary>
    public long? End => Buffers.SelectMany(buffer => buffer.Cpus).Where(cpu => cpu.Size > 0)
        .Max(cpu => (long?)Math.Min(cpu.Offset, MostBytes) + Math.Min(cpu.Size, MostBytes)) is { } data ? Math.Max(data, _describedEnd) : null;

    /// <summary>A part of the description ends at a byte of the file.</summary>
    public void Reach(long end) => _describedEnd = Math.Max(_describedEnd, end);

    /// <summary>Adds a buffer.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="fileOffset">Where it is described.</param>
    /// <exception cref="CaptureFormatException">DIF0104: there are too many.</exception>
    public void AddBuffer(TraceDatBuffer buffer, long fileOffset)
    {
        if (Buffers.Count == MostBuffers)
        {
            CaptureFormatException.ThrowImpossible("number of buffers", fileOffset, $"more than {MostBuffers}");
        }

        Describe((ulong)buffer.Cpus.Count * BytesOfCpu, fileOffset);
        Buffers.Add(buffer);
    }
}

/// <summary>One option.</summary>
/// <param name="Id">Number; see <see cref="TraceDatOptions"/>.</param>
/// <param name="FileOffset">Where its data stands in the file.</param>
/// <param name="Data">Its data.</param>
internal sealed record TraceDatOption(int Id, long FileOffset, byte[] Data);
