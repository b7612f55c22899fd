using Differ.Capture.Formats.TracingData;
using Differ.Capture.Order;
using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>The events of one CPU, page by page.</summary>
/// <param name="cpu">The host CPU.</param>
/// <param name="instance">Which buffer of the file.</param>
/// <param name="layout">How a page starts.</param>
/// <param name="bigEndian">Whether numbers are stored most significant byte first.</param>
/// <param name="scale">What makes times of the page's.</param>
internal abstract class PageEvents(int cpu, int instance, PageLayout layout, bool bigEndian, TimeScale scale) : EventCursor
{
    private bool _lossPending;
    private ulong _lossEvents;
    private ClockTime _last;

    /// <summary>The host CPU.</summary>
    public int Cpu => cpu;

    /// <summary>Which buffer of the file.</summary>
    public int Instance => instance;

    /// <summary>Record of the current event.</summary>
    public ReadOnlySpan<byte> Payload => Page.Payload;

    /// <summary>Where the current block stands in the file.</summary>
    public abstract long FileOffset { get; }

    /// <summary>How far in the file the reading is, in bytes of this CPU's data.</summary>
    public abstract long Consumed { get; }

    /// <summary>The loss that ends with the current event.</summary>
    public LossMark Loss { get; private set; }

    /// <summary>The page that is read.</summary>
    protected RingBufferPage Page { get; } = new(layout, bigEndian);

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        _last = Time;
        Marked = false;
        while (!Page.MoveNext())
        {
            if (!NextPage())
            {
                EndLoss(new ClockTime(ulong.MaxValue));
                return false;
            }

            if (Page.Lost)
            {
                _lossPending = true;
                _lossEvents = Math.Min(_lossEvents, CpuLoss.Most) + Math.Min(Page.LostEvents, CpuLoss.Most);
            }
        }

        Time = scale.Apply(Page.Time);
        if (_lossPending)
        {
            EndLoss(Time);
        }

        return true;
    }

    /// <summary>Loads the next page.</summary>
    /// <returns>False when there is none.</returns>
    protected abstract bool NextPage();

    private void EndLoss(ClockTime before)
    {
        if (_lossPending)
        {
            Loss = new LossMark(Cpu, _lossEvents, _last, before);
            Marked = true;
            _lossPending = false;
            _lossEvents = 0;
        }
    }
}
