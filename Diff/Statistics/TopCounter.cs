namespace Differ.Diff.Statistics;

/// <summary>How often one of many numbers was used.</summary>
/// <param name="Number">The number; null for all that came after the table was full.</param>
/// <param name="Reads">Reads, or uses where there are no writes.</param>
/// <param name="Writes">Writes.</param>
public sealed record TopEntry(ulong? Number, ulong Reads, ulong Writes);

/// <summary>Counts uses of numbers; a guest that uses very many of them has the rest counted together.</summary>
internal sealed class TopCounter
{
    private const int MostNumbers = 4096;
    private const int Shown = 10;

    private readonly Dictionary<ulong, (ulong Reads, ulong Writes)> _counts = [];
    private (ulong Reads, ulong Writes) _others;

    /// <summary>Counts a use.</summary>
    public void Add(ulong number, bool write)
    {
        if (_counts.TryGetValue(number, out (ulong Reads, ulong Writes) count) || _counts.Count < MostNumbers)
        {
            _counts[number] = Plus(count, write);
        }
        else
        {
            _others = Plus(_others, write);
        }
    }

    /// <summary>The most used numbers.</summary>
    public IReadOnlyList<TopEntry> Top()
    {
        List<TopEntry> top =
        [
            .. _counts.Select(pair => new TopEntry(pair.Key, pair.Value.Reads, pair.Value.Writes))
                .OrderByDescending(entry => entry.Reads + entry.Writes).ThenBy(entry => entry.Number).Take(Shown),
        ];
        return _others == default ? top : [.. top, new TopEntry(null, _others.Reads, _others.Writes)];
    }

    private static (ulong Reads, ulong Writes) Plus((ulong Reads, ulong Writes) count, bool write) =>
        write ? (count.Reads, count.Writes + 1) : (count.Reads + 1, count.Writes);
}
