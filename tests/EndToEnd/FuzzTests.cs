using System.Text.RegularExpressions;
using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Wrappers;
using Differ.Fuzz;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

public sealed partial class FuzzTests
{
    private const int Inputs = 200;

    public static TheoryData<string> Targets => [.. FuzzTargets.All.Select(target => target.Name)];

    public static TheoryData<string> Kept => [.. Index().Select(row => row.File)];

    private static string Collection => Path.Combine(Repository.Root, "tests", "Fuzz", "corpus");

    [Fact]
    public void Every_format_and_every_packing_has_a_target()
    {
        List<string> covered = [.. FuzzTargets.All.SelectMany(target => target.Covers)];
        Assert.All(TraceFormats.All, format => Assert.Contains(covered, name => format.Name.StartsWith(name, StringComparison.Ordinal)));
        Assert.All(Packings.All.Where(packing => packing.Unpacks), packing => Assert.Contains(packing.Name, covered));
        Assert.Equal(
            ["baseline", "difr", "tar"],
            covered.Where(name => !TraceFormats.All.Any(format => format.Name.StartsWith(name, StringComparison.Ordinal)) && Packings.All.All(packing => packing.Name != name)).Order());
        Assert.Equal(Packings.All.Where(packing => packing.Unpacks).Select(packing => packing.Name).Distinct().Order(), Packer.All.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Seeds_are_sound(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name)!;
        Assert.All(target.Seeds(), seed =>
        {
            List<Trial> trials = [.. target.Ways.Select(way => Trial.Of(seed, way))];
            Assert.All(trials, trial => Assert.Null(trial.Fault));
            Assert.Contains(trials, trial => trial.Outcome!.Code == FuzzOutcome.Verdict);
        });
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Damaged_inputs_end_in_a_verdict_or_a_diagnostic(string name)
    {
        var campaign = new Campaign(FuzzTargets.Find(name)!, seed: 1, []);
        campaign.Go(Inputs, TimeSpan.MaxValue);
        Assert.Empty(campaign.Figures.Faults);
        Assert.Equal(Inputs, campaign.Figures.Inputs);
        Assert.Contains(FuzzOutcome.Verdict, campaign.Figures.Outcomes.Keys);
        Assert.InRange(campaign.Figures.DifferentEnds, 5, Inputs);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_same_number_gives_the_same_inputs(string name)
    {
        FuzzTarget target = FuzzTargets.Find(name)!;
        Generator one = new(target, 7, target.Seeds()), same = new(target, 7, target.Seeds()), other = new(target, 8, target.Seeds());
        List<byte[]> inputs = Take(one);
        Assert.Equal(inputs, Take(same));
        Assert.NotEqual(inputs, Take(other));
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public void An_input_of_the_collection_ends_as_it_did(string file)
    {
        string ends = Index().Single(row => row.File == file).Ends;
        FuzzTarget target = FuzzTargets.Find(Path.GetDirectoryName(file)!)!;
        FuzzInput input = FuzzInput.Read(Path.Combine(Collection, file), target.IsFolder);
        List<Trial> trials = [.. target.Ways.Select(way => Trial.Of(input, way))];
        Assert.All(trials, trial => Assert.Null(trial.Fault));
        Assert.Contains(trials, trial => trial.Outcome!.Code == ends);
    }

    [Fact]
    public void Every_input_of_the_collection_says_why_it_is_kept()
    {
        IEnumerable<string> files = Directory.EnumerateFiles(Collection, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Collection, path)).Where(path => path != "index.md");
        Assert.Equal(files.Order(StringComparer.Ordinal), Index().Select(row => row.File).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_failing_input_becomes_as_small_as_what_fails()
    {
        FuzzInput input = new([.. new byte[500], 7, .. new byte[300], 9, .. new byte[100]]);
        Assert.Equal([7, 9], Minimiser.Of(input, static one => one.File.Contains((byte)7) && one.File.Contains((byte)9), TimeSpan.MaxValue).File);
    }

    [Fact]
    public void A_file_in_small_pieces_is_the_same_file()
    {
        byte[] bytes = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i % 251))], read = new byte[100_000];
        var faults = new MachineFaults(1);
        using ByteSource file = faults.Under(bytes);
        file.ReadExactly(0, read, "all");
        Assert.Equal(bytes, read);
        Assert.InRange(faults.Reads, 2, 100_000);
        Assert.False(faults.HaveStruck);
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_read_is_cut_short()
    {
        var faults = new MachineFaults(1) { ShrinksAt = 1 };
        using ByteSource file = faults.Under(new byte[100_000]);
        Assert.Equal("DIF0101", Assert.Throws<CaptureFormatException>(() => file.ReadExactly(0, new byte[100_000], "all")).Code);
        Assert.True(faults.HaveStruck);
    }

    [Fact]
    public void A_read_that_fails_is_told_in_the_words_of_the_system()
    {
        using ByteSource file = new MachineFaults(1) { FailsAt = 1 }.Under(new byte[100_000]);
        Assert.Equal(MachineFaults.BadSector, Assert.Throws<IOException>(() => file.ReadExactly(0, new byte[100_000], "all")).Message);
    }

    [Fact]
    public void A_slow_pipe_gives_all_its_bytes_and_then_ends_breaks_or_is_interrupted()
    {
        byte[] bytes = [.. Enumerable.Range(0, 5_000).Select(i => (byte)(i % 251))];
        Assert.Equal(bytes, All(new SlowPipe(bytes) { Silences = 3 }));
        Assert.Equal(MachineFaults.BadSector, Assert.Throws<IOException>(() => All(new SlowPipe(bytes) { BreaksAt = 4_999 })).Message);
        using var interruption = new CancellationTokenSource();
        var pipe = new SlowPipe(bytes) { InterruptedAt = 2_500, Interruption = interruption };
        pipe.ReadExactly(new byte[2_500]);
        Assert.False(interruption.IsCancellationRequested);
        pipe.ReadExactly(new byte[1]);
        Assert.True(interruption.IsCancellationRequested);
    }

    [Fact]
    public void Two_readings_that_say_other_things_are_a_failure()
    {
        Reading one = new(new FuzzOutcome(FuzzOutcome.Verdict, ""), "{ \"exits\": 1 }"), other = one with { Words = "{ \"exits\": 2 }" };
        Reading refused = new(new FuzzOutcome("DIF0101", ""), "cut");
        one.MustBe(one, "the same");
        Assert.Equal("a pipe: another \"exits\" in the report", Assert.Throws<BrokenPromiseException>(() => one.MustBe(other, "a pipe")).Message);
        Assert.Equal("a pipe: ends in DIF0101, and not in verdict", Assert.Throws<BrokenPromiseException>(() => one.MustBe(refused, "a pipe")).Message);
        Assert.Equal("a pipe: other words of DIF0101", Assert.Throws<BrokenPromiseException>(() => refused.MustBe(refused with { Words = "" }, "a pipe")).Message);
    }

    [Theory]
    [InlineData(0, "report\n", "", "json", null)]
    [InlineData(2, "", "differ: DIF0101 cut\n", "", null)]
    [InlineData(3, "", "differ: internal error; please report it\nSystem.OverflowException: x\n   at Differ.Capture.X.Y()\n", "", "OverflowException at Differ.Capture.X.Y()")]
    [InlineData(134, "", "", "", "status 134 is not documented")]
    [InlineData(2, "", "", "", "0 lines on standard error with status 2")]
    [InlineData(2, "", "differ: one\ndiffer: two\n", "", "2 lines on standard error with status 2")]
    [InlineData(2, "", "Unhandled exception\n", "", "a line on standard error that says not who speaks")]
    [InlineData(2, "half of a rep", "differ: DIF0101 cut\n", "", "status 2 with a report")]
    [InlineData(0, "", "", "json", "status 0 with no report")]
    [InlineData(2, "", "differ: DIF0101 cut\n", "json.1.partial", "status 2, and json.1.partial is left")]
    public void What_a_command_does_beside_its_promises_is_a_failure(int status, string output, string errors, string file, string? fault)
    {
        using var scratch = new Scratch();
        if (file.Length > 0)
        {
            scratch.Write(file, "{}"u8);
        }

        FuzzOutcome Judge() => CommandWays.Judge(new CommandResult(status, output, errors, []), scratch, status == 0 ? ["json"] : [], told: 0);
        Assert.Equal(fault, fault is null ? Judge() is null ? "" : null : Assert.Throws<BrokenPromiseException>(Judge).Message);
    }

    [Fact]
    public void What_a_target_has_shown_is_told_to_people_and_programs()
    {
        using var scratch = new Scratch();
        var output = new StringWriter();
        Assert.Equal(0, FuzzCommand.Run(["--target", "baseline", "--seconds", "1", "--failures", scratch["failures"], "--collect", scratch["kept"]], output, TextWriter.Null));
        Assert.Matches(@"^baseline: \d+ inputs in \d+ s .*0 failures", output.ToString());
        Assert.Contains("\n{\"target\":\"baseline\",\"seed\":1,", output.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(scratch["failures"]));
        output.GetStringBuilder().Clear();
        Assert.Equal(0, FuzzCommand.Run(["--target", "baseline", "--replay", Path.Combine(scratch["kept"], "baseline", "DIF0152")], output, TextWriter.Null));
        Assert.Matches(@"DIF0152 baseline: DIF0152 ", output.ToString());
    }

    [Theory]
    [InlineData("name a --target, or --nightly with hours")]
    [InlineData("--target nothing: there is trace-dat, ", "--target", "nothing")]
    [InlineData("--seconds 0: must be more than 0", "--target", "text", "--seconds", "0")]
    [InlineData("--nightly -1: must be more than 0", "--nightly", "-1")]
    [InlineData("no-such-file", "--target", "text", "--replay", "no-such-file")]
    public void A_bad_command_line_is_told_in_one_line(string says, params string[] words)
    {
        var errors = new StringWriter();
        Assert.Equal(2, FuzzCommand.Run(words, TextWriter.Null, errors));
        Assert.Matches($"^Differ.Fuzz: [^\n]*{Regex.Escape(says)}[^\n]*\n$", errors.ToString());
    }

    private static byte[] All(SlowPipe pipe)
    {
        using var all = new MemoryStream();
        pipe.CopyTo(all);
        return all.ToArray();
    }

    private static List<byte[]> Take(Generator generator) => [.. Enumerable.Range(0, 20).Select(_ => generator.Next().Input.ToBytes())];

    private static IEnumerable<(string File, string Ends)> Index() =>
        Row().Matches(File.ReadAllText(Path.Combine(Collection, "index.md"))).Select(row => (row.Groups[1].Value, row.Groups[2].Value));

    [GeneratedRegex(@"^\| ([\w./-]+/[\w.-]+) \| (\w+) \| .", RegexOptions.Multiline)]
    private static partial Regex Row();
}
