using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Html;

/// <summary>Some departures of one class that follow each other in a stream.</summary>
/// <param name="Time">When the first was.</param>
/// <param name="Index">Its position in the stream.</param>
/// <param name="Count">How many.</param>
internal readonly record struct DivergenceMark(ulong Time, ulong Index, ulong Count);

/// <summary>Where the classes of divergences are on the timeline. When a series is full, neighbours are merged.</summary>
internal sealed class DivergenceMarks
{
    private const int MostSeries = 1024;
    private const int DetailedSeries = 16;
    private const int ManyMarks = 1024;
    private const int FewMarks = 16;

    private readonly Dictionary<(string Fingerprint, int Stream), Series> _series = [];

    /// <summary>Departures that found no room.</summary>
    public ulong Left { get; private set; }

    /// <summary>Adds a departure.</summary>
    /// <returns>Whether it is the first of its class in its stream.</returns>
    public bool Add(string fingerprint, in ExitMoment moment, StreamId stream)
    {
        if (_series.TryGetValue((fingerprint, stream.Value), out Series? series))
        {
            series.Add(new DivergenceMark(moment.Exit, moment.Index, 1));
            return false;
        }

        if (_series.Count >= MostSeries)
        {
            Left++;
            return false;
        }

        series = new Series(_series.Count < DetailedSeries ? ManyMarks : FewMarks);
        series.Add(new DivergenceMark(moment.Exit, moment.Index, 1));
        _series.Add((fingerprint, stream.Value), series);
        return true;
    }

    /// <summary>The marks of one class, by stream.</summary>
    public IEnumerable<(int Stream, IReadOnlyList<DivergenceMark> Marks)> Of(string fingerprint) =>
        _series.Where(item => item.Key.Fingerprint == fingerprint).OrderBy(item => item.Key.Stream).Select(item => (item.Key.Stream, item.Value.Marks));

    private sealed class Series(int capacity)
    {
        private readonly List<DivergenceMark> _marks = [];
        private ulong _per = 1;

        public IReadOnlyList<DivergenceMark> Marks => _marks;

        public void Add(DivergenceMark mark)
        {
            if (_marks.Count > 0 && _marks[^1].Count < _per)
            {
                _marks[^1] = _marks[^1] with { Count = _marks[^1].Count + 1 };
                return;
            }

            if (_marks.Count == capacity)
            {
                for (int i = 0; i < capacity / 2; i++)
                {
                    _marks[i] = _marks[2 * i] with { Count = _marks[2 * i].Count + _marks[(2 * i) + 1].Count };
                }

                _marks.RemoveRange(capacity / 2, capacity / 2);
                _per *= 2;
            }

            _marks.Add(mark);
        }
    }
}
