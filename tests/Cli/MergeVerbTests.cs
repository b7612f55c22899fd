using Differ.Diff;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>However captures are shared out, and however the results are added up, the reports are those of one check.</summary>
public sealed class MergeVerbTests : IClassFixture<MergeVerbTests.SharedCaptures>
{
    private readonly SharedCaptures _shared;

    public MergeVerbTests(SharedCaptures shared) => _shared = shared;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(16)]
    public void Merged_shards_report_what_one_check_reports(int shards)
    {
        string[] files = [.. _shared.Shards(shards).Reverse()];
        using var scratch = new Scratch();
        CommandResult merged = CommandLine.Run(["merge", .. files, files[0], .. SharedCaptures.Reports(scratch)]);
        Assert.Equal((1, ""), (merged.Status, merged.Errors));
        Assert.Equal(_shared.Whole.Output, merged.Output);
        Assert.Equal(_shared.Whole.Files.Keys, scratch.Files);
        Assert.All(_shared.Whole.Files, file => Assert.Equal(file.Value, File.ReadAllBytes(scratch[file.Key])));
    }

    // Associative, commutative, idempotent: the file of the sum is the same, byte for byte.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Results_are_added_up_in_any_order_and_grouping_and_any_number_of_times(int seed)
    {
        var random = new Random(seed);
        using var scratch = new Scratch();
        List<string> left = [.. _shared.Shards(16), .. random.GetItems(_shared.Shards(16), 5)];
        for (int number = 0; left.Count > 1; number++)
        {
            string[] all = [.. left];
            random.Shuffle(all);
            string[] some = all[..random.Next(2, Math.Min(all.Length, 6) + 1)];
            string sum = scratch[$"{number}.difs"];
            Assert.NotEqual(3, CommandLine.Run(["merge", "--partial", "-q", .. some, "-o", sum]).Status);
            left = [.. all[some.Length..], sum];
        }

        string whole = scratch["whole.difs"];
        Assert.Equal(1, CommandLine.Run(["merge", "-q", .. _shared.Shards(16), "-o", whole]).Status);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(left[0]));
        Assert.Equal(_shared.Whole.Output, CommandLine.Run("merge", left[0]).Output);
    }

    [Fact]
    public void Nothing_found_in_a_part_is_inconclusive()
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(scratch["in"]);
        File.Copy(Fixture.Capture("refused-vmrun"), scratch["in/a.dat"]);
        File.Copy(Fixture.Capture("l2-vmmcall-not-intercepted-6.1"), scratch["in/b.dat"]);
        int[] statuses = [.. Enumerable.Range(1, 2).Select(shard =>
        {
            Assert.Equal(0, CommandLine.Run("check", scratch["in"], "--shard", $"{shard}/2", "-o", scratch[$"{shard}.difs"], "-q").Status);
            return CommandLine.Run("merge", scratch[$"{shard}.difs"], "--partial", "-q").Status;
        })];
        Assert.Equal([1, 4], statuses.Order());
    }

    [Fact]
    public void A_result_that_can_be_read_only_once_is_refused()
    {
        CommandResult result = CommandLine.Run("merge", "-", "one.difs");
        Assert.Equal((2, "", "differ: -: a result is read more than once, which a pipe does not allow; write it into a file\n"), (result.Status, result.Output, result.Errors));
    }

    [Fact]
    public void Pages_of_several_captures_are_not_written_beside_a_device()
    {
        CommandResult result = CommandLine.Run("merge", _shared.Shards(1)[0], "--report", "html=/dev/null");
        Assert.Equal((64, "", "differ: --report html=/dev/null: of several captures it is a page and others beside it; name a file in a folder\n"), (result.Status, result.Output, result.Errors));
    }

    [Fact]
    public void Every_capture_is_in_one_shard_and_shards_are_of_like_size()
    {
        using var scratch = new Scratch();
        string[] names = [.. Enumerable.Range(0, 40).Select(number => $"{number:d2}.dat")];
        foreach (string name in names)
        {
            scratch.Write(name, new byte[1 << (12 + (int.Parse(name[..2], System.Globalization.CultureInfo.InvariantCulture) % 10))]);
        }

        Differ.Cli.NamedInput[] inputs = [.. names.Select(name => new Differ.Cli.NamedInput(name, name, scratch[name], _ => throw new IOException()))];
        var plan = Differ.Cli.ShardPlan.Of(inputs);
        int[][] shards = [.. Enumerable.Range(1, 4).Select(number => plan.PlacesOf(new Differ.Diff.Shards.Shard((uint)number, 4)).ToArray())];
        Assert.Equal(Enumerable.Range(0, 40), shards.SelectMany(places => places).Order());
        long[] sizes = [.. shards.Select(places => places.Sum(place => new FileInfo(inputs[place].Path).Length))];
        Assert.InRange(sizes.Max(), sizes.Min(), sizes.Min() * 1.3);
    }

    [Fact]
    public void A_shard_that_is_missing_is_told_and_makes_no_green_report()
    {
        string[] files = _shared.Shards(2);
        CommandResult merged = CommandLine.Run("merge", files[1]);
        Assert.Equal((2, ""), (merged.Status, merged.Output));
        Assert.Matches(@"^differ: \d+ of \d+ captures have no result: shard 1 of 2; check them, or merge what there is with --partial\n$", merged.Errors);
        CommandResult partial = CommandLine.Run("merge", files[1], "--partial");
        Assert.NotEqual("", partial.Output);
        Assert.Matches(@"^differ: \d+ of \d+ captures have no result: shard 1 of 2; the reports are of the rest\n$", partial.Errors);
        Assert.NotEqual(0, partial.Status);
    }

    [Fact]
    public void Results_of_another_policy_are_refused_in_one_line_that_names_both()
    {
        using var scratch = new Scratch();
        string other = scratch["other.difs"];
        Assert.Equal(0, CommandLine.Run("check", _shared.Folder, "-o", other, "--fail-on", "likely", "-q").Status);
        CommandResult merged = CommandLine.Run("merge", _shared.Shards(1)[0], other);
        Assert.Equal((2, ""), (merged.Status, merged.Output));
        Assert.StartsWith($"differ: {other}: DIF0214 ", merged.Errors, StringComparison.Ordinal);
        Assert.Contains(_shared.Shards(1)[0], merged.Errors, StringComparison.Ordinal);
        Assert.Equal("DIF0214", merged.Errors.Split(' ')[2]);
        Assert.Single(merged.Errors, '\n');
    }

    [Fact]
    public void A_damaged_result_is_refused_by_name()
    {
        using var scratch = new Scratch();
        byte[] bytes = File.ReadAllBytes(_shared.Shards(1)[0]);
        string cut = scratch.Write("cut.difs", bytes.AsSpan(0, bytes.Length - 1));
        CommandResult merged = CommandLine.Run("merge", cut);
        Assert.Equal((2, ""), (merged.Status, merged.Output));
        Assert.StartsWith($"differ: {cut}: DIF0212 ", merged.Errors, StringComparison.Ordinal);
    }

    // A node that cannot reach a file tells so; one that can tells what is in it.
    [Fact]
    public void A_capture_that_one_shard_could_not_read_and_another_could_is_known()
    {
        using var scratch = new Scratch();
        string capture = scratch.Write("trace.dat", Stories.Vmmcall("6.12", right: false, new TraceDatBuilder()));
        CommandResult there = CommandLine.Run("check", capture, "-o", scratch["there.difs"], "-q");
        Assert.Equal(0, there.Status);
        File.Delete(capture);
        Assert.Equal(0, CommandLine.Run("check", capture, "-o", scratch["gone.difs"], "-q").Status);
        Assert.Equal(2, CommandLine.Run("merge", scratch["gone.difs"], "-q").Status);
        foreach (string[] order in (string[][])[["there.difs", "gone.difs"], ["gone.difs", "there.difs"]])
        {
            CommandResult merged = CommandLine.Run(["merge", .. order.Select(name => scratch[name]), "-q"]);
            Assert.Equal((1, there.Output), (merged.Status, merged.Output));
        }
    }

    [Theory]
    [InlineData("--shard 3/16 checks a part", "--shard", "3/16")]
    [InlineData("write I/N with I from 1 to N", "--shard", "0/4", "-o", "x.difs")]
    [InlineData("write I/N with I from 1 to N", "--shard", "5/4", "-o", "x.difs")]
    [InlineData("write I/N with I from 1 to N", "--shard", "half", "-o", "x.difs")]
    [InlineData("name it with -o", "--pages")]
    public void Words_of_shards_that_make_no_sense_are_refused(string why, params string[] words)
    {
        CommandResult result = CommandLine.Run(["check", _shared.Folder, .. words]);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains(why, result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_can_be_read_once_has_no_result_and_a_folder_without_one_is_told()
    {
        CommandResult pipe = CommandLine.Run("check", "-", "-o", "x.difs");
        Assert.Equal(64, pipe.Status);
        Assert.Contains("can be read only once", pipe.Errors, StringComparison.Ordinal);
        Assert.Equal($"differ: {_shared.Folder} is a folder without a result; make one with differ check -o\n", CommandLine.Run("merge", _shared.Folder).Errors);
    }

    [Fact]
    public void Pages_that_were_not_kept_are_asked_for()
    {
        using var scratch = new Scratch();
        string bare = scratch["bare.difs"];
        Assert.Equal(0, CommandLine.Run("check", _shared.Folder, "-o", bare, "-q").Status);
        CommandResult merged = CommandLine.Run("merge", bare, "--report", $"html={scratch["x.html"]}");
        Assert.Equal(2, merged.Status);
        Assert.Contains("check them with --pages", merged.Errors, StringComparison.Ordinal);
        Assert.Equal(["bare.difs"], scratch.Files);
    }

    /// <summary>Captures of every kind that a folder may hold, checked once and shared out once.</summary>
    public sealed class SharedCaptures : IDisposable
    {
        private readonly Scratch _scratch = new();
        private readonly Dictionary<int, string[]> _shards = [];

        public SharedCaptures()
        {
            Directory.CreateDirectory(Path.Combine(Folder, "printed"));
            byte[] wrong = Stories.Vmmcall("6.12", right: false, new TraceDatBuilder());
            Write("wrong.dat", wrong);
            Write("copy of wrong.dat", wrong);
            Write("right.dat", Stories.Vmmcall("6.1", right: true, new TraceDatBuilder()));
            Write("perf", StoryFiles.Perf("6.12", story => Stories.Vmmcall(story, right: false)));
            Write("two.tar", TarBuilder.Of(("one.dat", wrong), ("other.dat", Stories.MsrOfL2(isShown: true, new TraceDatBuilder()))));
            Write("cut.dat", wrong.AsSpan(0, wrong.Length / 2));
            Write("empty", []);
            Write("printed/trace.dat", StoryFiles.TraceDat("6.12", story => Stories.Vmmcall(story, right: true)));
            Write("printed/trace.txt", StoryFiles.Text("6.12", story => Stories.Vmmcall(story, right: true)));
            File.Copy(Fixture.Capture("unseen-stgi"), Path.Combine(Folder, "unseen.dat"));
            using var scratch = new Scratch();
            CommandResult whole = CommandLine.Run(["check", Folder, .. Reports(scratch)]);
            Whole = (whole.Output, scratch.Files.ToDictionary(name => name, name => File.ReadAllBytes(scratch[name]), StringComparer.Ordinal));
        }

        /// <summary>The folder with the captures.</summary>
        public string Folder => _scratch["captures"];

        /// <summary>What one check of all says: its text, and its reports by file.</summary>
        internal (string Output, Dictionary<string, byte[]> Files) Whole { get; }

        /// <summary>Every report there is of several captures, in files of a folder.</summary>
        internal static IEnumerable<string> Reports(Scratch scratch) => ReportFormats.All.Skip(1).Select(format => format.Name).Append("html")
            .SelectMany(format => new[] { "--report", $"{format}={scratch[$"report.{format}"]}" });

        /// <summary>The results of so many shards.</summary>
        internal string[] Shards(int count)
        {
            if (!_shards.TryGetValue(count, out string[]? files))
            {
                files = [.. Enumerable.Range(1, count).Select(number => _scratch[$"{number}-of-{count}.difs"])];
                for (int number = 1; number <= count; number++)
                {
                    Assert.Equal(0, CommandLine.Run("check", "--shard", $"{number}/{count}", "--pages", "-o", files[number - 1], Folder).Status);
                }

                _shards.Add(count, files);
            }

            return files;
        }

        public void Dispose() => _scratch.Dispose();

        private void Write(string name, ReadOnlySpan<byte> bytes) => File.WriteAllBytes(Path.Combine(Folder, name), bytes);
    }
}
