using System.Text;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What a path stands for is found in the first bytes of files, whatever their names.</summary>
public sealed class CaptureFolderTests : IDisposable
{
    private const string Kernel = "6.12";

    private static readonly byte[] Trace = File.ReadAllBytes(Path.Combine(Repository.Fixtures, "few-events", "trace.dat"));
    private static readonly byte[] Text = new TextTraceBuilder().AllOfKvm().ToBytes();

    private readonly Scratch _scratch = new();

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    [Theory]
    [InlineData("trace.dat", 2)]
    [InlineData("perf.data", 2)]
    [InlineData("notes.bin", 0)]
    public void What_recorders_call_a_recording_and_is_none_is_not_passed_over(string name, int status)
    {
        using var scratch = new Scratch();
        Directory.CreateDirectory(scratch["folder/damaged"]);
        scratch.Write("folder/whole.dat", File.ReadAllBytes(Fixture.Capture("few-events")));
        scratch.Write($"folder/damaged/{name}", new byte[4096]);
        CommandResult result = CommandLine.Run("check", scratch["folder"]);
        Assert.Equal(status, result.Status);
        Assert.Equal(status == 2, result.Errors.Contains("damaged", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_with_one_capture_is_that_capture()
    {
        _scratch.Write("notes.dat", "no capture"u8);
        _scratch.Write("holiday.jpg", Trace);
        Assert.Contains("\nfile      holiday.jpg, ", CommandLine.Run("check", _scratch[""]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_print_of_a_recording_beside_it_is_left_out_and_named()
    {
        _scratch.Write("a.txt", StoryFiles.Text(Kernel, Tell));
        _scratch.Write("z", StoryFiles.TraceDat(Kernel, Tell));
        Assert.EndsWith("z", CaptureFolder.Resolve(_scratch[""]), StringComparison.Ordinal);
        Assert.True(CaptureFolder.IsOne(_scratch[""]));
        CommandResult result = CommandLine.Run("check", _scratch[""]);
        Assert.Contains("\nfile      z, ", result.Output, StringComparison.Ordinal);
        Assert.Contains("a.txt: the same recording as z, which has all its exits", result.Output, StringComparison.Ordinal);
        Assert.Contains("\"leftOut\"", CommandLine.Run("check", _scratch[""], "--format", "json").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void So_is_an_excerpt_and_what_another_tool_recorded_of_the_same_guest()
    {
        string text = Encoding.ASCII.GetString(StoryFiles.Text(Kernel, Tell));
        _scratch.Write("a.txt", Encoding.ASCII.GetBytes(text[..(text.Length * 3 / 4)]));
        _scratch.Write("b", StoryFiles.Perf(Kernel, story =>
        {
            story.Time += 700;
            Tell(story);
        }));
        _scratch.Write("z", StoryFiles.TraceDat(Kernel, Tell));
        Assert.Equal(["z"], Judged());
        Assert.Equal(["a.txt", "b"], LeftOut());
    }

    [Fact]
    public void Another_run_of_the_same_payload_is_judged()
    {
        void Later(KvmStory story)
        {
            story.Time += 60_000_000_000;
            Tell(story);
        }

        _scratch.Write("a.txt", StoryFiles.Text(Kernel, Later));
        _scratch.Write("b", StoryFiles.Perf(Kernel, Later));
        _scratch.Write("z", StoryFiles.TraceDat(Kernel, Tell));
        Assert.Equal(["b", "z"], Judged());
        Assert.Equal(["a.txt"], LeftOut());
    }

    [Fact]
    public void A_print_that_tells_more_than_the_recording_beside_it_is_judged()
    {
        _scratch.Write("a.txt", StoryFiles.Text(Kernel, story =>
        {
            Tell(story);
            Stories.EnterL2(story).ExitFromL2(0x60, Stories.L2Rip).Inject(0x60).Entry(Stories.L1Rip + 3);
        }));
        _scratch.Write("z", StoryFiles.TraceDat(Kernel, Tell));
        Assert.Equal(["a.txt", "z"], Judged());
        Assert.Empty(LeftOut());
    }

    [Fact]
    public void Recordings_too_short_to_be_told_apart_are_all_judged()
    {
        _scratch.Write("a.txt", Text);
        _scratch.Write("z", Trace);
        Assert.Equal(["a.txt", "z"], Judged());
    }

    [Fact]
    public void What_may_be_a_recording_and_is_not_judged_is_named_with_the_reason()
    {
        _scratch.Write("a", StoryFiles.TraceDat(Kernel, Tell));
        _scratch.Write("empty", []);
        _scratch.Write("packed", [.. "PK\u0003\u0004"u8, .. new byte[64]]);
        _scratch.Write("readme", "no capture"u8);
        Directory.CreateDirectory(_scratch["inner"]);
        Directory.CreateSymbolicLink(_scratch["inner/back"], _scratch[""]);
        Directory.CreateDirectory(_scratch["runs"]);
        CommandLine.Run("convert", _scratch["a"], "-o", _scratch["runs/run"]);
        CommandLine.Run("replay", _scratch["runs/run"], "-o", _scratch["runs/model"]);
        using InputSet set = InputSet.Of([_scratch[""]], Silent(), watched: false, CancellationToken.None);
        Assert.Equal(["empty: the file is empty", "inner/back: a link to a folder", "packed: DIF0390 at byte 0x0", "runs/model: a computed run (differ replay)"],
            set.LeftOut.Select(one => $"{Path.GetRelativePath(_scratch[""], one.File)}: {one.Reason}").Select(one => one.Split([",", ": the capture"], StringSplitOptions.None)[0]).Order(StringComparer.Ordinal));
        Assert.Contains("4 left out", CommandLine.Run("check", _scratch[""]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_captures_of_one_format_are_named_where_one_is_wanted()
    {
        _scratch.Write("one", Trace);
        _scratch.Write("two", Trace);
        CommandResult result = CommandLine.Run("show", _scratch[""]);
        Assert.Equal(2, result.Status);
        Assert.Contains("holds several captures: one, two; name one", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_recordings_of_one_format_are_two()
    {
        _scratch.Write("a", StoryFiles.TraceDat(Kernel, Tell));
        _scratch.Write("b", StoryFiles.TraceDat(Kernel, Tell, version: 6));
        Assert.Equal(["a", "b"], Judged());
    }

    [Fact]
    public void A_folder_without_a_capture_says_so() => Assert.Contains("is a folder without a capture", CommandLine.Run("show", _scratch[""]).Errors, StringComparison.Ordinal);

    [Fact]
    public void A_set_takes_in_folders_archives_and_packed_files_in_the_order_of_names_and_leaves_computed_runs_out()
    {
        Directory.CreateDirectory(_scratch["inner"]);
        _scratch.Write("inner/c", PackingsGzip(Text));
        _scratch.Write("b", TarBuilder.Of(("y", Trace), ("readme", "text"u8.ToArray()), ("x", Text)));
        _scratch.Write("a", Trace);
        CommandLine.Run("convert", _scratch["a"], "-o", _scratch["d"]);
        CommandLine.Run("replay", _scratch["d"], "-o", _scratch["e"]);
        using InputSet set = InputSet.Of([_scratch[""]], Silent(), watched: false, CancellationToken.None);
        Assert.Equal(["b:y", "b:x", "d", "inner"], set.All.Select(one => Path.GetRelativePath(_scratch[""], one.Name)));
        Assert.All(set.All, one =>
        {
            using RunInput input = one.Open(Silent());
            Assert.True(input.Header.Listed.Bits != 0);
        });
    }

    [Fact]
    public void A_packed_capture_that_is_damaged_is_not_passed_over()
    {
        _scratch.Write("a", PackedTexts.All["xz"].AsSpan(0, 60));
        Assert.Contains("DIF0394", CommandLine.Run("check", _scratch[""]).Errors, StringComparison.Ordinal);
    }

    private List<string> Judged()
    {
        using InputSet set = InputSet.Of([_scratch[""]], Silent(), watched: false, CancellationToken.None);
        return [.. set.All.Select(one => Path.GetFileName(one.File))];
    }

    private List<string> LeftOut()
    {
        using InputSet set = InputSet.Of([_scratch[""]], Silent(), watched: false, CancellationToken.None);
        return [.. set.LeftOut.Select(one => Path.GetFileName(one.File)).Order(StringComparer.Ordinal)];
    }

    // Three runs of L2: enough exits to know a recording by.
    private static void Tell(KvmStory story)
    {
        for (int i = 0; i < 3; i++)
        {
            Stories.Vmmcall(story, right: true);
            story.ExitFromL2(0x60, Stories.L2Rip).Inject(0x60).Entry(Stories.L1Rip + 3);
        }
    }

    private static byte[] PackingsGzip(byte[] bytes) => Tests.Capture.Wrappers.PackingsTests.Gzip(bytes);

    private static Terminal Silent() => new(TextWriter.Null, TextWriter.Null, Stream.Null, Stream.Null, false, false);
}
