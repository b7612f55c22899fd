using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.Report.Html;

/// <summary>Some exits of a stream that follow each other, added up.</summary>
internal struct TimelineSlot
{
    /// <summary>In <see cref="Reason"/>: not all exits have the same one.</summary>
    public const ushort Mixed = ushort.MaxValue;

    /// <summary>When the guest of the first exit was entered, and when the guest after the last one was.</summary>
    public ulong Start, End;

    /// <summary>Time in L1, in L2, in guests that cannot be told, in L0 and in the VMM. What is left of the slot was not seen.</summary>
    public ulong L1, L2, Unknown, Host, User;

    /// <summary>How many exits, of those how many of L2 and how many undecided.</summary>
    public ulong Exits, L2Exits, Undecided;

    /// <summary>Row of the reason of all exits, or <see cref="Mixed"/>.</summary>
    public ushort Reason;

    /// <summary>Whether events may be missing.</summary>
    public bool Loss;

    public static TimelineSlot Of(in ExitMoment moment) => new()
    {
        Start = moment.Start,
        End = moment.End,
        L1 = moment.Level == GuestLevel.L1 ? moment.Guest : 0,
        L2 = moment.Level == GuestLevel.L2 ? moment.Guest : 0,
        Unknown = moment.Level == GuestLevel.Unknown ? moment.Guest : 0,
        Host = moment.Host,
        User = moment.User,
        Exits = 1,
        L2Exits = moment.Level == GuestLevel.L2 ? 1UL : 0,
        Undecided = moment.Verdict == Verdict.Undecided ? 1UL : 0,
        Reason = moment.Reason,
        Loss = moment.Loss,
    };

    /// <summary>Adds the slot that follows.</summary>
    public void Add(in TimelineSlot next)
    {
        End = Math.Max(End, next.End);
        L1 += next.L1;
        L2 += next.L2;
        Unknown += next.Unknown;
        Host += next.Host;
        User += next.User;
        Exits += next.Exits;
        L2Exits += next.L2Exits;
        Undecided += next.Undecided;
        Reason = Reason == next.Reason ? Reason : Mixed;
        Loss |= next.Loss;
    }
}

/// <summary>All exits of a stream in a fixed number of slots: when they are full, neighbours are merged and a slot holds twice as many.</summary>
internal sealed class Timeline
{
    private TimelineSlot[] _slots = new TimelineSlot[64];
    private int _count;
    private ulong _inLast;

    /// <summary>A timeline.</summary>
    /// <param name="capacity">Slots at most.</param>
    public Timeline(int capacity) => Capacity = capacity;

    /// <summary>Slots at most.</summary>
    public int Capacity { get; private set; }

    /// <summary>Exits in every slot but the last, a power of two.</summary>
    public ulong PerSlot { get; private set; } = 1;

    public ReadOnlySpan<TimelineSlot> Slots => _slots.AsSpan(0, _count);

    public void Add(in ExitMoment moment)
    {
        TimelineSlot one = TimelineSlot.Of(moment);
        if (_count > 0 && _inLast < PerSlot)
        {
            _slots[_count - 1].Add(one);
            _inLast++;
            return;
        }

        if (_count == Capacity)
        {
            Halve();
            Add(moment);
            return;
        }

        if (_count == _slots.Length)
        {
            Array.Resize(ref _slots, Math.Min(2 * _count, Math.Max(Capacity, _count + 1)));
        }

        _slots[_count++] = one;
        _inLast = 1;
    }

    /// <summary>Makes do with fewer slots.</summary>
    public void Shrink(int capacity)
    {
        Capacity = capacity;
        while (_count > capacity)
        {
            Halve();
        }

        if (_slots.Length > capacity)
        {
            Array.Resize(ref _slots, capacity);
        }
    }

    private void Halve()
    {
        _inLast = _count % 2 == 0 ? PerSlot + _inLast : _inLast;
        int merged = 0;
        for (int i = 0; i < _count; i += 2)
        {
            TimelineSlot slot = _slots[i];
            if (i + 1 < _count)
            {
                slot.Add(_slots[i + 1]);
            }

            _slots[merged++] = slot;
        }

        _count = merged;
        PerSlot *= 2;
    }
}
