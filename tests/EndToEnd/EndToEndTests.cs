using System.Globalization;
using Differ.Tests.Support;

namespace Differ.Tests.EndToEnd;

/// <summary>Every capture of Fixtures from its bytes to its report.</summary>
public sealed class EndToEndTests
{
    public static TheoryData<string> Captures => [.. Fixture.Names];

    [Fact]
    public void There_are_captures_of_every_kind() => Assert.InRange(Fixture.Names.Count, 10, 100);

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_capture_gives_the_stored_reports(string name)
    {
        CommandResult text = CommandLine.Run("check", Fixture.Capture(name));
        CommandResult json = CommandLine.Run("check", Fixture.Capture(name), "--format", "json");
        Golden.Matches(Fixture.Expected(name, ".txt"), WithoutPlace(text.Output, Fixture.Capture(name)));
        Golden.Matches(Fixture.Expected(name, ".json"), json.Output);
        Assert.Equal(("", ""), (text.Errors, json.Errors));
        int expected = text.Output.StartsWith("diverges: ", StringComparison.Ordinal) ? 1 : text.Output.StartsWith("inconclusive: ", StringComparison.Ordinal) ? 4 : 0;
        Assert.Equal(expected, text.Status);
        Assert.Equal(text.Status, json.Status);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_capture_shows_the_stored_exits(string name)
    {
        // The first time L2 is left or started, with its neighbours; the first exits where nothing is nested.
        string[] lines = CommandLine.Run("show", Fixture.Capture(name)).Output.Split('\n');
        int nested = Math.Max(0, Array.FindIndex(lines, line => line.Contains("kvm_nested", StringComparison.Ordinal)));
        string title = lines[..(nested + 1)].Last(line => line.StartsWith("stream ", StringComparison.Ordinal));
        ulong exit = ulong.Parse(title.Split(' ')[3], CultureInfo.InvariantCulture);
        string counts = CommandLine.Run("show", Fixture.Capture(name), "--counts").Output;
        CommandResult around = CommandLine.Run("show", Fixture.Capture(name), "--exit", $"{exit}", "--context", "2");
        Assert.Equal(0, around.Status);
        Golden.Matches(Fixture.Expected(name, "-show.txt"), counts + "\n" + around.Output);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void One_stage_after_the_other_gives_the_report_of_all_at_once(string name)
    {
        using var scratch = new Scratch();
        Convert(name, scratch, "run", "model");
        foreach (string format in (string[])["text", "json"])
        {
            CommandResult whole = CommandLine.Run("check", Fixture.Capture(name), "--format", format);
            string report = WithoutPlace(whole.Output, Fixture.Capture(name));
            Assert.Equal(report, WithoutPlace(CommandLine.Run("diff", scratch["run"], scratch["model"], "--format", format).Output, scratch["run"]));
            Assert.Equal(report, WithoutPlace(CommandLine.Run("check", scratch["run"], "--format", format).Output, scratch["run"]));
            Assert.Equal(whole.Status, CommandLine.Run("diff", scratch["run"], scratch["model"], "--format", format).Status);
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void The_same_capture_gives_the_same_bytes_twice(string name)
    {
        using var scratch = new Scratch();
        Convert(name, scratch, "run", "model");
        Convert(name, scratch, "run again", "model again");
        Assert.Equal(File.ReadAllBytes(scratch["run"]), File.ReadAllBytes(scratch["run again"]));
        Assert.Equal(File.ReadAllBytes(scratch["model"]), File.ReadAllBytes(scratch["model again"]));
        Assert.Equal(["model", "model again", "run", "run again"], scratch.Files);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_capture_from_a_pipe_differs_in_its_name_only(string name)
    {
        byte[] capture = File.ReadAllBytes(Fixture.Capture(name));
        string[] file = ReportText.WithoutCommands(CommandLine.Run("check", Fixture.Capture(name)).Output).Split('\n');
        string[] pipe = ReportText.WithoutCommands(CommandLine.RunWith(capture, "check", "-").Output).Split('\n');
        int place = Array.FindIndex(file, line => line.StartsWith("file      ", StringComparison.Ordinal));
        Assert.StartsWith($"file      {Path.GetFileName(Fixture.Capture(name))}, ", file[place], StringComparison.Ordinal);
        Assert.StartsWith("file      (pipe), ", pipe[place], StringComparison.Ordinal);
        Assert.Equal(file[..place].Concat(file[(place + 1)..]), pipe[..place].Concat(pipe[(place + 1)..]));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_run_goes_through_pipes_unchanged(string name)
    {
        using var scratch = new Scratch();
        byte[] run = CommandLine.Run("convert", Fixture.Capture(name), "-o", "-").Bytes;
        byte[] model = CommandLine.RunWith(run, "replay", "-", "-o", "-").Bytes;
        Convert(name, scratch, "run", "model");
        Assert.Equal(File.ReadAllBytes(scratch["run"]), run);
        Assert.Equal(File.ReadAllBytes(scratch["model"]), model);
        string report = ReportText.WithoutCommands(CommandLine.Run("check", Fixture.Capture(name)).Output);
        Assert.Equal(report, ReportText.WithoutCommands(CommandLine.RunWith(run, "check", "-").Output));
        Assert.Equal(report, ReportText.WithoutCommands(CommandLine.RunWith(model, "diff", scratch["run"], "-").Output));
    }

    private static void Convert(string name, Scratch scratch, string run, string model)
    {
        Assert.Equal(0, CommandLine.Run("convert", Fixture.Capture(name), "-o", scratch[run]).Status);
        Assert.Equal(0, CommandLine.Run("replay", scratch[run], "--output", scratch[model]).Status);
    }

    // Commands that lead on name the file that was read.
    private static string WithoutPlace(string report, string file) => report.Replace(file, "CAPTURE", StringComparison.Ordinal);
}
