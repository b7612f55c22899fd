using System.Globalization;
using System.Security.Cryptography;
using Differ.Capture;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Shards;

namespace Differ.Cli;

/// <summary>
/// Shares a set of captures out among shards that know nothing of each other: each works out the same plan, from names, sizes and the first and
/// last bytes.
/// </summary>
internal sealed class ShardPlan
{
    private const int EndLength = 1 << 16;

    // What a capture takes however small it is, in bytes that are read meanwhile.
    private const long Least = 1 << 18;

    private readonly IReadOnlyList<Weighed> _captures;

    private ShardPlan(IReadOnlyList<Weighed> captures) => _captures = captures;

    /// <summary>Names the set: results of other captures do not complete it.</summary>
    public string Set => ContentHash.OfText(string.Concat(_captures.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Name}\t{one.Size}\t{one.Ends}\n"))));

    /// <summary>Looks at the captures.</summary>
    /// <exception cref="UsageException">One can be read only once.</exception>
    public static ShardPlan Of(IReadOnlyList<NamedInput> captures)
    {
        if (captures.FirstOrDefault(one => RunInput.IsReadOnce(one.Path)) is { } pipe)
        {
            throw new UsageException($"{pipe.Name} can be read only once, and a result names a capture by its bytes; write it to a file");
        }

        var members = captures.CountBy(one => one.Path, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        return new ShardPlan([.. captures.Select((one, place) => Weigh(one, members[one.Path], place))]);
    }

    /// <summary>The captures of a shard, by their places, in order: the largest first, each goes to the shard that has least so far.</summary>
    public IReadOnlyList<int> PlacesOf(Shard shard)
    {
        var load = new PriorityQueue<uint, (long Size, uint Number)>();
        for (uint number = 1; number <= shard.Count; number++)
        {
            load.Enqueue(number, (0, number));
        }

        var places = new List<int>();
        foreach (Weighed one in _captures.OrderByDescending(one => one.Size).ThenBy(one => one.Ends, StringComparer.Ordinal).ThenBy(one => one.Place))
        {
            load.TryDequeue(out uint number, out (long Size, uint Number) least);
            load.Enqueue(number, (least.Size + one.Size + Least, number));
            if (number == shard.Number)
            {
                places.Add(one.Place);
            }
        }

        return [.. places.Order()];
    }

    // What cannot be read has no size; that is told when it is opened.
    private static Weighed Weigh(NamedInput capture, int members, int place)
    {
        try
        {
            IReadOnlyList<string> files = CaptureFile.FilesOf(capture.Path);
            return new Weighed(capture.Name, files.Sum(file => FileNode.Of(file)?.Length ?? 0) / members, EndsOf(capture.Path), place);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new Weighed(capture.Name, 0, "", place);
        }
    }

    private static string EndsOf(string path)
    {
        using Stream file = DiskFile.Read(path);
        byte[] ends = new byte[2 * EndLength];
        int read = file.ReadAtLeast(ends.AsSpan(0, EndLength), EndLength, throwOnEndOfStream: false);
        if (file.CanSeek && file.Length > ends.Length)
        {
            file.Position = file.Length - EndLength;
            read += file.ReadAtLeast(ends.AsSpan(read, EndLength), EndLength, throwOnEndOfStream: false);
        }

        return Convert.ToHexStringLower(SHA256.HashData(ends.AsSpan(0, read)));
    }

    private sealed record Weighed(string Name, long Size, string Ends, int Place);
}
