using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>A file appears whole or not at all.</summary>
public sealed class OutputTests
{
    private const string FullDevice = "/dev/full";

    private static string Capture => Fixture.Capture("svme-unchecked");

    public static TheoryData<string> Devices => [.. new[] { FullDevice, "/dev/null" }.Where(File.Exists)];

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public void A_truncated_capture_leaves_no_file(double part)
    {
        using var scratch = new Scratch();
        byte[] whole = File.ReadAllBytes(Capture);
        string cut = scratch.Write("cut.dat", whole.AsSpan(0, (int)(whole.Length * part)));
        CommandResult result = CommandLine.Run("convert", cut, "-o", scratch["run"]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Equal(["cut.dat"], scratch.Files);
    }

    [Theory]
    [InlineData(0.02)]
    [InlineData(0.5)]
    [InlineData(0.99)]
    public void A_truncated_capture_gives_no_report(double part)
    {
        byte[] whole = File.ReadAllBytes(Capture);
        CommandResult result = CommandLine.RunWith(whole[..(int)(whole.Length * part)], "check", "-");
        Assert.Equal((2, ""), (result.Status, result.Output));
    }

    [Fact]
    public void What_stood_under_the_name_stays_until_the_new_file_is_complete()
    {
        using var scratch = new Scratch();
        string cut = scratch.Write("cut.dat", File.ReadAllBytes(Capture).AsSpan(0, 60_000));
        string old = scratch.Write("run", "old"u8);
        Assert.Equal(2, CommandLine.Run("convert", cut, "-o", old).Status);
        Assert.Equal("old", File.ReadAllText(old));
        Assert.Equal(0, CommandLine.Run("convert", Capture, "-o", old).Status);
        Assert.NotEqual("old", File.ReadAllText(old));
    }

    [Fact]
    public void An_empty_file_is_replaced_too()
    {
        using var scratch = new Scratch();
        string cut = scratch.Write("cut.dat", File.ReadAllBytes(Capture).AsSpan(0, 60_000));
        string empty = scratch.Write("run", []);
        Assert.Equal(2, CommandLine.Run("convert", cut, "-o", empty).Status);
        Assert.Equal(0, new FileInfo(empty).Length);
        Assert.Equal(0, CommandLine.Run("convert", Capture, "-o", empty).Status);
        Assert.Equal(["cut.dat", "run"], scratch.Files);
        Assert.NotEqual(0, new FileInfo(empty).Length);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_device_is_written_to_and_stays_a_device(string device)
    {
        CommandResult result = CommandLine.Run("convert", Capture, "-o", device);
        Assert.Equal(device == FullDevice ? 2 : 0, result.Status);
        Assert.Equal(0, new FileInfo(device).Length);
        Assert.Empty(Directory.EnumerateFiles("/dev", "*.partial"));
    }

    [Fact]
    public void A_full_disk_ends_with_2_and_one_line()
    {
        using var full = new FullDisk();
        var writer = new StreamWriter(full);
        using var errors = new StringWriter();
        int status = Program.Run(["rules"], new Terminal(writer, errors, Stream.Null, full, false, false));
        Assert.Equal(2, status);
        Assert.Equal("differ: No space left on device\n", errors.ToString());
    }

    [Theory]
    [InlineData(false, "No space left on device")]
    [InlineData(true, "it would be larger than files may be here")]
    public void What_a_full_disk_took_of_a_file_is_taken_away(bool isTooLarge, string reason)
    {
        using var scratch = new Scratch();
        var made = NewFile.Create(scratch["report"], null, new Leftovers(), hasNoName: false);
        Assert.Single(scratch.Files);
        using (var file = new OutputFile("report", made, new BufferedStream(isTooLarge ? new LimitedDisk() : new FullDisk()), OutputTarget.Of(scratch["report"])))
        {
            file.Stream.WriteByte(1);
            OutputException fault = Assert.Throws<OutputException>(file.Complete);
            Assert.Equal($"cannot write report: {reason}", fault.Message);
        }

        Assert.Empty(scratch.Files);
    }

    [Fact]
    public void A_report_of_exits_that_cannot_be_written_says_nothing_against_the_capture()
    {
        using var scratch = new Scratch();
        if (File.Exists(FullDevice))
        {
            CommandResult result = CommandLine.Run("check", Capture, "--report", $"perfetto={FullDevice}", "--report", $"json={scratch["json"]}");
            Assert.Equal((2, "differ: cannot write /dev/full: No space left on device\n", ""), (result.Status, result.Errors, result.Output));
            Assert.Empty(scratch.Files);
        }
    }

    [Theory]
    [InlineData("check", "capture", "--report", "json=capture")]
    [InlineData("check", ".", "--report", "json=./capture")]
    [InlineData("check", "link", "--report", "text=capture")]
    [InlineData("compare", "link", "capture", "--report", "json=capture")]
    [InlineData("check", "folder", "--report", "jsonl=capture")]
    [InlineData("check", "capture", "--report", "perfetto=folder/capture")]
    [InlineData("check", "folder/capture", "--report", "junit=hard")]
    [InlineData("check", "hard", "--report", "json=link")]
    [InlineData("convert", "capture", "-o", "capture")]
    [InlineData("convert", "folder/capture", "-o", "capture")]
    [InlineData("convert", "capture", "-o", "folder/hard")]
    [InlineData("baseline", "update", "link", "-o", "hard")]
    public void What_is_read_is_not_replaced(string verb, params string[] words)
    {
        using var scratch = new Scratch();
        byte[] before = File.ReadAllBytes(Capture);
        scratch.Write("capture", before);
        File.CreateSymbolicLink(scratch["link"], scratch["capture"]);
        Directory.CreateSymbolicLink(scratch["folder"], scratch[""]);
        Shell.Run(scratch[""], "ln capture hard");
        string[] placed = [.. words.Select(word => word switch
        {
            "--report" or "-o" or "update" => word,
            _ when word.Split('=') is [var format, var file] => $"{format}={scratch[file]}",
            _ => scratch[word],
        })];
        CommandResult result = CommandLine.Run([verb, .. placed]);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains("is what is read, and would be replaced", result.Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(scratch["capture"]));
        Assert.Equal(["capture", "folder", "hard", "link"], scratch.Files);
    }

    [Fact]
    public void A_run_is_not_replaced_by_what_is_computed_of_it()
    {
        using var scratch = new Scratch();
        Assert.Equal(0, CommandLine.Run("convert", Capture, "-o", scratch["run"]).Status);
        File.CreateSymbolicLink(scratch["link"], "run");
        CommandResult result = CommandLine.Run("replay", scratch["run"], "-o", scratch["link"]);
        Assert.Equal(64, result.Status);
        Assert.Contains("is what is read", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void No_file_of_a_recording_of_several_is_replaced()
    {
        using var scratch = new Scratch();
        foreach ((string name, byte[] bytes) in CtfStories.Perf(Stories.Vmmcall("6.12", right: true, new TraceDatBuilder()), KernelLayouts.Of("6.12")))
        {
            scratch.Write(name, bytes);
        }

        Assert.All((string[])[scratch[""], scratch["metadata"]], input => Assert.All(scratch.Files, file => Assert.Contains(
            "is what is read", CommandLine.Run("check", input, "--report", $"json={scratch[file]}").Errors, StringComparison.Ordinal)));
        CommandLine.Run("check", scratch[""], "--report", $"json={scratch["other"]}");
        Assert.Contains("other", scratch.Files);
    }

    [Theory]
    [InlineData("--baseline")]
    [InlineData("--cpu")]
    public void A_list_or_description_that_is_read_is_not_replaced_either(string option)
    {
        using var scratch = new Scratch();
        string text = scratch.Write("text", option == "--cpu" ? "RDPRU=0\n"u8 : "{\"schemaVersion\":1,\"accepted\":[]}"u8);
        CommandResult result = CommandLine.Run("check", Capture, option, text, "--report", $"json={text}");
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains("is what is read", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("convert")]
    [InlineData("replay")]
    public void Ctrl_C_leaves_no_file(string verb)
    {
        using var scratch = new Scratch();
        Assert.Equal(0, CommandLine.Run("convert", Capture, "-o", scratch["run"]).Status);
        CommandResult result = CommandLine.RunUntil(new CancellationToken(canceled: true), verb, verb == "convert" ? Capture : scratch["run"], "-o", scratch["out"]);
        Assert.Equal((130, "", "differ: interrupted\n"), (result.Status, result.Output, result.Errors));
        Assert.Equal(["run"], scratch.Files);
    }

    [Theory]
    [InlineData("check")]
    [InlineData("show")]
    public void Ctrl_C_ends_a_reading(string verb) =>
        Assert.Equal(130, CommandLine.RunUntil(new CancellationToken(canceled: true), verb, Capture).Status);

    [Fact]
    public void A_folder_that_is_not_there_ends_with_2()
    {
        using var scratch = new Scratch();
        Assert.Equal(2, CommandLine.Run("convert", Capture, "-o", Path.Combine(scratch["missing"], "run")).Status);
    }

    // What a FileStream says where ulimit -f is reached.
    private sealed class LimitedDisk : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new ArgumentOutOfRangeException(nameof(buffer));

        public override void Write(ReadOnlySpan<byte> buffer) => throw new ArgumentOutOfRangeException(nameof(buffer));
    }

    private sealed class FullDisk : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("No space left on device");

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");
    }
}
