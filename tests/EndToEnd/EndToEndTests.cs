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
        Golden.Matches(Fixture.Expected(name, ".txt"), text.Output);
        Golden.Matches(Fixture.Expected(name, ".json"), json.Output);
        Assert.Equal(("", ""), (text.Errors, json.Errors));
        int expected = text.Output.Contains("\nverdict   diverges\n", StringComparison.Ordinal) ? 1 : text.Output.Contains("\nverdict   inconclusive\n", StringComparison.Ordinal) ? 4 : 0;
        Assert.Equal(expected, text.Status);
        Assert.Equal(text.Status, json.Status);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void A_capture_shows_the_stored_exits(string name)
    {
        // The first time L2 is left or started, with its neighbours; the first exits where nothing is nested.
        string[] lines = CommandLine.Run("show", Fixture.Capture(name)).Output.Split('\n');
        int nested = Math.Max(0, Array.FindIndex(lines, line => line.Contains("Nested", StringComparison.Ordinal)));
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
            Assert.Equal(whole.Output, CommandLine.Run("diff", scratch["run"], scratch["model"], "--format", format).Output);
            Assert.Equal(whole.Output, CommandLine.Run("check", scratch["run"], "--format", format).Output);
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
        string[] file = CommandLine.Run("check", Fixture.Capture(name)).Output.Split('\n');
        string[] pipe = CommandLine.RunWith(capture, "check", "-").Output.Split('\n');
        Assert.StartsWith($"capture   {Path.GetFileName(Fixture.Capture(name))}, ", file[0], StringComparison.Ordinal);
        Assert.StartsWith("capture   (pipe), ", pipe[0], StringComparison.Ordinal);
        Assert.Equal(file[1..], pipe[1..]);
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
        Assert.Equal(CommandLine.Run("check", Fixture.Capture(name)).Output, CommandLine.RunWith(run, "check", "-").Output);
        Assert.Equal(CommandLine.Run("check", Fixture.Capture(name)).Output, CommandLine.RunWith(model, "diff", scratch["run"], "-").Output);
    }

    private static void Convert(string name, Scratch scratch, string run, string model)
    {
        Assert.Equal(0, CommandLine.Run("convert", Fixture.Capture(name), "-o", scratch[run]).Status);
        Assert.Equal(0, CommandLine.Run("replay", scratch[run], "--output", scratch[model]).Status);
    }
}
