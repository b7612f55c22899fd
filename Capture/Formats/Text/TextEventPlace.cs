using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.Text;

/// <summary>Where an event stands.</summary>
/// <param name="cpu">The host CPU.</param>
/// <param name="thread">The thread.</param>
/// <param name="comm">Its name; lives as long as the line.</param>
/// <param name="time">When.</param>
/// <param name="line">Number of its line, or of the first of them.</param>
/// <param name="offset">Where its line starts in the text.</param>
internal readonly ref struct TextEventPlace(int cpu, int thread, ReadOnlySpan<byte> comm, ClockTime time, ulong line, long offset)
{
    /// <summary>The host CPU.</summary>
    public int Cpu { get; } = cpu;

    public int Thread { get; } = thread;

    /// <summary>Its name.</summary>
    public ReadOnlySpan<byte> Comm { get; } = comm;

    /// <summary>When.</summary>
    public ClockTime Time { get; } = time;

    /// <summary>Number of its line, or of the first of them.</summary>
    public ulong Line { get; } = line;

    /// <summary>Where its line starts in the text.</summary>
    public long Offset { get; } = offset;
}
