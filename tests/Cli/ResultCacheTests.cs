using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What was judged before is not judged again, and nothing else is taken for it.</summary>
public sealed class ResultCacheTests : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly string _captures, _cache;

    public ResultCacheTests()
    {
        (_captures, _cache) = (_scratch["captures"], _scratch["cache"]);
        Directory.CreateDirectory(_captures);
        File.WriteAllBytes(Path.Combine(_captures, "wrong.dat"), Stories.Vmmcall("6.12", right: false, new TraceDatBuilder()));
        File.WriteAllBytes(Path.Combine(_captures, "right.dat"), Stories.Vmmcall("6.1", right: true, new TraceDatBuilder()));
    }

    private string[] Kept => Directory.Exists(_cache) ? [.. Directory.GetFiles(_cache, "*.difs", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_second_check_says_the_same_out_of_what_the_first_one_kept()
    {
        CommandResult bare = Check(), first = Check("--cache", _cache), second = Check("--cache", _cache);
        Assert.Equal((bare.Status, bare.Output, ""), (first.Status, first.Output, first.Errors));
        Assert.Equal((bare.Status, bare.Output, ""), (second.Status, second.Output, second.Errors));
        Assert.Equal(2, Kept.Length);

        // The proof that it is taken from there: another capture's result, under this one's name, would be believed if its key were not in it.
        DateTime[] written = [.. Kept.Select(File.GetLastWriteTimeUtc)];
        Assert.Equal(bare.Output, Check("--cache", _cache).Output);
        Assert.Equal(written, Kept.Select(File.GetLastWriteTimeUtc));
    }

    [Fact]
    public void A_result_that_is_damaged_cut_or_of_another_capture_is_judged_again_and_replaced()
    {
        string whole = Check("--cache", _cache).Output;
        string[] kept = Kept;
        byte[][] good = [.. kept.Select(File.ReadAllBytes)];
        byte[] flipped = [.. good[0]];
        flipped[good[0].Length / 2] ^= 4;
        foreach (byte[] bad in (byte[][])[flipped, good[0][..^1], [], good[1], [.. "nothing of the kind"u8]])
        {
            File.WriteAllBytes(kept[0], bad);
            Assert.Equal(whole, Check("--cache", _cache).Output);
            Assert.Equal(good[0], File.ReadAllBytes(kept[0]));
        }
    }

    [Fact]
    public void What_decides_the_result_is_in_the_key_and_what_does_not_is_not()
    {
        _ = Check("--cache", _cache);
        Assert.Equal(1, Check("--cache", _cache, "--fail-on", "likely", "--max-lost", "1").Status);
        Assert.Equal(2, Kept.Length);
        _ = Check("--cache", _cache, "--speculative");
        Assert.Equal(4, Kept.Length);
        string cpu = _scratch.Write("cpu.txt", "physbits=40\n"u8);
        _ = Check("--cache", _cache, "--cpu", cpu);
        Assert.Equal(6, Kept.Length);
        File.AppendAllText(Path.Combine(_captures, "right.dat"), " ");
        _ = Check("--cache", _cache);
        Assert.Equal(7, Kept.Length);
    }

    [Fact]
    public void A_baseline_is_held_against_what_was_kept()
    {
        _ = Check("--cache", _cache);
        string known = _scratch["known.json"];
        Assert.Equal(0, CommandLine.Run("baseline", "update", Path.Combine(_captures, "wrong.dat"), "-o", known).Status);
        CommandResult bare = Check("--baseline", known), cached = Check("--cache", _cache, "--baseline", known);
        Assert.Equal((bare.Status, bare.Output), (cached.Status, cached.Output));
        Assert.NotEqual(1, cached.Status);
        Assert.Equal(2, Kept.Length);
    }

    [Fact]
    public void Pages_are_kept_too()
    {
        string[] files = [_scratch["bare.difs"], _scratch["first.difs"], _scratch["second.difs"]];
        _ = Check("--pages", "-o", files[0]);
        _ = Check("--pages", "-o", files[1], "--cache", _cache);
        _ = Check("--pages", "-o", files[2], "--cache", _cache);
        Assert.Equal(File.ReadAllBytes(files[0]), File.ReadAllBytes(files[1]));
        Assert.Equal(File.ReadAllBytes(files[0]), File.ReadAllBytes(files[2]));
        Assert.Equal(2, Kept.Length);
    }

    [Fact]
    public void Where_nothing_can_be_kept_it_is_told_once_and_checked_all_the_same()
    {
        _scratch.Write("cache", "a file"u8);
        CommandResult bare = Check(), cached = Check("--cache", _cache);
        Assert.Equal((bare.Status, bare.Output), (cached.Status, cached.Output));
        Assert.Equal($"differ: {_cache}: nothing can be kept there: it is no folder; it is checked as without --cache\n", cached.Errors);
    }

    private CommandResult Check(params string[] words) => CommandLine.Run(["check", _captures, .. words]);
}
