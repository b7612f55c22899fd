using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;

namespace Differ.Capture.Formats.Text;

/// <summary>What people paste: ftrace's trace and trace_pipe, trace-cmd report, perf script, with whatever stands around them.</summary>
/// <remarks>
/// One line is one event (<see cref="TextLine"/>); how an event is printed is a row of <c>Forms/</c>; headings, marks of loss and
/// everything else are told apart in <see cref="TextTraceReader"/>. Known by its content: a line that is an event, or a heading.
/// </remarks>
internal sealed class TextFormat : IStreamedFormat
{
    /// <inheritdoc/>
    public string Name => "text (ftrace trace and trace_pipe, trace-cmd report, perf script)";

    /// <inheritdoc/>
    public bool Sniff(ReadOnlySpan<byte> start)
    {
        if (IsWide(start))
        {
            return true;
        }

        if (TextMender.For(start) is { } mender)
        {
            byte[] mended = new byte[start.Length];
            start = mended.AsSpan(0, mender.Mend(start, mended, last: true).Written);
        }

        var line = new TextLine();
        ReadOnlySpan<byte> before = default;
        foreach (Range range in start.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> candidate = start[range].TrimEnd((byte)'\r');
            if (candidate.StartsWith("# tracer: "u8) || line.Read(candidate) || line.ReadBroken(before, candidate, new byte[TextOddities.LongestHead])
                || (line.ReadBare(candidate) && TextForm.Explains(line.Name, line.Body)))
            {
                return true;
            }

            before = candidate;
        }

        return false;
    }

    /// <inheritdoc/>
    public ITraceReader Open(ByteSource source)
    {
        Span<byte> mark = stackalloc byte[2];
        RefuseWide(mark[..source.Read(0, mark)]);
        return new TextTraceReader(source, null, () => new TextInput(source), new TextInput(source), source.Length);
    }

    /// <inheritdoc/>
    public bool Streams(ReadOnlySpan<byte> start) => true;

    /// <inheritdoc/>
    public ITraceReader Open(KeptPipe pipe)
    {
        RefuseWide(pipe.Start.Span);
        return new TextTraceReader(null, pipe, () => new TextInput(pipe), new TextInput(pipe.Kept), 0);
    }

    private static bool IsWide(ReadOnlySpan<byte> start) => start.Length >= 2 && start[0] + start[1] == 0xff + 0xfe;

    private static void RefuseWide(ReadOnlySpan<byte> start)
    {
        if (IsWide(start))
        {
            CaptureFormatException.ThrowWideText<ITraceReader>();
        }
    }
}
