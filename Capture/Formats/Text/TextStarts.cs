namespace Differ.Capture.Formats.Text;

/// <summary>How the last line of each CPU started: nearly every line starts as one before, with the same thread.</summary>
internal sealed class TextStarts
{
    private const int Cpus = 1 << 5, LongestStart = 1 << 6;

    private readonly Start[] _starts = [.. Enumerable.Range(0, Cpus).Select(_ => new Start())];

    /// <summary>The thread of a start that is known, and where its name is.</summary>
    /// <param name="before">What stands before the CPU.</param>
    /// <param name="cpu">The CPU.</param>
    /// <param name="thread">The thread.</param>
    /// <param name="commStart">Where its name starts.</param>
    /// <param name="commLength">Length of the name.</param>
    public bool TryGet(ReadOnlySpan<byte> before, int cpu, out int thread, out int commStart, out int commLength)
    {
        Start known = _starts[cpu & (Cpus - 1)];
        (thread, commStart, commLength) = (known.Thread, known.CommStart, known.CommLength);
        return before.SequenceEqual(known.Bytes.AsSpan(0, known.Length)) && known.Length > 0;
    }

    /// <summary>Keeps a start.</summary>
    public void Keep(ReadOnlySpan<byte> before, int cpu, int thread, int commStart, int commLength)
    {
        if (before.Length <= LongestStart)
        {
            Start known = _starts[cpu & (Cpus - 1)];
            before.CopyTo(known.Bytes);
            (known.Length, known.Thread, known.CommStart, known.CommLength) = (before.Length, thread, commStart, commLength);
        }
    }

    private sealed class Start
    {
        public byte[] Bytes { get; } = new byte[LongestStart];

        public int Length { get; set; }

        public int Thread { get; set; }

        public int CommStart { get; set; }

        public int CommLength { get; set; }
    }
}
