using Differ.Capture.Tracepoints;

namespace Differ.Capture;

/// <summary>Takes no events: the reader counts them by itself.</summary>
internal sealed class CountingSink : IEventSink
{
    /// <inheritdoc/>
    public bool WantsEverything => false;

    public LossCounter Losses { get; } = new();

    /// <inheritdoc/>
    public void Take(in RawEvent raw)
    {
        // Counted where it was read.
    }

    /// <inheritdoc/>
    public void Lost(in LossMark mark) => Losses.Add(mark);
}
