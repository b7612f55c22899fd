namespace Differ.Fuzz;

/// <summary>Makes inputs of a target, out of its seeds and of those inputs that had an outcome of their own.</summary>
internal sealed class Generator
{
    private const long MostKept = 64L << 20, LargestKept = 256 << 10;

    private readonly FuzzTarget _target;
    private readonly Random _random;
    private readonly Mutator _mutator;
    private readonly IReadOnlyList<FuzzInput> _seeds;
    private readonly List<FuzzInput> _kept = [];
    private long _size;

    /// <summary>Starts a series. The same numbers give the same series.</summary>
    /// <param name="target">The target.</param>
    /// <param name="seed">The number of the series.</param>
    /// <param name="seeds">Sound inputs.</param>
    public Generator(FuzzTarget target, int seed, IReadOnlyList<FuzzInput> seeds)
    {
        _target = target;
        _random = new Random(seed);
        _mutator = new Mutator(_random, target.Shape);
        _seeds = seeds;
    }

    /// <summary>How many inputs are used as seeds beside the sound ones.</summary>
    public int Kept => _kept.Count;

    /// <summary>The next input, and the way it takes.</summary>
    public (FuzzInput Input, FuzzWay Way) Next()
    {
        FuzzInput from = Choose(), other = Choose();
        string name = NameIn(from);
        FuzzInput input = from.With(name, Change(from.Files[name], other.Files[NameIn(other)]));
        return (input, _target.Ways[_random.Next(2) == 0 ? 0 : _random.Next(_target.Ways.Count)]);
    }

    /// <summary>Keeps an input as a seed.</summary>
    public void Keep(FuzzInput input)
    {
        if (input.Length <= LargestKept && _size + input.Length <= MostKept)
        {
            _kept.Add(input);
            _size += input.Length;
        }
    }

    private FuzzInput Choose() => _kept.Count > 0 && _random.Next(2) == 0 ? _kept[_random.Next(_kept.Count)] : _seeds[_random.Next(_seeds.Count)];

    // The file that describes the others says most: half of the time it.
    private string NameIn(FuzzInput input)
    {
        string[] names = [.. input.Files.Keys.Order(StringComparer.Ordinal)];
        const string Metadata = "metadata";
        return input.Files.ContainsKey(Metadata) && _random.Next(2) == 0 ? Metadata : names[_random.Next(names.Length)];
    }

    private byte[] Change(byte[] bytes, byte[] other)
    {
        if (_target.Unpack is { } unpack && _random.Next(2) == 0 && unpack(bytes) is { } inside)
        {
            return _target.Pack!(_random, Change(inside, unpack(other) ?? other));
        }

        byte[] changed = _mutator.Mutate(bytes, other);
        if (_random.Next(8) > 0)
        {
            _target.Mend?.Invoke(changed);
        }

        return changed;
    }
}
