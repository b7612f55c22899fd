using Differ.Cli;
using Differ.Replay;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

public sealed class VerbTests
{
    private static string Capture => Fixture.Capture("svme-unchecked");

    [Fact]
    public void Every_verb_has_help_of_its_own() => Assert.All(VerbNames(), verb =>
    {
        CommandResult help = CommandLine.Run(verb, "--help");
        Assert.Equal((0, ""), (help.Status, help.Errors));
        Assert.Contains($"differ {verb}", help.Output, StringComparison.Ordinal);
    });

    [Fact]
    public void Rules_prints_every_rule_in_the_order_of_the_book()
    {
        string[] lines = CommandLine.Run("rules").Output.TrimEnd('\n').Split('\n');
        Assert.Equal($"{RuleBook.Statements.Count} rules; manual {Apm.Revision}", lines[0]);
        Assert.Equal(RuleBook.Statements.Select(rule => rule.Id), lines[2..].Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public void Rules_prints_each_rule_in_full() => Assert.All(RuleBook.Statements, rule =>
    {
        CommandResult one = CommandLine.Run("rules", rule.Id.ToLowerInvariant());
        Assert.Equal(0, one.Status);
        Assert.StartsWith($"{rule.Id}\n  statement  {rule.Statement}\n  manual     {rule.Citation}, {Apm.Revision}\n", one.Output, StringComparison.Ordinal);
        Assert.EndsWith($"  evidence   {rule.Evidence}\n  expected   {rule.Expected}\n", one.Output, StringComparison.Ordinal);
    });

    [Fact]
    public void A_rule_that_does_not_exist_ends_with_64_and_the_nearest_ones()
    {
        CommandResult result = CommandLine.Run("rules", "SVM-0");
        Assert.Equal(64, result.Status);
        Assert.Matches("^differ: there is no rule SVM-0; nearest are SVM-[^\n]+\n$", result.Errors);
    }

    [Theory]
    [InlineData("VMMCALL")]
    [InlineData("vmmcall")]
    [InlineData("15.18")]
    public void A_word_that_is_no_id_lists_the_rules_that_have_it(string word)
    {
        CommandResult found = CommandLine.Run("rules", word);
        Assert.Equal((0, ""), (found.Status, found.Errors));
        Assert.Contains("\nSVM-15.18-VMMCALL-UNINT-UD ", found.Output, StringComparison.Ordinal);
        Assert.All(found.Output.TrimEnd('\n').Split('\n')[2..], line => Assert.Contains(word, RuleText(line.Split(' ')[0]), StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Rules_are_written_for_programs_and_for_tables()
    {
        string json = CommandLine.Run("rules", "--format", "json").Output;
        Assert.Empty(new JsonSchema(File.ReadAllText(Path.Combine(Repository.Root, "docs", "rules.schema.json"))).Check(json));
        using var read = System.Text.Json.JsonDocument.Parse(json);
        Assert.Equal(RuleBook.Statements.Select(rule => rule.Id), read.RootElement.GetProperty("rules").EnumerateArray().Select(rule => rule.GetProperty("id").GetString()));
        string[] rows = CommandLine.Run("rules", "--format", "csv").Output.TrimEnd('\n').Split('\n');
        Assert.Equal("rule,statement,citation,severity,visibility,confidence,evidence,expected", rows[0]);
        Assert.Equal(RuleBook.Statements.Select(rule => rule.Id), rows[1..].Select(row => row.Split(',')[0]));
    }

    [Theory]
    [InlineData("DIF0124", "Events of threads that entered no guest")]
    [InlineData("dif0101", "The file is cut short.")]
    public void A_diagnostic_is_explained(string number, string meaning)
    {
        CommandResult result = CommandLine.Run("explain", number);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.StartsWith($"{number.ToUpperInvariant()}\n  {meaning}", result.Output, StringComparison.Ordinal);
        Assert.Equal((64, "differ: there is no diagnostic DIF9999; docs/diagnostics.md lists them\n"), (CommandLine.Run("explain", "DIF9999").Status, CommandLine.Run("explain", "DIF9999").Errors));
    }

    [Fact]
    public void Counts_are_names_and_numbers_in_order()
    {
        string[][] rows = [.. CommandLine.Run("show", Capture, "--counts").Output.TrimEnd('\n').Split('\n').Select(line => line.Split('\t'))];
        Assert.All(rows, row => Assert.True(row.Length == 2 && ulong.TryParse(row[1], out _), string.Join('\t', row)));
        Assert.Equal(rows.Select(row => row[0]).Order(StringComparer.Ordinal), rows.Select(row => row[0]));
        Assert.Contains(rows, row => row is ["kvm_exit", "2871"]);
    }

    [Fact]
    public void Events_are_one_a_line()
    {
        ulong counted = CommandLine.Run("show", Capture, "--counts").Output.TrimEnd('\n').Split('\n')
            .Aggregate(0UL, (sum, line) => sum + ulong.Parse(line.Split('\t')[1], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(counted, (ulong)CommandLine.Run("show", Capture, "--events").Output.TrimEnd('\n').Split('\n').LongLength);
    }

    [Theory]
    [InlineData("100", "0", 1)]
    [InlineData("100", "2", 5)]
    [InlineData("1", "3", 5)]
    [InlineData("0", "18446744073709551615", 2872)]
    [InlineData("18446744073709551615", "1", 0)]
    public void One_exit_comes_with_as_many_neighbours_as_asked_for(string exit, string context, int expected) =>
        Assert.Equal(expected, Titles("show", Capture, "--exit", exit, "--context", context).Count);

    [Fact]
    public void One_vcpu_is_shown_alone()
    {
        Assert.Equal(Titles("show", Capture), Titles("show", Capture, "--vcpu", "0"));
        CommandResult none = CommandLine.Run("show", Capture, "--vcpu", "7");
        Assert.Equal((2, $"differ: {Capture} has no vCPU 7\n"), (none.Status, none.Errors));
    }

    [Fact]
    public void A_vcpu_cannot_be_picked_from_a_pipe() =>
        Assert.Equal(64, CommandLine.RunWith(File.ReadAllBytes(Capture), "show", "-", "--vcpu", "0").Status);

    [Fact]
    public void A_run_is_shown_as_its_capture_is()
    {
        using var scratch = new Scratch();
        CommandLine.Run("convert", Capture, "-o", scratch["run"]);
        Assert.Equal(CommandLine.Run("show", Capture).Output, CommandLine.Run("show", scratch["run"]).Output);
    }

    private static string RuleText(string id) => RuleBook.Statements.Single(rule => rule.Id == id) is var rule ? $"{rule.Id} {rule.Statement} {rule.Citation}" : "";

    private static List<string> Titles(params string[] words) =>
        [.. CommandLine.Run(words).Output.Split('\n').Where(line => line.StartsWith("stream ", StringComparison.Ordinal))];

    private static IEnumerable<string> VerbNames()
    {
        var nowhere = new Terminal(TextWriter.Null, TextWriter.Null, Stream.Null, Stream.Null, outputIsTerminal: false, errorIsTerminal: false);
        return Verbs.All.Select(verb => verb.Build(nowhere).Name);
    }
}
