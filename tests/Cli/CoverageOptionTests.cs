using System.Globalization;
using System.Text.Json;
using Differ.Replay;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class CoverageOptionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_rule_of_the_book_has_its_line_and_the_counts_of_the_report()
    {
        string capture = Capture("trace.dat", right: false);
        string[] lines = Csv(capture);
        Assert.Equal("group,rule,exercised,conforms,undecided,violated,lacking,likely", lines[0]);
        Assert.Equal(RuleBook.Statements.Select(rule => rule.Id), lines[1..].Select(line => line.Split(',')[1]));
        using JsonDocument report = JsonDocument.Parse(CommandLine.Run("check", capture, "--format", "json").Output);
        Assert.Equal(
            report.RootElement.GetProperty("rules").EnumerateArray().Select(rule =>
                $"{rule.GetProperty("rule")} {rule.GetProperty("conforms")} {rule.GetProperty("undecided")} {rule.GetProperty("departs")} {rule.GetProperty("likely")}"),
            lines[1..].Select(line => line.Split(',')).Where(columns => columns[2] != "0").Select(columns => $"{columns[1]} {columns[3]} {columns[4]} {columns[5]} {columns[7]}"));
    }

    [Fact]
    public void What_was_missing_adds_up_to_what_is_undecided() => Assert.All(Csv(Capture("trace.dat", right: true))[1..], line =>
    {
        string[] columns = line.Split(',');
        int missing = columns[6].Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(share => int.Parse(share.Split(':')[1], CultureInfo.InvariantCulture));
        Assert.Equal(columns[4], missing.ToString(CultureInfo.InvariantCulture));
    });

    [Fact]
    public void A_folder_stands_for_the_recordings_in_it()
    {
        string one = Capture("trace.dat", right: false), run = Path.Combine(_folder, "b", "run.difr"), model = Path.Combine(_folder, "b", "run.model.difr");
        Directory.CreateDirectory(Path.Combine(_folder, "b"));
        Assert.Equal(0, CommandLine.Run("convert", one, "-o", run).Status);
        Assert.Equal(0, CommandLine.Run("replay", run, "-o", model).Status);
        File.WriteAllText(Path.Combine(_folder, "b", "notes.txt"), "no recording");
        Assert.Equal(Csv(one, run), Csv(_folder));
        Assert.Contains("\ntotal of 2 recordings  ", CommandLine.Run("rules", "--coverage", _folder).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_a_folder_that_cannot_be_read_is_told_and_passed_over()
    {
        string one = Capture("trace.dat", right: false), bad = Path.Combine(_folder, "bad.dat");
        string[] whole = Csv(one);
        File.WriteAllBytes(bad, File.ReadAllBytes(one).AsSpan(0, 64));
        CommandResult result = CommandLine.Run("rules", "--coverage", _folder, "--format", "csv");
        Assert.Equal(0, result.Status);
        Assert.Equal(whole, result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith($"differ: not read: {bad}: DIF0", result.Errors, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("rules", "--coverage", bad).Status);
    }

    [Fact]
    public void Words_that_make_no_sense_are_refused()
    {
        Assert.StartsWith($"differ: {_folder} is a folder without a capture", CommandLine.Run("rules", "--coverage", _folder).Errors, StringComparison.Ordinal);
        Assert.StartsWith(
            "differ: --coverage is about all rules; leave out SVM-L-EXC-OWNER",
            CommandLine.Run("rules", "SVM-L-EXC-OWNER", "--coverage", _folder).Errors, StringComparison.Ordinal);
    }

    private static string[] Csv(params string[] paths)
    {
        CommandResult result = CommandLine.Run(["rules", "--coverage", .. paths, "--format", "csv"]);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        return result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private string Capture(string name, bool right)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, Stories.Vmmcall("6.12", right, new TraceDatBuilder()));
        return path;
    }
}
