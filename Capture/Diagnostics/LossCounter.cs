using Differ.Capture.Tracepoints;
using Differ.Schemas.Run;

namespace Differ.Capture.Diagnostics;

/// <summary>Adds up marks of loss by CPU.</summary>
internal sealed class LossCounter
{
    private readonly SortedDictionary<int, (ulong Marks, ulong Events, ulong Uncounted)> _losses = [];

    /// <summary>How many marks there were.</summary>
    public ulong Marks { get; private set; }

    /// <summary>Adds one mark.</summary>
    public void Add(in LossMark mark)
    {
        Marks++;
        (ulong marks, ulong events, ulong uncounted) = _losses.GetValueOrDefault(mark.Cpu);
        _losses[mark.Cpu] = (marks + 1, Math.Min(events, CpuLoss.Most) + Math.Min(mark.Events, CpuLoss.Most), uncounted + (mark.Events == 0 ? 1UL : 0));
    }

    /// <summary>Losses by CPU, with what the recorder's statistics say.</summary>
    public IReadOnlyList<CpuLoss> WithOverruns(IReadOnlyDictionary<int, ulong> overruns) =>
        [.. _losses.Keys.Concat(overruns.Where(item => item.Value > 0).Select(item => item.Key)).Distinct().Order().Select(cpu =>
        {
            (ulong marks, ulong events, ulong uncounted) = _losses.GetValueOrDefault(cpu);
            return new CpuLoss(cpu, marks, events, uncounted, overruns.GetValueOrDefault(cpu));
        })];
}

/// <summary>Takes no events: the reader counts them by itself.</summary>
internal sealed class CountingSink : IEventSink
{
    /// <inheritdoc/>
    public bool WantsEverything => false;

    /// <summary>The losses.</summary>
    public LossCounter Losses { get; } = new();

    /// <inheritdoc/>
    public void Take(in RawEvent raw)
    {
        // Counted where it was read.
    }

    /// <inheritdoc/>
    public void Lost(in LossMark mark) => Losses.Add(mark);
}
