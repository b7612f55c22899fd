using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Follows one vCPU through the losses of its recording, before and since L1 enabled SVM.</summary>
internal sealed class NestedStretch
{
    private const uint Efer = 0xc000_0080;
    private const ulong Svme = 1UL << 12;

    private Stretch _before;
    private Stretch _since;
    private ulong _end;
    private bool _hasEnd;
    private bool _enabled;

    /// <summary>Whether anything of nested virtualization was seen.</summary>
    public bool IsNested => _enabled || _since.Nested > 0;

    /// <summary>Takes an exit of the vCPU.</summary>
    /// <param name="record">The exit.</param>
    /// <param name="isNested">Whether it is of L2 or for an SVM instruction.</param>
    public void Add(in ExitRecord record, bool isNested)
    {
        // Where L2 may be running, an exit of which nobody knows whose it is may be one of L2.
        isNested |= IsNested && record.HasExit && record.Level == GuestLevel.Unknown;
        ulong end = (record.HasEntry ? record.Entry.Time : record.Exit.Time).Value;
        ulong time = _hasEnd && end > _end ? end - _end : 0;
        (_end, _hasEnd) = (end, true);
        if (isNested && !IsNested)
        {
            // SVM was enabled in a part that is missing, or before the recording began.
            _since = _before;
            _before = default;
        }

        bool hasHole = (record.Flags & (RecordFlags.LossBefore | RecordFlags.LossInside)) != 0;
        (IsNested || isNested ? ref _since : ref _before).Add(time, hasHole, isNested);
        _enabled |= !IsNested && Enables(record);
    }

    /// <summary>How much was lost since L1 enabled SVM.</summary>
    /// <param name="stream">The vCPU.</param>
    /// <param name="events">Events of the vCPU that were recorded.</param>
    /// <param name="missing">Events that its holes hold, as the recorder counts.</param>
    /// <param name="overwritten">Events that were overwritten before the recording begins.</param>
    /// <param name="isCounted">Whether every hole is counted.</param>
    public NestedLoss Loss(StreamId stream, double events, double missing, double overwritten, bool isCounted)
    {
        double eventsOfExit = Math.Max(1, events / Math.Max(1, (double)_before.Exits + _since.Exits));
        double counted = ((missing * PartOfHoles()) + (_enabled ? 0 : overwritten)) / eventsOfExit;

        // What was not counted is measured by its time.
        double timed = isCounted ? 0 : _since.HoleTime / Math.Max(1, _since.Time - _since.HoleTime) * _since.Exits;
        double lost = Math.Max(Math.Max(counted, timed), _since.Holes);
        return new NestedLoss(stream, _since.Nested, (ulong)Math.Ceiling(Math.Min(lost, CpuLoss.Most)), _since.Holes);
    }

    private double PartOfHoles()
    {
        double time = _before.HoleTime + _since.HoleTime, holes = (double)_before.Holes + _since.Holes;
        return time > 0 ? _since.HoleTime / time : holes > 0 ? _since.Holes / holes : 0;
    }

    private static bool Enables(in ExitRecord record)
    {
        if (record.Level == GuestLevel.L2 || !record.Kinds.Has(KvmEventKind.MsrAccess))
        {
            return false;
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.MsrAccess && MsrAccess.Of(kvmEvent) is { Write: true, Faulted: false, Index: Efer } access && (access.Value & Svme) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private struct Stretch
    {
        public ulong Exits;
        public ulong Nested;
        public ulong Holes;
        public double Time;
        public double HoleTime;

        public void Add(ulong time, bool hasHole, bool isNested)
        {
            Exits++;
            Nested += isNested ? 1UL : 0;
            Holes += hasHole ? 1UL : 0;
            Time += time;
            HoleTime += hasHole ? time : 0;
        }
    }
}
