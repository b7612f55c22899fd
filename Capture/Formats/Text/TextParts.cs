using Differ.Schemas.Run;

namespace Differ.Capture.Formats.Text;

/// <summary>
/// Which tracepoints were on for each thread of a text. People put texts of several recordings together, and each may have had others on:
/// what one shows says nothing about another.
/// </summary>
/// <remarks>
/// <code>
///   lines      1 2 3 4 5 6 7 8 9
///   thread 10  x   x x
///   thread 11    x     x            its lines stand between those of 10: one recording
///   thread 12              x   x    nobody's lines stand on both sides: perhaps another one
/// </code>
/// A thread that starts another excerpt may do so in another recording. The idle thread has the same number on every host and holds nothing together.
/// Threads that ran no guest, and whose lines stand between nobody's, count at the start and at the end of a text: in between, both sides may have them.
/// </remarks>
/// <param name="hostOf">The host of a thread.</param>
internal sealed class TextParts(Func<int, int> hostOf)
{
    // A hostile text may start an excerpt in each line.
    private const int MostStretches = 1 << 18;
    private const int Idle = 0;

    private readonly Dictionary<int, Stretch> _threads = [];
    private readonly List<Stretch> _stretches = [];
    private readonly HashSet<int> _unknown = [];
    private Dictionary<int, TracepointSet>? _heard;
    private Stretch? _current;
    private long _position;

    /// <summary>Takes an event.</summary>
    /// <param name="thread">Its thread.</param>
    /// <param name="isApart">Whether it starts another excerpt.</param>
    /// <param name="kind">Its tracepoint.</param>
    public void Take(int thread, bool isApart, TracepointSet kind)
    {
        _position++;
        if (_current is not { } stretch || stretch.Thread != thread || isApart)
        {
            stretch = _current = StretchOf(thread, isApart);
        }

        stretch.Last = _position;
        stretch.Seen |= kind;
    }

    /// <summary>Tracepoints that were on wherever a thread was recorded.</summary>
    public TracepointSet HeardOf(int thread) => (_heard ??= Heard()).GetValueOrDefault(thread);

    private Stretch StretchOf(int thread, bool isApart)
    {
        if (!isApart && _threads.TryGetValue(thread, out Stretch? known))
        {
            return known;
        }

        var stretch = new Stretch(thread, _position);
        _threads[thread] = stretch;
        if (_stretches.Count < MostStretches)
        {
            _stretches.Add(stretch);
        }
        else
        {
            _unknown.Add(thread);
        }

        return stretch;
    }

    // Stretches of one host that overlap were recorded together.
    private Dictionary<int, TracepointSet> Heard()
    {
        var heard = new Dictionary<int, TracepointSet>();
        foreach (IGrouping<int, Stretch> host in _stretches.Where(static one => one.Thread != Idle).GroupBy(one => hostOf(one.Thread)))
        {
            List<List<Stretch>> together = Together(host);
            JoinEdges(together);
            foreach (List<Stretch> one in together)
            {
                Add(one, heard);
            }
        }

        foreach (int thread in _unknown)
        {
            heard.Remove(thread);
        }

        return heard;
    }

    // In the order of their lines.
    private static List<List<Stretch>> Together(IEnumerable<Stretch> stretches)
    {
        var together = new List<List<Stretch>>();
        long last = 0;
        foreach (Stretch stretch in stretches)
        {
            if (stretch.First > last)
            {
                together.Add([]);
            }

            together[^1].Add(stretch);
            last = Math.Max(last, stretch.Last);
        }

        return together;
    }

    private static void JoinEdges(List<List<Stretch>> together)
    {
        int first = together.FindIndex(RanGuest), last = together.FindLastIndex(RanGuest);
        if (first >= 0)
        {
            together[last].AddRange(together[(last + 1)..].SelectMany(static one => one));
            together[first].AddRange(together[..first].SelectMany(static one => one));
        }
    }

    private static bool RanGuest(List<Stretch> together) =>
        together.Exists(static one => !(one.Seen & (TracepointSet.Exit | TracepointSet.Entry)).IsEmpty);

    private static void Add(List<Stretch> together, Dictionary<int, TracepointSet> heard)
    {
        TracepointSet seen = together.Aggregate(default(TracepointSet), static (set, stretch) => set | stretch.Seen);
        foreach (int thread in together.Select(static stretch => stretch.Thread).Distinct())
        {
            heard[thread] = heard.TryGetValue(thread, out TracepointSet elsewhere) ? elsewhere & seen : seen;
        }
    }

    // Events of a thread without a break.
    private sealed class Stretch(int thread, long first)
    {
        public int Thread { get; } = thread;

        public long First { get; } = first;

        public long Last { get; set; } = first;

        public TracepointSet Seen { get; set; }
    }
}
