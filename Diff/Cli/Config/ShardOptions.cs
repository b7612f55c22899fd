using System.CommandLine;
using System.Globalization;
using Differ.Cli.Faults;
using Differ.Diff.Shards;

namespace Differ.Cli.Config;

/// <summary>What of a set of captures is judged, and what is kept of it.</summary>
/// <param name="Shard">Which part.</param>
/// <param name="Result">The result file; null for none.</param>
/// <param name="WithPages">Whether it gets the pages of the captures.</param>
/// <param name="Cache">The folder with results of earlier checks; null for none.</param>
internal sealed record ShardWish(Shard Shard, string? Result, bool WithPages, string? Cache);

/// <summary>The options that share a check out and keep what came of it.</summary>
internal sealed class ShardOptions
{
    private readonly Option<string?> _shard = new("--shard") { Description = "Checks part I of N of the captures, balanced by size", HelpName = "I/N" };
    private readonly Option<string?> _result = new("--output", "-o") { Description = "The result, for differ merge; 0 then says it is there", HelpName = "FILE" };
    private readonly Option<bool> _pages = new("--pages") { Description = "In it, pages for differ merge --report html" };
    private readonly Option<string?> _cache = new("--cache") { Description = "Takes from there what was judged before [none]", HelpName = "DIR" };

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_shard, _result, _pages, _cache])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the words say.</summary>
    /// <exception cref="UsageException">They make no sense.</exception>
    public ShardWish Read(ParseResult words)
    {
        string? shard = words.GetValue(_shard), result = words.GetValue(_result);
        return result is not null ? new ShardWish(ShardOf(shard ?? "1/1"), result, words.GetValue(_pages), words.GetValue(_cache))
            : shard is not null ? throw new UsageException($"--shard {shard} checks a part of the captures; keep what comes of it with -o, and add the parts up with differ merge")
            : words.GetValue(_pages) ? throw new UsageException("--pages puts pages into the result; name it with -o")
            : new ShardWish(new Shard(1, 1), null, WithPages: false, words.GetValue(_cache));
    }

    private static Shard ShardOf(string word) =>
        word.Split('/') is [var number, var count] && IsNumber(number, out uint which) && IsNumber(count, out uint all) && which >= 1 && which <= all
            ? new Shard(which, all)
            : throw new UsageException($"--shard {word}: write I/N with I from 1 to N, as --shard 3/16");

    private static bool IsNumber(string word, out uint number) => uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= 1_000_000;
}
