using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Changes;

/// <summary>Collects the neighbourhoods of some exits of a run.</summary>
public sealed class ExitContexts : IExitSink
{
    private const ulong Before = 3;
    private const ulong After = 2;

    private readonly Dictionary<StreamId, Places> _streams;
    private int _open;

    /// <summary>A collection.</summary>
    /// <param name="wanted">The exits; each may be named several times.</param>
    public ExitContexts(IEnumerable<ExitPlace> wanted)
    {
        _streams = wanted.Distinct().GroupBy(place => place.Stream)
            .ToDictionary(group => group.Key, group => new Places([.. group.Select(place => new Place(place.Index)).OrderBy(place => place.Index)]));
        _open = _streams.Values.Sum(places => places.All.Count);
    }

    /// <summary>Is called once, when the last exit that is wanted has come.</summary>
    public event Action? Completed;

    /// <summary>Whether everything that is wanted has come.</summary>
    public bool AreComplete => _open == 0;

    /// <summary>An exit that was wanted, with as many neighbours as the run has.</summary>
    public ExitContext Around(ExitPlace place) =>
        new(_streams.TryGetValue(place.Stream, out Places? places) && places.All.FirstOrDefault(one => one.Index == place.Index) is { } found ? found.Exits : [], place.Index);

    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        if (!_streams.TryGetValue(record.Stream, out Places? places))
        {
            return;
        }

        for (int i = places.FirstOpen; i < places.All.Count && places.All[i].Index <= record.Index + Before; i++)
        {
            Place place = places.All[i];
            if (record.Index <= place.Index + After)
            {
                place.Exits.Add(KeptExit.Of(record));
            }

            if (record.Index >= place.Index + After && i == places.FirstOpen)
            {
                places.FirstOpen++;
                _open--;
            }
        }

        if (_open == 0)
        {
            Completed?.Invoke();
            Completed = null;
        }
    }

    private sealed record Place(ulong Index)
    {
        public List<KeptExit> Exits { get; } = [];
    }

    private sealed record Places(List<Place> All)
    {
        public int FirstOpen { get; set; }
    }
}
