using Differ.Capture.Diagnostics;
using Differ.Capture.Tracepoints;

namespace Differ.Capture.Formats.TracingData;

/// <summary>Where the parts of a sub-buffer stand, from <c>header_page</c>.</summary>
/// <param name="CommitSize">4 or 8, the long of the traced kernel.</param>
/// <param name="DataOffset">Where the first event starts.</param>
internal sealed record PageLayout(int CommitSize, int DataOffset);

/// <summary>What a kernel says of its events and threads, as trace-cmd and perf store it.</summary>
internal class TracingContent
{
    // Ten times what the formats of all events of a kernel take. Parts of a hostile file may be pointed to as often as it likes.
    private const long MostDescribed = 1 << 26;

    private long _described;

    /// <summary>Layout of a sub-buffer.</summary>
    public PageLayout Page { get; set; } = new(sizeof(ulong), 2 * sizeof(ulong));

    /// <summary>Every event the file describes.</summary>
    public List<EventLayout> Layouts { get; } = [];

    /// <summary>Groups of events the file describes, ftrace's own left out.</summary>
    public List<string> Systems { get; } = [];

    public Dictionary<int, string> ThreadNames { get; } = [];

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
