using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What a path stands for is found in the first bytes of files, whatever their names.</summary>
public sealed class CaptureFolderTests : IDisposable
{
    private static readonly byte[] Trace = File.ReadAllBytes(Path.Combine(Repository.Fixtures, "few-events", "trace.dat"));
    private static readonly byte[] Text = new TextTraceBuilder().AllOfKvm().ToBytes();

    private readonly Scratch _scratch = new();

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_folder_with_one_capture_is_that_capture()
    {
        _scratch.Write("notes.dat", "no capture"u8);
        _scratch.Write("holiday.jpg", Trace);
        Assert.StartsWith("capture   holiday.jpg, ", CommandLine.Run("check", _scratch[""]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_one_guest_recorded_by_several_tools_the_format_that_tells_most_is_read()
    {
        _scratch.Write("a.txt", Text);
        _scratch.Write("z", Trace);
        Assert.EndsWith("z", CaptureFolder.Find(_scratch[""]), StringComparison.Ordinal);
        Assert.True(CaptureFolder.IsOne(_scratch[""]));
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
    public void Several_recordings_of_one_format_beside_a_better_one_are_not_passed_over()
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50);
        byte[] perf = new PerfDataBuilder().Event(exit).Exit(exit, 1).File;
        _scratch.Write("a", Trace);
        _scratch.Write("b", perf);
        Assert.True(CaptureFolder.IsOne(_scratch[""]));
        _scratch.Write("c", perf);
        using InputSet set = InputSet.Of([_scratch[""]], Silent(), CancellationToken.None);
        Assert.Equal(["a", "b", "c"], set.All.Select(one => Path.GetRelativePath(_scratch[""], one.Name)));
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
        using InputSet set = InputSet.Of([_scratch[""]], Silent(), CancellationToken.None);
        Assert.Equal(["a", "b:y", "b:x", "d", "inner"], set.All.Select(one => Path.GetRelativePath(_scratch[""], one.Name)));
        Assert.All(set.All, one =>
        {
            using RunInput input = one.Open();
            Assert.True(input.Header.Listed.Bits != 0);
        });
    }

    [Fact]
    public void A_packed_capture_that_is_damaged_is_not_passed_over()
    {
        _scratch.Write("a", PackedTexts.All["xz"].AsSpan(0, 60));
        Assert.Contains("DIF0394", CommandLine.Run("check", _scratch[""]).Errors, StringComparison.Ordinal);
    }

    private static byte[] PackingsGzip(byte[] bytes) => Tests.Capture.Wrappers.PackingsTests.Gzip(bytes);

    private static Terminal Silent() => new(TextWriter.Null, TextWriter.Null, Stream.Null, Stream.Null, false, false);
}
