using Differ.Diff.Findings;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;
using Proto = Differ.Schemas.Results.Proto;

namespace Differ.Diff.Shards;

/// <summary>One part of a set of captures.</summary>
/// <param name="Number">Which, from 1.</param>
/// <param name="Count">Of how many.</param>
public readonly record struct Shard(uint Number, uint Count);

/// <summary>One capture of a set that was judged.</summary>
/// <param name="Content">SHA-256 of its bytes in hexadecimal digits; empty where they cannot be read.</param>
/// <param name="Name">What it is called.</param>
/// <param name="File">The file, as it can be named from the folder the command ran in.</param>
/// <param name="Set">The hash of the set it was found in.</param>
/// <param name="Place">Where in the set, from 0.</param>
public sealed record JudgedCapture(string Content, string Name, string File, string Set, int Place);

/// <summary>A set of captures, and which of them there are results of.</summary>
/// <param name="Set">Hash of the names and sizes of its captures.</param>
/// <param name="Captures">How many captures it has.</param>
/// <param name="Places">Those with a result, from 0, in order.</param>
/// <param name="Shards">The parts that were judged.</param>
/// <param name="LeftOut">What was found and is not judged.</param>
public sealed record CaptureSource(string Set, int Captures, IReadOnlyList<int> Places, IReadOnlyList<Shard> Shards, IReadOnlyList<LeftOutCapture> LeftOut)
{
    private const int MostNamed = 8;

    /// <summary>How many captures have no result.</summary>
    public int Missing => Captures - Places.Count;

    /// <summary>What has no result, for a person; where all that was judged are parts of as many, which parts.</summary>
    public string MissingWords()
    {
        string shards = MissingShards();
        return $"{Numbers.Plain((ulong)Missing)} of {Numbers.Amount((ulong)Captures, "capture", "captures")} {(Missing == 1 ? "has" : "have")} no result{(shards.Length > 0 ? $": {shards}" : "")}";
    }

    private string MissingShards()
    {
        if (Shards.Select(shard => shard.Count).Distinct().ToArray() is not [var count])
        {
            return "";
        }

        HashSet<uint> judged = [.. Shards.Select(shard => shard.Number)];
        uint[] missing = [.. Enumerable.Range(1, (int)(count & int.MaxValue)).Select(number => (uint)number).Where(number => !judged.Contains(number)).Take(MostNamed + 1)];
        return missing.Length == 0 ? ""
            : $"{(missing.Length == 1 ? "shard" : "shards")} {string.Join(", ", missing.Take(MostNamed))}{(missing.Length > MostNamed ? " and more" : "")} of {count}";
    }

    /// <summary>Both together: what either has.</summary>
    internal CaptureSource With(CaptureSource other) => this with
    {
        Captures = Math.Max(Captures, other.Captures),
        Places = [.. Places.Union(other.Places).Order()],
        Shards = [.. Shards.Union(other.Shards).OrderBy(shard => shard.Count).ThenBy(shard => shard.Number)],
        LeftOut = LeftOut.SequenceEqual(other.LeftOut) ? LeftOut
            : [.. LeftOut.Union(other.LeftOut).OrderBy(one => one.File, StringComparer.Ordinal).ThenBy(one => one.Reason, StringComparer.Ordinal)],
    };

    /// <summary>Its message.</summary>
    internal Proto.Source Encode() => new()
    {
        Set = Set,
        Captures = (uint)Captures,
        Places = { Places.Select(place => (uint)place) },
        Shards = { Shards.Select(shard => new Proto.Shard { Number = shard.Number, Count = shard.Count }) },
        LeftOut = { LeftOut.Select(one => new Proto.LeftOut { Name = one.Name, File = one.File, Reason = one.Reason }) },
    };

    /// <summary>A set from its message.</summary>
    internal static CaptureSource Decode(Proto.Source message) => new(
        message.Set, (int)(message.Captures & int.MaxValue), [.. message.Places.Select(place => (int)(place & int.MaxValue)).Distinct().Order()],
        [.. message.Shards.Select(shard => new Shard(shard.Number, shard.Count)).Distinct().OrderBy(shard => shard.Count).ThenBy(shard => shard.Number)],
        [.. message.LeftOut.Select(one => new LeftOutCapture(PlainText.Of(one.Name), PlainText.Of(one.File), PlainText.Of(one.Reason))).Distinct()]);
}
