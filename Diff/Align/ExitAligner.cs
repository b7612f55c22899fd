namespace Differ.Diff.Align;

/// <summary>How the alignment of two streams ended.</summary>
public enum AlignmentEnd : byte
{
    /// <summary>Both were followed to their end.</summary>
    Complete,

    /// <summary>The two guests went different ways and did not meet again within the window that is looked at.</summary>
    Parted,

    /// <summary>One run was so far ahead that its exits could not be kept.</summary>
    OutOfReach,
}

/// <summary>Takes an exit of the base run or of the test run.</summary>
internal delegate void MarkTaker(in ExitMark mark, bool isBase);

/// <summary>Which exit of one run belongs to which of the other, exit by exit, and where L0 first did something else.</summary>
/// <remarks>
/// <code>
///   base  A B C D E F G      the same step: level, offset of rip in its page, and exit code or instruction
///   test  A B x y C D E      C is not x: look ahead, and go on at the nearest pair of places that begin
///             `-' gap        <see cref="Run"/> equal steps; what is passed over is a gap
/// </code>
/// The look-ahead doubles until it finds one, so the work is linear in what is passed over, and the memory is that of the
/// largest window.
/// </remarks>
/// <param name="acts">Counts what L0 did at the pairs.</param>
/// <param name="pair">Which pair of streams this is.</param>
internal sealed class ExitAligner(ActTally acts, int pair)
{
    /// <summary>Most exits that are looked ahead in each run.</summary>
    public const int LargestWindow = 1 << 14;

    // Most exits that wait for the other run; windows of both and what one batch brings fit twice.
    private const int MostWaiting = 1 << 16;
    private const int SmallestWindow = 16;

    // Equal steps in a row that make two places the same; loops have fewer different steps than that and repeat them.
    private const int Run = 6;

    private readonly Dictionary<ulong, int> _places = [];
    private readonly MarkQueue _base = new();
    private readonly MarkQueue _test = new();
    private (ulong Base, ulong Test) _last;
    private int _window = SmallestWindow;
    private int _together;

    /// <summary>Exits that are the same step in both runs.</summary>
    public ulong Pairs { get; private set; }

    /// <summary>Pairs at which L0 did different things.</summary>
    public ulong Differences { get; private set; }

    /// <summary>Exits of the base run only, in gaps.</summary>
    public ulong OnlyBase { get; private set; }

    /// <summary>Exits of the test run only, in gaps.</summary>
    public ulong OnlyTest { get; private set; }

    /// <summary>Exits that wait for the other run.</summary>
    public (int Base, int Test) Waiting => (_base.Count, _test.Count);

    /// <summary>How it ended; null while it goes on.</summary>
    public AlignmentEnd? End { get; private set; }

    /// <summary>The first pair at which L0 did different things.</summary>
    public (ExitMark Base, ExitMark Test)? First { get; private set; }

    /// <summary>The first pair at which L1 asked VMRUN for different things, in the midst of equal steps.</summary>
    public (ExitMark Base, ExitMark Test)? FirstAsked { get; private set; }

    /// <summary>The positions of the last exits that were the same step in both runs; null where none was.</summary>
    public (ulong Base, ulong Test)? LastCommon => Pairs > 0 ? _last : null;

    /// <summary>Adds an exit of the base run.</summary>
    public void AddBase(in ExitMark mark) => Add(_base, mark);

    /// <summary>Adds an exit of the test run.</summary>
    public void AddTest(in ExitMark mark) => Add(_test, mark);

    /// <summary>No further exit of the base run comes.</summary>
    public void EndBase() => _base.Ended = true;

    /// <summary>No further exit of the test run comes.</summary>
    public void EndTest() => _test.Ended = true;

    /// <summary>Gives away the exits that wait, in their order: those of guests that parted.</summary>
    public void TakeWaiting(MarkTaker take)
    {
        for (int i = 0; i < _base.Count; i++)
        {
            take(_base[i], true);
        }

        for (int i = 0; i < _test.Count; i++)
        {
            take(_test[i], false);
        }

        _base.Drop(_base.Count);
        _test.Drop(_test.Count);
    }

    /// <summary>Goes on as far as what has been added allows.</summary>
    public void Advance()
    {
        while (End is null && CanLookAt(_base, 1) && CanLookAt(_test, 1))
        {
            if (_base.Count == 0 || _test.Count == 0)
            {
                Finish(AlignmentEnd.Complete);
            }
            else if (ExitMark.AreSame(_base[0], _test[0]))
            {
                Pair();
            }
            else if (!CanLookAt(_base, _window + Run) || !CanLookAt(_test, _window + Run))
            {
                break;
            }
            else
            {
                Resynchronise();
            }
        }
    }

    private static bool CanLookAt(MarkQueue queue, int count) => queue.Ended || queue.Count >= count;

    private void Add(MarkQueue queue, in ExitMark mark)
    {
        if (End is not null)
        {
            return;
        }

        if (queue.Count >= MostWaiting)
        {
            Finish(AlignmentEnd.OutOfReach);
            return;
        }

        queue.Add(mark);
    }

    private void Pair()
    {
        ref readonly ExitMark inBase = ref _base[0], inTest = ref _test[0];
        _last = (inBase.Index, inTest.Index);
        Pairs++;
        _together++;
        Acts said = ExitMark.Compare(inBase, inTest);
        acts.Add(inBase, inTest, said, pair);
        if (said == Acts.Otherwise)
        {
            First ??= (inBase, inTest);
            Differences++;
        }

        // Right behind a gap two VMRUNs need not be the same one.
        if (_together > Run && FirstAsked is null && !ExitMark.AskAlike(inBase, inTest))
        {
            FirstAsked = (inBase, inTest);
        }

        _base.Drop(1);
        _test.Drop(1);
    }

    private void Resynchronise()
    {
        (int fromBase, int fromTest) = Nearest();
        if (fromBase >= 0)
        {
            OnlyBase += (ulong)fromBase;
            OnlyTest += (ulong)fromTest;
            _base.Drop(fromBase);
            _test.Drop(fromTest);
            _window = SmallestWindow;
            _together = 0;
        }
        else if (_window >= LargestWindow || (_base.Ended && _test.Ended && _window >= Math.Max(_base.Count, _test.Count)))
        {
            Finish(AlignmentEnd.Parted);
        }
        else
        {
            _window *= 2;
        }
    }

    // The pair of places ahead with the fewest exits before them.
    private (int FromBase, int FromTest) Nearest()
    {
        _places.Clear();
        for (int i = 0; i < Math.Min(_window, _test.Count); i++)
        {
            _places.TryAdd(HashAt(_test, i), i);
        }

        (int FromBase, int FromTest) nearest = (-1, -1);
        int least = int.MaxValue;
        for (int i = 0; i < Math.Min(_window, _base.Count) && i < least; i++)
        {
            if (_places.TryGetValue(HashAt(_base, i), out int there) && i + there < least && IsCommon(i, there))
            {
                nearest = (i, there);
                least = i + there;
            }
        }

        return nearest;
    }

    private bool IsCommon(int fromBase, int fromTest)
    {
        int last = Math.Min(Run, Math.Min(_base.Count - fromBase, _test.Count - fromTest));
        for (int i = 0; i < last; i++)
        {
            if (!ExitMark.AreSame(_base[fromBase + i], _test[fromTest + i]))
            {
                return false;
            }
        }

        return true;
    }

    // FNV-1a over the places of the next steps; the multiplication wraps on purpose.
    private static ulong HashAt(MarkQueue queue, int ahead)
    {
        ulong hash = 14695981039346656037;
        for (int i = 0; i < Run; i++)
        {
            hash = unchecked((hash ^ queue.PlaceAt(ahead + i)) * 1099511628211);
        }

        return hash;
    }

    private void Finish(AlignmentEnd end)
    {
        End = end;
        if (end == AlignmentEnd.Complete)
        {
            OnlyBase += (ulong)_base.Count;
            OnlyTest += (ulong)_test.Count;
        }

        _places.Clear();
        if (end != AlignmentEnd.Parted)
        {
            _base.Drop(_base.Count);
            _test.Drop(_test.Count);
        }
    }
}
