namespace Differ.Capture.Order;

/// <summary>An event that waits for its turn.</summary>
/// <param name="Time">When it was.</param>
/// <param name="Chunk">Number of the chunk it is in.</param>
/// <param name="Start">Where the record of its tracepoint starts in the chunk.</param>
/// <param name="Thread">The thread that ran.</param>
/// <param name="Process">Its process.</param>
/// <param name="Length">Bytes of the record.</param>
/// <param name="Cpu">The host CPU.</param>
/// <param name="Type">Number of the tracepoint.</param>
/// <param name="Instance">Which recording of it.</param>
internal readonly record struct WaitingEvent(
    ulong Time, int Chunk, int Start, int Thread, int Process, ushort Length, ushort Cpu, ushort Type, byte Instance);

/// <summary>Puts events in the order of time, a round at a time: round N cannot overlap with round N + 2.</summary>
/// <remarks>
/// perf record reads one ring of events after the other and writes FINISHED_ROUND when it has read them all. What a round brings is
/// therefore older than anything that the round after the next can bring, and not more than that is known:
/// <code>
///              round 1            round 2            round 3
/// CPU 0    1  3            |  4            6    |  8
/// CPU 1       2            |     5              |  7  9
///                       limit 3             limit 6        at the end of round 2, events up to 3 are due;
///                                                          at the end of round 3, events up to 6
/// </code>
/// The events of one ring come in order, so what waits is a few ascending runs; neighbouring runs are merged until one is left.
/// Events of the same time stay in the order of the file. Source: Linux tools/perf/util/session.c, <c>process_finished_round</c>.
/// </remarks>
/// <param name="held">Rounds that must end after the one that brought an event before it is due.</param>
internal sealed class RoundSorter(int held = 1)
{
    private const int SmallestCapacity = 1 << 10;

    private readonly List<int> _runs = [];
    private readonly Queue<ulong> _limits = new(Enumerable.Repeat(0UL, held));
    private WaitingEvent[] _waiting = new WaitingEvent[SmallestCapacity];
    private WaitingEvent[] _spare = [];
    private int _count;
    private ulong _latest;
    private ulong _latestOfFirst;
    private int _firstCpu = -1;
    private ulong _certain;

    /// <summary>How many events wait.</summary>
    public int Count => _count;

    public void Add(in WaitingEvent waiting)
    {
        if (_count == _waiting.Length)
        {
            Array.Resize(ref _waiting, _count * 2);
        }

        if (_count == 0 || waiting.Time < _waiting[_count - 1].Time)
        {
            _runs.Add(_count);
        }

        _waiting[_count++] = waiting;
        _latest = Math.Max(_latest, waiting.Time);
        _firstCpu = _firstCpu < 0 ? waiting.Cpu : _firstCpu;
        _latestOfFirst = waiting.Cpu == _firstCpu ? Math.Max(_latestOfFirst, waiting.Time) : _latestOfFirst;
    }

    /// <summary>Ends a round.</summary>
    /// <returns>What is due, in order; to be given to <see cref="Drop"/> when it is done.</returns>
    public ReadOnlySpan<WaitingEvent> EndRound()
    {
        Sort();
        int due = UpTo(_limits.Dequeue());
        _limits.Enqueue(_latest);
        _certain = _latestOfFirst;
        _firstCpu = -1;
        return _waiting.AsSpan(0, due);
    }

    /// <summary>What can be taken for complete while nothing comes.</summary>
    /// <remarks>
    /// Whatever comes next in the ring that was read first in the last round is later than what that round brought of it; the other rings
    /// were read after it. That the ring of an idle CPU was read before it cannot be seen: its events may come late.
    /// </remarks>
    public ReadOnlySpan<WaitingEvent> Certain()
    {
        Sort();
        return _waiting.AsSpan(0, UpTo(_certain));
    }

    /// <summary>What waits and was before a time, in order.</summary>
    public ReadOnlySpan<WaitingEvent> Before(ulong time)
    {
        Sort();
        return time == 0 ? [] : _waiting.AsSpan(0, UpTo(time - 1));
    }

    /// <summary>Everything that waits, in order.</summary>
    public ReadOnlySpan<WaitingEvent> All()
    {
        Sort();
        return _waiting.AsSpan(0, _count);
    }

    /// <summary>Forgets the first events of the order.</summary>
    public void Drop(int count)
    {
        _waiting.AsSpan(count, _count - count).CopyTo(_waiting);
        _count -= count;
        _runs.Clear();
        if (_count > 0)
        {
            _runs.Add(0);
        }
    }

    private int UpTo(ulong limit)
    {
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            (low, high) = _waiting[middle].Time <= limit ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private void Sort()
    {
        while (_runs.Count > 1)
        {
            if (_spare.Length < _waiting.Length)
            {
                _spare = new WaitingEvent[_waiting.Length];
            }

            for (int i = 0; i < _runs.Count; i += 2)
            {
                Merge(_runs[i], i + 1 < _runs.Count ? _runs[i + 1] : _count, i + 2 < _runs.Count ? _runs[i + 2] : _count);
                _runs[i / 2] = _runs[i];
            }

            int left = (_runs.Count + 1) / 2;
            _runs.RemoveRange(left, _runs.Count - left);
            (_waiting, _spare) = (_spare, _waiting);
        }
    }

    private void Merge(int start, int middle, int end)
    {
        ReadOnlySpan<WaitingEvent> first = _waiting.AsSpan(start, middle - start);
        ReadOnlySpan<WaitingEvent> second = _waiting.AsSpan(middle, end - middle);
        Span<WaitingEvent> to = _spare.AsSpan(start, end - start);
        while (first.Length > 0 && second.Length > 0)
        {
            // Of the same time, the one that stands first in the file goes first.
            if (first[0].Time <= second[0].Time)
            {
                to[0] = first[0];
                first = first[1..];
            }
            else
            {
                to[0] = second[0];
                second = second[1..];
            }

            to = to[1..];
        }

        first.CopyTo(to);
        second.CopyTo(to[first.Length..]);
    }
}
