using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Differ.Cli;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary><c>differ export</c>: what another implementation reads in its tables is what <c>check</c> and <c>show</c> say.</summary>
public sealed partial class ExportVerbTests
{
    private static readonly string[] Files = ["captures.parquet", "events.parquet", "exits.parquet", "findings.parquet", "rules.parquet", "undecided.parquet", "vcpus.parquet"];

    private static string Vmmcall => Fixture.Capture("l2-vmmcall-not-intercepted-6.1");

    public static TheoryData<string> Fixtures => [.. Fixture.Names];

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Counts_are_those_of_the_report(string name)
    {
        using var scratch = new Scratch();
        string capture = Fixture.Capture(name);
        using Tables tables = Exported(scratch, capture);
        using JsonDocument report = JsonDocument.Parse(CommandLine.Run("check", capture, "--format", "json").Output);
        JsonElement verdicts = report.RootElement.GetProperty("verdicts");
        Assert.Equal(verdicts.GetProperty("exits").GetUInt64(), tables.Count("exits"));
        Assert.All(new[] { "conforms", "undecided", "likely", "diverges", "ignored", "accepted" }, verdict => Assert.Equal(
            verdicts.GetProperty(verdict).GetUInt64(),
            ulong.Parse(tables.Value($"SELECT count(*) FROM 'tables/exits.parquet' WHERE verdict = '{verdict}'"), CultureInfo.InvariantCulture)));
        Assert.Equal(
            report.RootElement.GetProperty("divergences").EnumerateArray().Select(found => $"{found.GetProperty("fingerprint").GetString()} | {found.GetProperty("count").GetUInt64()}").Order(StringComparer.Ordinal),
            tables.Rows("SELECT fingerprint, occurrences FROM 'tables/findings.parquet' WHERE state = 'diverges' ORDER BY fingerprint"));
        Assert.Equal(
            report.RootElement.GetProperty("undecided").EnumerateArray().Select(one => $"{one.GetProperty("missing").GetString()} | {one.GetProperty("exits").GetUInt64()}"),
            tables.Rows("SELECT missing, exits FROM 'tables/undecided.parquet'"));
        Assert.Equal(
            report.RootElement.GetProperty("capture").GetProperty("vcpus").GetArrayLength(), (int)tables.Count("vcpus"));
        Assert.Equal($"{report.RootElement.GetProperty("verdict").GetString()} | {tables.Count("exits")}", tables.Value("SELECT verdict, exits FROM 'tables/captures.parquet'"));
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Events_are_those_that_show_prints(string name)
    {
        using var scratch = new Scratch();
        string capture = Fixture.Capture(name);
        using Tables tables = Exported(scratch, capture);
        JsonElement[] shown = [.. CommandLine.Run("show", capture, "--format", "jsonl").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(
            shown.SelectMany(exit => exit.GetProperty("events").EnumerateArray()).CountBy(one => one.GetProperty("event").GetString()!).Select(pair => $"{pair.Key} | {pair.Value}").Order(StringComparer.Ordinal),
            tables.Rows("SELECT event, count(*) FROM 'tables/events.parquet' GROUP BY event").Order(StringComparer.Ordinal));
        Assert.Equal(
            shown.Where(exit => exit.TryGetProperty("exit_event", out _)).Select(exit => (Exit: exit, Event: exit.GetProperty("exit_event")))
                .Select(one => $"{one.Exit.GetProperty("stream")} | {one.Exit.GetProperty("exit")} | {one.Exit.GetProperty("level").GetString()} | {one.Event.GetProperty("reason").GetString()} | {one.Event.GetProperty("guest_rip").GetString()} | {one.Event.GetProperty("info1").GetString()}")
                .Order(StringComparer.Ordinal),
            tables.Rows("SELECT stream, exit, level, reason, printf('0x%x', guest_rip), printf('0x%x', info1) FROM 'tables/exits.parquet' WHERE reason IS NOT NULL").Order(StringComparer.Ordinal));
        Assert.Equal(tables.Count("events"), ulong.Parse(tables.Value("SELECT sum(events)::BIGINT FROM 'tables/exits.parquet'"), CultureInfo.InvariantCulture));
        Assert.Equal("true", tables.Value("SELECT lower(bool_and(json_valid(fields))::VARCHAR) FROM 'tables/events.parquet'"));
    }

    [Fact]
    public void The_questions_of_the_README_have_the_answers_that_it_shows()
    {
        using var scratch = new Scratch();
        using Tables tables = Exported(scratch, Vmmcall);
        Match[] questions = [.. Question().Matches(File.ReadAllText(Path.Combine(Repository.Root, "README.md"))).Cast<Match>()];
        Assert.Equal(3, questions.Length);
        Assert.All(questions, question => Assert.Equal(
            question.Groups[2].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[3..]), tables.Rows(question.Groups[1].Value)));
    }

    [Fact]
    public void Every_column_is_described_with_its_type_and_no_other()
    {
        using var scratch = new Scratch();
        using Tables tables = Exported(scratch, Vmmcall);
        string[] written = [.. Files.Select(file => Path.GetFileNameWithoutExtension(file)).SelectMany(table =>
            tables.Rows($"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM 'tables/{table}.parquet')").Select(row => $"{table}: {row}"))];
        string text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "export.md"));
        string[] described = [.. text.Split("\n## ").Skip(1).SelectMany(section =>
            DescribedColumn().Matches(section).Select(match => $"{section[..section.IndexOf('\n', StringComparison.Ordinal)]}: {match.Groups[1].Value} | {match.Groups[2].Value}"))];
        Assert.Equal(written.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void All_captures_go_into_the_same_files_and_one_that_cannot_be_used_is_named()
    {
        using var scratch = new Scratch();
        string broken = scratch.Write("broken.dat", "no recording"u8);
        CommandResult result = CommandLine.Run("export", "--parquet", scratch["tables"], Vmmcall, broken, Fixture.Capture("processor-fault"));
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Contains("broken.dat", result.Errors, StringComparison.Ordinal);
        using var tables = new Tables(scratch["tables"]);
        Assert.Equal(["1 | diverges | false", "2 | NULL | true", "3 | diverges | false"], tables.Rows("SELECT capture, verdict, lower((error IS NOT NULL)::VARCHAR) FROM 'tables/captures.parquet'"));
        Assert.Equal(["1", "3"], tables.Rows("SELECT DISTINCT capture FROM 'tables/exits.parquet' ORDER BY capture"));
        Assert.Equal(["1 | hypervisor", "3 | processor"], tables.Rows("SELECT DISTINCT capture, culprit FROM 'tables/findings.parquet' WHERE state = 'diverges' ORDER BY ALL"));
    }

    [Fact]
    public void What_a_baseline_accepts_is_accepted_in_the_tables()
    {
        using var scratch = new Scratch();
        Assert.Equal(0, CommandLine.Run("baseline", "update", Vmmcall, "-o", scratch["known.json"]).Status);
        using Tables tables = Exported(scratch, Vmmcall, "--baseline", scratch["known.json"]);
        Assert.Equal("1029", tables.Value("SELECT count(*) FROM 'tables/exits.parquet' WHERE verdict = 'accepted' AND fingerprint = 'a093e73e0576'"));
        Assert.Equal("0", tables.Value("SELECT count(*) FROM 'tables/exits.parquet' WHERE verdict = 'diverges'"));
        Assert.Equal("accepted", tables.Value("SELECT state FROM 'tables/findings.parquet' WHERE fingerprint = 'a093e73e0576'"));
    }

    [Fact]
    public void Tables_that_are_there_are_replaced_and_nothing_else_is()
    {
        using var scratch = new Scratch();
        Assert.Equal(0, CommandLine.Run("export", "--parquet", scratch["tables"], Vmmcall, Fixture.Capture("processor-fault")).Status);
        File.WriteAllText(Path.Combine(scratch["tables"], "notes.txt"), "mine");
        using Tables tables = Exported(scratch, Vmmcall);
        Assert.Equal("1", tables.Value("SELECT count(*) FROM 'tables/captures.parquet'"));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(scratch["tables"], "notes.txt")));
    }

    [Fact]
    public void Where_nothing_can_be_used_nothing_is_left()
    {
        using var scratch = new Scratch();
        CommandResult result = CommandLine.Run("export", "--parquet", scratch["tables"], scratch.Write("broken.dat", "no recording"u8));
        Assert.Equal((2, ""), (result.Status, result.Output));
        Assert.Equal(["broken.dat"], scratch.Files);
    }

    [Fact]
    public void An_interruption_leaves_nothing_and_keeps_what_was_there()
    {
        using var scratch = new Scratch();
        Assert.Equal(0, CommandLine.Run("export", "--parquet", scratch["old"], Vmmcall).Status);
        byte[] before = File.ReadAllBytes(Path.Combine(scratch["old"], "exits.parquet"));
        using var ended = new CancellationTokenSource();
        ended.Cancel();
        Assert.All(new[] { "old", "new" }, folder => Assert.Equal(ExitStatus.Interrupted, CommandLine.RunUntil(ended.Token, "export", "--parquet", scratch[folder], Vmmcall).Status));
        Assert.Equal(["old"], scratch.Files);
        Assert.Equal(Files, Directory.EnumerateFiles(scratch["old"]).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.Equal(before, File.ReadAllBytes(Path.Combine(scratch["old"], "exits.parquet")));
    }

    [Fact]
    public void What_is_read_is_not_replaced()
    {
        using var scratch = new Scratch();
        string capture = scratch["exits.parquet"];
        File.Copy(Vmmcall, capture);
        CommandResult result = CommandLine.Run("export", "--parquet", Path.GetDirectoryName(capture)!, capture);
        Assert.Equal(64, result.Status);
        Assert.Contains("is what is read, and would be replaced", result.Errors, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(Vmmcall), File.ReadAllBytes(capture));
        Assert.Equal(["exits.parquet"], scratch.Files);
    }

    [Fact]
    public void What_can_be_read_only_once_and_what_is_no_folder_is_refused()
    {
        using var scratch = new Scratch();
        CommandResult pipe = CommandLine.Run("export", "--parquet", scratch["tables"], "-");
        Assert.Equal((64, "differ: standard input can be read only once, and what stands of a finding is known at the end; differ convert makes a file of it\n"), (pipe.Status, pipe.Errors));
        string file = scratch.Write("file", "text"u8);
        Assert.Equal($"differ: --parquet {file}: it is a file; name a folder, the tables are several files\n", CommandLine.Run("export", "--parquet", file, Vmmcall).Errors);
        Assert.Equal("differ: --parquet takes a folder: the tables are several files\n", CommandLine.Run("export", "--parquet", "-", Vmmcall).Errors);
        Assert.Equal(["file"], scratch.Files);
    }

    private static Tables Exported(Scratch scratch, string capture, params string[] options)
    {
        CommandResult result = CommandLine.Run(["export", "--parquet", scratch["tables"], capture, .. options]);
        Assert.Equal((0, "", ""), (result.Status, result.Output, result.Errors));
        return new Tables(scratch["tables"]);
    }

    [GeneratedRegex("```sql\n(.*?)((?:-- [^\n]*\n)+)```", RegexOptions.Singleline)]
    private static partial Regex Question();

    [GeneratedRegex(@"^\| (\w+) \| ([A-Z]+) \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex DescribedColumn();
}
