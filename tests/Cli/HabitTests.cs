using System.CommandLine;
using System.Globalization;
using Differ.Cli;
using Differ.Replay;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What users expect of any program: a version, a manual page, completions.</summary>
public sealed class HabitTests
{
    [Fact]
    public void The_version_names_the_commit_the_rules_and_the_manual()
    {
        CommandResult result = Support.CommandLine.Run("--version");
        Assert.Equal(0, result.Status);
        Assert.Matches(@"^differ \d+\.\d+\.\d+ \(commit [0-9a-z]+; \d+ rules; AMD64 APM volume 2, 24593 Rev\. ", result.Output);
        Assert.Contains($"{RuleBook.Statements.Count} rules", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_manual_page_names_every_verb_and_every_option()
    {
        string page = ManualPage();
        foreach (Command verb in Verbs.Build(Terminal.OfProcess()).Subcommands)
        {
            Assert.Contains($".SS differ {verb.Name}", page, StringComparison.Ordinal);
            foreach (Option option in verb.Options.Where(option => !option.Hidden && option.Name != "--help"))
            {
                Assert.Contains(option.Name, page, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_manual_page_has_every_section_status_and_file()
    {
        string page = ManualPage();
        string[] sections = [.. page.Split('\n').Where(line => line.StartsWith(".SH ", StringComparison.Ordinal)).Select(line => line[4..])];
        Assert.Equal(["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXAMPLES", "EXIT STATUS", "FILES", "ENVIRONMENT", "SEE ALSO"], sections);
        Assert.All(
            typeof(ExitStatus).GetFields().Select(field => (int)field.GetRawConstantValue()!),
            status => Assert.Contains(string.Create(CultureInfo.InvariantCulture, $".TP\n{status}\n"), page[page.IndexOf(".SH EXIT STATUS", StringComparison.Ordinal)..], StringComparison.Ordinal));
        Assert.All(
            new[] { "differ.toml", "trace.dat", "*.difr", "known.json", "*.parquet", "/sys/kernel/tracing", "/dev/kvm" },
            file => Assert.Contains(file, page[page.IndexOf(".SH FILES", StringComparison.Ordinal)..], StringComparison.Ordinal));
    }

    // An example that the program refuses would be worse than none.
    [Fact]
    public void The_examples_of_the_manual_page_are_commands_that_there_are()
    {
        Assert.InRange(ManVerb.Examples.Length, 6, 20);
        Assert.All(ManVerb.Examples, example =>
        {
            string words = example.Words[(example.Words.IndexOf("differ ", StringComparison.Ordinal) + "differ ".Length)..];
            Assert.Empty(Verbs.Build(Terminal.OfProcess()).Parse(words.Split(' ')).Errors);
            Assert.Contains($".B {example.Words}\n{example.What}\n", ManualPage(), StringComparison.Ordinal);
        });
    }

    private static string ManualPage() => Support.CommandLine.Run("man").Output.Replace("\\-", "-", StringComparison.Ordinal);

    [Theory]
    [InlineData("bash", "complete ")]
    [InlineData("zsh", "#compdef differ")]
    [InlineData("fish", "complete -c differ")]
    public void A_shell_gets_a_script_that_asks_the_program(string shell, string words)
    {
        CommandResult result = Support.CommandLine.Run("completions", shell);
        Assert.Equal(0, result.Status);
        Assert.Contains(words, result.Output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_that_has_begun_is_completed() =>
        Assert.Equal("check\n", Support.CommandLine.Run("[suggest:9]", "differ ch").Output.ReplaceLineEndings("\n"));

    [Theory]
    [InlineData("differ rules SVM-15.18-VMM")]
    [InlineData("differ explain SVM-15.18-VMM")]
    [InlineData("differ bisect --rule SVM-15.18-VMM")]
    public void The_id_of_a_rule_is_completed(string words) => Assert.Contains(
        "SVM-15.18-VMMCALL-UNINT-UD\n",
        Support.CommandLine.Run(string.Create(CultureInfo.InvariantCulture, $"[suggest:{words.Length}]"), words).Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
}
