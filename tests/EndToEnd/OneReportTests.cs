using System.Text;
using System.Text.Json.Nodes;
using Differ.Tests.Capture.Wrappers;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>The same bytes give the same report and the same lines on the way, wherever they come from: a file, a pipe, packed, a folder.</summary>
public sealed class OneReportTests : IDisposable
{
    private const string Kernel = "6.12";

    private readonly Scratch _scratch = new();

    public static TheoryData<string> Recordings => [.. Made.Keys];

    private static Dictionary<string, Func<byte[]>> Made { get; } = new(StringComparer.Ordinal)
    {
        ["trace.dat"] = static () => StoryFiles.TraceDat(Kernel, Departs),
        ["perf.data"] = static () => StoryFiles.Perf(Kernel, Departs),
        ["perf, pipe"] = static () => StoryFiles.Perf(Kernel, Departs, pipe: true),
        ["perf, pipe, packed"] = static () => StoryFiles.Perf(Kernel, Departs, pipe: true, packed: true),
        ["perf, pipe, cut"] = static () => StoryFiles.Perf(Kernel, Departs, pipe: true)[..^20],
        ["perf, pipe, cut in its description"] = static () => StoryFiles.Perf(Kernel, Departs, pipe: true)[..600],
        ["perf, pipe, damaged"] = static () => Damaged(StoryFiles.Perf(Kernel, Departs, pipe: true)),
        ["perf, pipe, a loss that is told late"] = LateLoss,
        ["perf, pipe, without kvm"] = static () => StoryFiles.Perf(Kernel, static _ => { }, pipe: true),
        ["text"] = static () => StoryFiles.Text(Kernel, Departs),
        ["text, nested late"] = static () => StoryFiles.Text(Kernel, Late),
        ["text, quoted"] = static () => [.. StoryFiles.Text(Kernel, Departs), .. Quoted(StoryFiles.Text(Kernel, Departs))],
        ["text, a mark that comes late"] = LateMark,
        ["text, mended"] = static () => Encoding.UTF8.GetBytes(Encoding.ASCII.GetString(StoryFiles.Text(Kernel, Departs)).Replace(' ', '\u00a0')),
        ["text, an event with a long name"] = static () => Encoding.ASCII.GetBytes(
            Encoding.ASCII.GetString(StoryFiles.Text(Kernel, Departs)) + $"       CPU 0/KVM-100   [000]     9.000000000: kvm_{new string('x', 100)}: whatever\n"),
        ["text, behind prose"] = static () => [.. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("this is what I see:\n", 1_000))), .. StoryFiles.Text(Kernel, Departs)],
        ["text, mended late"] = static () => Encoding.UTF8.GetBytes(
            Encoding.ASCII.GetString(StoryFiles.Text(Kernel, Departs)) + "       CPU 0/KVM-100\u00a0  [000]     9.000000000: kvm_apic: whatever\n"),
        ["text, bare"] = static () => "kvm_entry: vcpu 0, rip 0x1000\nkvm_entry: vcpu 0, rip 0x1000\n"u8.ToArray(),
        ["text, without kvm"] = static () => new TextTraceBuilder().Event("sched_wakeup", "x").ToBytes(),
        ["text, cut"] = static () => StoryFiles.Text(Kernel, Departs)[..^30],
    };

    /// <inheritdoc/>
    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Recordings))]
    public void A_recording_has_one_report(string recording)
    {
        byte[] bytes = Made[recording]();
        Directory.CreateDirectory(_scratch["folder"]);
        _scratch.Write("folder/capture", bytes);
        CommandResult file = Check(_scratch.Write("capture", bytes));
        CommandResult standardInput = CommandLine.RunWith(bytes, "check", "--format", "json", "-");
        Same(file, standardInput, "standard input");
        Same(file, Check(_scratch.Write("capture.gz", PackingsTests.Gzip(bytes))), "gzip");
        Same(file, Check(_scratch["folder"]), "folder");
        Same(file, Live(standardInput.Errors, [bytes]), "pipe");
        Same(file, Live(standardInput.Errors, [PackingsTests.Gzip(bytes)]), "packed pipe");
    }

    [Theory]
    [InlineData("perf, pipe")]
    [InlineData("perf, pipe, cut")]
    [InlineData("perf, pipe, cut in its description")]
    [InlineData("perf, pipe, a loss that is told late")]
    [InlineData("text")]
    [InlineData("text, quoted")]
    [InlineData("text, an event with a long name")]
    [InlineData("text, behind prose")]
    [InlineData("text, mended late")]
    [InlineData("text, nested late")]
    public void A_pipe_that_falls_silent_now_and_then_has_the_same(string recording)
    {
        byte[] bytes = Made[recording]();
        CommandResult standardInput = CommandLine.RunWith(bytes, "check", "--format", "json", "-");
        int piece = Math.Max(1, (bytes.Length / 3) + 1);
        Same(standardInput, Live(standardInput.Errors, [.. bytes.Chunk(piece)]), "slow pipe");
    }

    [Theory]
    [InlineData("whole")]
    [InlineData("its stream is cut")]
    [InlineData("its stream is empty")]
    [InlineData("its stream is no stream")]
    public void A_recording_of_several_files_has_one_report_in_a_folder_and_in_an_archive(string state)
    {
        (string folder, byte[] tar) = Several(state);
        CommandResult result = Check(folder);
        Assert.Equal(state == "whole" ? 1 : 2, result.Status);
        Same(result, Check(_scratch.Write("tar", tar)), "archive");
        Same(result, CommandLine.RunWith(tar, "check", "--format", "json", "-"), "archive in a pipe");
    }

    [Fact]
    public void A_stream_that_is_like_a_text_is_told_in_a_folder_and_in_an_archive()
    {
        (string folder, byte[] tar) = Several("its stream is like a text");
        CommandResult inFolder = Check(folder), inArchive = Check(_scratch.Write("tar", tar));
        Assert.Equal((2, 2), (inFolder.Status, inArchive.Status));
        Assert.Equal(["DIF0330", "DIF0361"], Unread(inFolder));
        Assert.Equal(Unread(inFolder), Unread(inArchive));
    }

    private static List<string> Unread(CommandResult result) => [.. JsonNode.Parse(result.Output)!["unread"]!.AsArray().Select(one => (string)one!["code"]!).Order(StringComparer.Ordinal)];

    private (string Folder, byte[] Tar) Several(string state)
    {
        Dictionary<string, byte[]> files = CtfStories.Perf(StoryFiles.TraceDat(Kernel, Departs), KernelLayouts.Of(Kernel));
        Directory.CreateDirectory(_scratch["folder"]);
        foreach ((string name, byte[] bytes) in files.ToList())
        {
            files[name] = name == "metadata" ? bytes : state switch
            {
                "its stream is cut" => bytes[..(bytes.Length / 2)],
                "its stream is empty" => [],
                "its stream is no stream" => [1, 2, 3, 4, 5],
                "its stream is like a text" => [0xff, 0xfe, 3, 4, 5, .. "# tracer: nop\n"u8],
                _ => bytes,
            };
            _scratch.Write($"folder/{name}", files[name]);
        }

        return (_scratch["folder"], TarBuilder.Of([.. files.Select(file => ($"folder/{file.Key}", file.Value))]));
    }

    private static CommandResult Check(string path) => CommandLine.Run("check", "--format", "json", path);

    private static CommandResult Live(string lines, byte[][] pieces)
    {
        using var live = new LiveRun("check", "--format", "json", "-");
        foreach (byte[] piece in pieces)
        {
            live.Write(piece);
            Thread.Sleep(pieces.Length > 1 ? 2500 : 0);
        }

        live.End();
        // What can be read of a file that cannot be used is told on the way.
        Assert.EndsWith(lines, live.Errors, StringComparison.Ordinal);
        Assert.True(lines == live.Errors || live.Status == 2, live.Errors);
        return new CommandResult(live.Status, live.Output, live.Errors, []);
    }

    // A line on standard error that refuses a file is a line that refuses the pipe; what is told on the way is told of pipes only.
    private static void Same(CommandResult file, CommandResult other, string what)
    {
        Assert.True(file.Status == other.Status, $"{what}: {file.Status}, {other.Status}; {file.Errors}{other.Errors}");
        Assert.Equal(Report(file.Output), Report(other.Output));
        if (file.Status == 2)
        {
            Assert.EndsWith(ReportText.WithoutName(file.Errors), other.Errors, StringComparison.Ordinal);
        }
    }

    private static string Report(string json)
    {
        if (json.Length == 0)
        {
            return "";
        }

        JsonNode report = JsonNode.Parse(json)!;
        report["capture"]!["file"] = "";
        report["capture"]!["bytes"] = 0;
        return report.ToJsonString();
    }

    private static void Departs(KvmStory story)
    {
        Stories.Vmmcall(story, right: false);
        Stories.BackToL1(story);
        Stories.Vmmcall(story, right: true);
    }

    // L1 does other things for longer than the first look lasts.
    private static void Late(KvmStory story)
    {
        story.Entry(Stories.L1Rip);
        for (int i = 0; i < 8_000; i++)
        {
            story.Exit(0x78, Stories.L1Rip).Entry(Stories.L1Rip + 1);
        }

        Departs(story);
    }

    private static byte[] LateMark()
    {
        string text = Encoding.ASCII.GetString(StoryFiles.Text("6.1", static story =>
        {
            Late(story);
            story.Exit(0x78, Stories.L1Rip).Entry(Stories.L1Rip + 1);
        }));
        return Encoding.ASCII.GetBytes(text.TrimEnd('\n') + "[immediate exit]\n");
    }

    private static byte[] LateLoss()
    {
        var exit = new PerfEvent(PerfTracepoint.Exit, 50);
        PerfDataBuilder builder = new PerfDataBuilder { Pipe = true }.Event(exit).Exit(exit, 10);
        for (ulong round = 2; round < 9; round++)
        {
            builder.FinishedRound().Exit(exit, round * 10, cpu: 1);
        }

        return builder.FinishedRound().Lost(50, 5, 99, cpu: 0).Exit(exit, 100).File;
    }

    private static byte[] Quoted(byte[] text) =>
        Encoding.ASCII.GetBytes(string.Concat(Encoding.ASCII.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"> {line}\n")));

    // The size of the last record but one.
    private static byte[] Damaged(byte[] pipe)
    {
        pipe[^14] = 3;
        pipe[^13] = 0;
        return pipe;
    }
}
