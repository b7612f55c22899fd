using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>Adds up marks of loss by CPU.</summary>
internal sealed class LossCounter
{
    private readonly SortedDictionary<int, (ulong Marks, ulong Events, ulong Uncounted)> _losses = [];

    /// <summary>How many marks there were.</summary>
    public ulong Marks { get; private set; }

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
