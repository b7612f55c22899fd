using Differ.Capture.Disk;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What a file is written over, and what is kept of it.</summary>
public sealed class OutputTargetTests : IDisposable
{
    private const int OwnerOnly = 0x180;

    private readonly Scratch _scratch = new();

    private static string Capture => Fixture.Capture("svme-unchecked");

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_link_is_followed_and_what_it_leads_to_is_replaced_with_its_permissions_and_owner()
    {
        Shell.Run(_scratch[""], "mkdir inner; echo old >inner/report; chmod 640 inner/report; [ $(id -u) != 0 ] || chown 1234:567 inner/report; ln -s inner/report one; ln -s one two");
        string before = Attributes("inner/report");
        Report("two");
        Assert.Equal(before, Attributes("inner/report"));
        Assert.Equal("inner/report one\n", Shell.Run(_scratch[""], "echo $(readlink one) $(readlink two)").Output);
        Assert.StartsWith("{", File.ReadAllText(_scratch["inner/report"]), StringComparison.Ordinal);
        Assert.Equal(["report"], Directory.EnumerateFileSystemEntries(_scratch["inner"]).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public void A_link_to_nothing_gets_what_it_leads_to()
    {
        File.CreateSymbolicLink(_scratch["link"], "nothing yet");
        Report("link");
        Assert.Equal(["link", "nothing yet"], _scratch.Files);
        Assert.Equal("nothing yet", new FileInfo(_scratch["link"]).LinkTarget);
    }

    [Fact]
    public void A_new_file_has_the_permissions_that_the_mask_leaves() => Assert.Equal(
        "640\n", Shell.Run(_scratch[""], $"umask 027; differ check '{Capture}' --report json=report >/dev/null; stat -c %a report").Output);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_not_complete_is_for_its_owner_only_and_has_no_name_or_one_that_nobody_knows(bool hasNoName)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var leftovers = new Leftovers();
        using (var file = NewFile.Create(_scratch["report"], null, leftovers, hasNoName))
        {
            Assert.Equal(hasNoName ? 0 : 1, _scratch.Files.Count);
            Assert.All(_scratch.Files, name => Assert.Matches("^\\.differ-[0-9a-f]{16}\\.partial$", name));
            Assert.All(_scratch.Files, name => Assert.Equal(OwnerOnly, FileNode.Of(_scratch[name])!.Mode));
            file.Stream.Write("whole"u8);
            file.Stream.Flush();
            file.Commit();
        }

        Assert.Equal(["report"], _scratch.Files);
        Assert.Equal("whole", File.ReadAllText(_scratch["report"]));
    }

    [Fact]
    public void What_has_a_name_and_is_not_complete_is_taken_away_when_the_process_is_ended()
    {
        var leftovers = new Leftovers();
        using var file = NewFile.Create(_scratch["report"], null, leftovers, hasNoName: false);
        Assert.Single(_scratch.Files);
        leftovers.Remove();
        Assert.Empty(_scratch.Files);
    }

    // The name that older versions wrote under was known before: who could write the folder could lead it anywhere.
    [Fact]
    public void A_link_that_somebody_laid_is_not_written_through()
    {
        string victim = _scratch.Write("victim", "precious"u8);
        File.CreateSymbolicLink(_scratch[$"report.{Environment.ProcessId}.partial"], victim);
        Report("report");
        Assert.Equal("precious", File.ReadAllText(victim));
        Assert.Null(new FileInfo(_scratch["report"]).LinkTarget);
    }

    [Fact]
    public void A_file_that_is_read_only_stays()
    {
        string file = _scratch.Write("report", "old"u8);
        Shell.Run(_scratch[""], "chmod 444 report");
        CommandResult result = CommandLine.Run("check", Capture, "--report", $"json={file}");
        Assert.Equal((2, $"differ: cannot write {file}: it may not be written\n"), (result.Status, result.Errors));
        Assert.Equal("old", File.ReadAllText(file));
        Assert.Equal(["report"], _scratch.Files);
    }

    [Theory]
    [InlineData("report", "report")]
    [InlineData("report", "link")]
    [InlineData("report", "./inner/../report")]
    public void Two_reports_are_not_one_file(string one, string other)
    {
        Directory.CreateDirectory(_scratch["inner"]);
        File.CreateSymbolicLink(_scratch["link"], "report");
        CommandResult result = CommandLine.Run("check", Capture, "--report", $"json={_scratch[one]}", "--report", $"junit={_scratch[""]}/{other}");
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.StartsWith("differ: two reports cannot be one file: ", result.Errors, StringComparison.Ordinal);
        Assert.Equal(["inner", "link"], _scratch.Files);
    }

    [Fact]
    public void A_folder_and_a_link_in_a_circle_are_no_files()
    {
        Shell.Run(_scratch[""], "mkdir inner; ln -s circle circle");
        Assert.Contains("is a folder; name a file in it", CommandLine.Run("convert", Capture, "-o", _scratch["inner"]).Errors, StringComparison.Ordinal);
        Assert.Contains("is a folder; name a file in it", CommandLine.Run("convert", Capture, "-o", $"{_scratch["none"]}/").Errors, StringComparison.Ordinal);
        Assert.Contains("leads to links without end", CommandLine.Run("convert", Capture, "-o", _scratch["circle"]).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_text_does_not_come_on_a_screen() => Assert.All(
        (string[][])[["convert", Capture, "-o", "-"], ["check", Capture, "--report", "perfetto"]], words =>
    {
        CommandResult result = CommandLine.RunOnTerminal(words);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains("is not for a screen", result.Errors, StringComparison.Ordinal);
    });

    private void Report(string name) => Assert.Equal(1, CommandLine.Run("check", Capture, "--report", $"json={_scratch[name]}").Status);

    private string Attributes(string name) => Shell.Run(_scratch[""], $"stat -c '%a %u %g' {name}").Output;
}
