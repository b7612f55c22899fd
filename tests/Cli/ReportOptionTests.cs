using Differ.Diff;
using Differ.Fuzz;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>Several captures and several reports in one command.</summary>
public sealed class ReportOptionTests : IDisposable
{
    private readonly Scratch _scratch = new();

    private static string Clean => Fixture.Capture("reflected-cpuid");

    private static string Diverging => Fixture.Capture("svme-unchecked");

    private string Broken => _scratch.Write("broken.dat", "no capture"u8);

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void Every_format_is_written_at_once_and_the_usual_report_too()
    {
        string[] words = [.. ReportFormats.Names.SelectMany(name => new[] { "--report", $"{name}={_scratch[name]}" })];
        CommandResult result = CommandLine.Run(["check", Diverging, .. words]);
        Assert.Equal((1, ""), (result.Status, result.Errors));
        Assert.Equal(ReportFormats.Names.Order(StringComparer.Ordinal), _scratch.Files);
        Assert.Equal(CommandLine.Run("check", Diverging).Output, result.Output);
        Assert.Equal(result.Output, File.ReadAllText(_scratch["text"]));
        Assert.All(ReportFormats.All, format => Assert.Equal(
            File.ReadAllText(_scratch[format.Name]), CommandLine.Run("check", Diverging, "--report", format.Name).Output));
        Assert.Equal(File.ReadAllText(_scratch["json"]), CommandLine.Run("check", Diverging, "--format", "json").Output);
    }

    [Fact]
    public void Several_captures_end_with_the_gravest_status()
    {
        Assert.Equal(0, CommandLine.Run("check", Clean, Fixture.Capture("unseen-stgi")).Status);
        Assert.Equal(1, CommandLine.Run("check", Clean, Diverging).Status);
        Assert.Equal(2, CommandLine.Run("check", Broken, Clean).Status);
        Assert.Equal(1, CommandLine.Run("check", Broken, Diverging).Status);
    }

    [Fact]
    public void A_capture_that_cannot_be_used_is_told_and_the_others_are_checked()
    {
        CommandResult result = CommandLine.Run("check", Broken, Diverging, "--report", "junit=" + _scratch["junit"]);
        Assert.Matches("^differ: [^\n]*broken.dat: DIF0102 [^\n]+\n$", result.Errors);
        Assert.Contains("2 captures: 1 diverges, 1 cannot be used", result.Output, StringComparison.Ordinal);
        Assert.Contains("type=\"DIF0102\"", File.ReadAllText(_scratch["junit"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_reports_asked_for_tell_of_the_only_capture_that_cannot_be_used()
    {
        CommandResult result = CommandLine.Run("check", Broken, "--report", "jsonl=" + _scratch["jsonl"], "--report", "html=" + _scratch["html"]);
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.StartsWith("{\"type\":\"unread\"", File.ReadAllText(_scratch["jsonl"]), StringComparison.Ordinal);
        Assert.Equal(["broken.dat", "jsonl"], _scratch.Files);
    }

    [Fact]
    public void A_report_of_exits_is_not_written_when_reading_fails_behind_the_first_exits()
    {
        byte[] run = Records.Many(40).ToRun();
        CommandResult result = CommandLine.RunWith(
            new SlowPipe(run) { BreaksAt = run.Length - 1 }, CancellationToken.None, "check", "-", "--report", "html=" + _scratch["html"], "--report", "jsonl=" + _scratch["jsonl"]);
        Assert.Equal((2, "", $"differ: standard input: the pipe cannot be read to its end: {MachineFaults.BadSector}\n"), (result.Status, result.Output, result.Errors));
        Assert.Equal(["jsonl"], _scratch.Files);
    }

    [Fact]
    public void A_folder_stands_for_the_captures_in_it_and_below()
    {
        foreach (string name in (IEnumerable<string>)["a/trace", "b/c/two", "b/one", "b/other"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_scratch[name])!);
            File.Copy(Clean, _scratch[name]);
        }

        File.WriteAllBytes(_scratch["a/another text"], new TextTraceBuilder().AllOfKvm().ToBytes());
        File.WriteAllText(_scratch["b/notes.txt"], "no capture");
        Directory.CreateSymbolicLink(_scratch["b/loop"], _scratch["b"]);
        CommandResult result = CommandLine.Run("check", _scratch["a"], _scratch["b"], _scratch["a"], "--report", "jsonl");
        Assert.Equal((4, ""), (result.Status, result.Errors));
        Assert.Equal(
            [_scratch["a/another text"], _scratch["a/trace"], _scratch["b/one"], _scratch["b/other"], _scratch["b/c"]],
            result.Output.Split('\n').Where(line => line.StartsWith("{\"type\":\"capture\"", StringComparison.Ordinal))
                .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("capture").GetString()!));
    }

    [Theory]
    [InlineData("there is no format nothing", "--report", "nothing=out")]
    [InlineData("name the file", "--report", "junit=")]
    [InlineData("only one report can go to standard output", "--report", "junit", "--report", "tap")]
    [InlineData("only one report can go to standard output", "--report", "junit=-", "--format", "json")]
    [InlineData("two reports cannot be one file", "--report", "junit=out", "--report", "tap=./out")]
    public void Reports_that_cannot_be_are_refused_before_anything_is_read(string because, params string[] words)
    {
        CommandResult result = CommandLine.Run(["check", _scratch["missing"], .. words]);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains(because, Assert.Single(result.Errors.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_of_exits_is_of_one_capture()
    {
        CommandResult result = CommandLine.Run("check", Clean, Diverging, "--report", "perfetto=" + _scratch["trace"]);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains("write it for each: differ check ", Assert.Single(result.Errors.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
        Assert.Empty(_scratch.Files);
    }

    [Fact]
    public void Several_captures_have_a_page_of_all_with_links_to_a_page_of_each()
    {
        string broken = _scratch.Write("broken", "no capture"u8);
        CommandResult result = CommandLine.Run("check", Clean, broken, Diverging, "--report", "html=" + _scratch["out.html"]);
        Assert.Equal(1, result.Status);
        Assert.Equal(["broken", "out-1.html", "out-3.html", "out.html"], _scratch.Files);
        string index = File.ReadAllText(_scratch["out.html"]);
        Assert.Contains("<title>Differ: 3 captures: 1 diverges, 1 conforms, 1 cannot be used</title>", index, StringComparison.Ordinal);
        Assert.Contains("<a href=\"out-1.html\">", index, StringComparison.Ordinal);
        Assert.Contains("<a href=\"out-3.html#class=", index, StringComparison.Ordinal);
        Assert.True(index.IndexOf(">diverges<", StringComparison.Ordinal) < index.IndexOf(">conforms<", StringComparison.Ordinal));
        Assert.Contains(">unread<", index, StringComparison.Ordinal);
        foreach (string page in (string[])["out-1.html", "out-3.html"])
        {
            Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(_scratch[page]), StringComparison.Ordinal);
        }

        CommandResult one = CommandLine.Run("check", Diverging, "--report", "html=" + _scratch["one.html"]);
        Assert.Equal(File.ReadAllText(_scratch["one.html"]), File.ReadAllText(_scratch["out-3.html"]));
        Assert.Equal(1, one.Status);
    }

    [Fact]
    public void Pages_of_several_captures_need_a_name() =>
        Assert.Contains("name the first, as html=out.html", CommandLine.Run("check", Clean, Diverging, "--report", "html").Errors, StringComparison.Ordinal);

    [Fact]
    public void A_report_that_cannot_be_written_is_told_before_anything_is_read()
    {
        CommandResult result = CommandLine.Run("check", Diverging, "--report", "tap=" + _scratch["tap"], "--report", "junit=" + Path.Combine(_scratch["no folder"], "junit"));
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Empty(_scratch.Files);
    }

    [Fact]
    public void A_comparison_has_the_same_reports()
    {
        CommandResult result = CommandLine.Run("compare", Clean, Diverging, "--report", "junit=" + _scratch["junit"], "--report", "markdown=" + _scratch["markdown"]);
        Assert.Equal((1, ""), (result.Status, result.Errors));
        Assert.Contains("| new | SVM-", File.ReadAllText(_scratch["markdown"]), StringComparison.Ordinal);
        Assert.Contains("<failure ", File.ReadAllText(_scratch["junit"]), StringComparison.Ordinal);
        Assert.Equal(64, CommandLine.Run("compare", Clean, Diverging, "--report", "perfetto=" + _scratch["trace"]).Status);
        Assert.Equal(1, CommandLine.Run("compare", Clean, Diverging, "--report", "html=" + _scratch["html"]).Status);
        Assert.StartsWith("<!doctype html>", File.ReadAllText(_scratch["html"]), StringComparison.Ordinal);
    }
}
