using Differ.Capture.Formats.TracingData;
using Differ.Capture.Order;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>The events of one CPU while its pages still come: those up to a time, behind which events of other CPUs may be missing.</summary>
/// <param name="cpu">The host CPU.</param>
/// <param name="layout">How a page starts.</param>
/// <param name="bigEndian">Whether numbers are stored most significant byte first.</param>
/// <param name="scale">What makes times of the page's.</param>
internal sealed class LiveEvents(int cpu, PageLayout layout, bool bigEndian, TimeScale scale) : PageEvents(cpu, 0, layout, bigEndian, scale)
{
    private readonly Queue<byte[]> _pages = [];
    private bool _waits;

    /// <summary>Events behind it are not yet due, in the time of the pages.</summary>
    public ulong Until { get; set; }

    /// <inheritdoc/>
    public override long FileOffset => 0;

    /// <inheritdoc/>
    public override long Consumed => 0;

    /// <summary>Takes the next page.</summary>
    public void Add(byte[] page) => _pages.Enqueue(page);

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        if (_waits)
        {
            // It was told of when the event was met.
            Marked = false;
        }
        else if (!base.MoveNext())
        {
            return false;
        }

        _waits = Page.Time > Until;
        return !_waits;
    }

    /// <inheritdoc/>
    protected override bool NextPage()
    {
        if (!_pages.TryDequeue(out byte[]? page))
        {
            return false;
        }

        Page.Load(page, 0, page.Length, 0);
        return true;
    }
}
