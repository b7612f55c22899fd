using Differ.Capture;
using Differ.Cli;
using Differ.Cli.Help;
using Differ.Diff;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What a newcomer sees first: it fits a screen of 80 columns and 40 lines.</summary>
public sealed class HelpTests
{
    private const int Columns = 80, Lines = 40;

    private static string Capture => Fixture.Capture("svme-unchecked");

    public static TheoryData<string> Names => [.. VerbNames()];

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public void The_help_of_the_program_fits_a_screen_and_names_every_command_and_status(params string[] words)
    {
        CommandResult help = CommandLine.Run(words);
        Assert.Equal((0, ""), (help.Status, help.Errors));
        AssertFits(help.Output);
        Assert.StartsWith("differ finds where KVM diverges from AMD's manual", help.Output, StringComparison.Ordinal);
        Assert.All(VerbNames(), verb => Assert.Contains($"\n  {verb} ", help.Output, StringComparison.Ordinal));
        Assert.Contains("0 conforms, 1 diverges, 2 unusable input, 3 internal error, 4 inconclusive, 64 usage.", InOneLine(help.Output), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_help_of_a_command_fits_a_screen_and_is_the_same_however_it_is_asked_for(string verb)
    {
        CommandResult help = CommandLine.Run("help", verb);
        Assert.Equal((0, ""), (help.Status, help.Errors));
        AssertFits(help.Output);
        Assert.StartsWith($"Usage: differ {verb}", help.Output, StringComparison.Ordinal);
        Assert.All(new[] { "--help", "-h" }, option => Assert.Equal(help.Output, CommandLine.Run(verb, option).Output));
        Assert.DoesNotMatch(@"\w\|\w", help.Output);
    }

    [Fact]
    public void No_command_at_all_gets_the_help_and_status_64()
    {
        CommandResult result = CommandLine.Run();
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Equal(CommandLine.Run("--help").Output, result.Errors);
    }

    [Theory]
    [InlineData("help", "formats")]
    [InlineData("check", "--report", "help")]
    [InlineData("compare", "--format", "help")]
    public void The_formats_are_listed_where_they_are_asked_for(params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.All(result.Output.Split('\n'), line => Assert.InRange(line.Length, 0, Columns));
        Assert.All(ReportFormats.Names, name => Assert.Contains($"\n  {name} ", result.Output, StringComparison.Ordinal));
        Assert.All(CaptureSession.FormatNames, name => Assert.Contains(name, InOneLine(result.Output), StringComparison.Ordinal));
    }

    [Fact]
    public void Help_for_what_is_no_command_names_the_nearest()
    {
        CommandResult result = CommandLine.Run("help", "chck");
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Matches("^differ: there is no command chck; nearest are check, [a-z, ]+; see differ --help\n$", result.Errors);
    }

    [Theory]
    [InlineData("--format", "json", "check")]
    [InlineData("--color", "never", "--format", "json", "check")]
    [InlineData("--report", "json", "check")]
    public void Options_of_a_command_may_stand_before_it(params string[] before) =>
        Assert.Equal(CommandLine.Run("check", Capture, "--format", "json").Output, CommandLine.Run([.. before, Capture]).Output);

    [Fact]
    public void The_version_has_a_short_option() => Assert.Equal(CommandLine.Run("--version").Output, CommandLine.Run("-V").Output);

    [Theory]
    [InlineData("-q", "check")]
    [InlineData("check", "--quiet")]
    public void Quiet_leaves_the_verdict_line(params string[] words)
    {
        CommandResult result = CommandLine.Run([.. words, Capture]);
        Assert.Equal((1, ""), (result.Status, result.Errors));
        Assert.Equal(CommandLine.Run("check", Capture).Output.Split('\n')[0] + "\n", result.Output);
    }

    [Theory]
    [InlineData("abc is no value of --exit: it takes a whole number; see differ show --help", "show", "a", "--exit", "abc")]
    [InlineData("x is no value of --least-common: it takes a number, as 10 or 0.5; see differ bisect --help", "bisect", "a", "--least-common", "x")]
    [InlineData("blue is no value of --color; there are auto, always, never; see differ check --help", "check", "a", "--color", "blue")]
    [InlineData("CAPTURE is missing; see differ check --help", "check")]
    [InlineData("--format needs a value; see differ stats --help", "stats", "a", "--format")]
    [InlineData("there is no option --bogus; see differ show --help", "show", "--bogus")]
    [InlineData("a command is missing; there is no option --bogus; see differ --help", "--bogus")]
    public void What_is_wrong_with_the_words_is_said_without_a_word_of_the_runtime(string says, params string[] words) =>
        Assert.Equal($"differ: {says}\n", CommandLine.Run(words).Errors);

    [Theory]
    [InlineData("check")]
    [InlineData("convert")]
    [InlineData("show")]
    [InlineData("replay")]
    [InlineData("stats")]
    public void An_error_names_its_file(string verb)
    {
        using var scratch = new Scratch();
        string file = scratch.Write("broken", "no capture at all\n"u8);
        CommandResult result = CommandLine.Run(verb, file);
        Assert.Equal(2, result.Status);
        Assert.StartsWith($"differ: {file}: DIF", result.Errors, StringComparison.Ordinal);
    }

    private static void AssertFits(string help)
    {
        string[] lines = help.TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 3, Lines);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, Columns));
        Assert.Equal(Columns, HelpPage.Width);
    }

    private static string InOneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static IEnumerable<string> VerbNames()
    {
        var nowhere = new Terminal(TextWriter.Null, TextWriter.Null, Stream.Null, Stream.Null, outputIsTerminal: false, errorIsTerminal: false);
        return Verbs.All.Select(verb => verb.Build(nowhere).Name);
    }
}
