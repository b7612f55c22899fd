using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;

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

/// <summary>Where the parts of a sub-buffer stand, from <c>header_page</c>.</summary>
/// <param name="CommitSize">4 or 8, the long of the traced kernel.</param>
/// <param name="DataOffset">Where the first event starts.</param>
internal sealed record PageLayout(int CommitSize, int DataOffset);

/// <summary>Everything a trace.dat file says before its events, gathered from whichever version.</summary>
internal sealed class TraceDatContent
{
    // Ten times what the formats of all events of a kernel take. Parts of a hostile file may be pointed to as often as it likes.
    private const long MostDescribed = 1 << 26;

    // Offsets and sizes of a hostile file may add up to anything.
    private const long MostBytes = 1L << 56;

    private const int MostBuffers = 1 << 10, BytesOfCpu = 32;

    private long _described;
    private long _describedEnd;

    /// <summary>Layout of a sub-buffer.</summary>
    public PageLayout Page { get; set; } = new(sizeof(ulong), 2 * sizeof(ulong));

    /// <summary>Every event the file describes.</summary>
    public List<EventLayout> Layouts { get; } = [];

    /// <summary>Groups of events the file describes, ftrace's own left out.</summary>
    public List<string> Systems { get; } = [];

    /// <summary>Names of threads.</summary>
    public Dictionary<int, string> ThreadNames { get; } = [];

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

    /// <summary>A part of the description is about to be read.</summary>
    /// <param name="bytes">How long it is.</param>
    /// <param name="fileOffset">Where it is.</param>
    /// <exception cref="CaptureFormatException">DIF0104: with it the description is too long.</exception>
    public void Describe(ulong bytes, long fileOffset)
    {
        // What is made of an empty part takes memory too.
        const long LeastOfPart = 64;
        _described += LeastOfPart + (long)Math.Min(bytes, MostDescribed);
        if (_described > MostDescribed)
        {
            CaptureFormatException.ThrowImpossible("description of the recording", fileOffset, $"longer than {MostDescribed >> 20} MiB");
        }
    }
}

/// <summary>One option.</summary>
/// <param name="Id">Number; see <see cref="TraceDatOptions"/>.</param>
/// <param name="FileOffset">Where its data stands in the file.</param>
/// <param name="Data">Its data.</param>
internal sealed record TraceDatOption(int Id, long FileOffset, byte[] Data);
