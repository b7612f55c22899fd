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
        string page = Support.CommandLine.Run("man").Output.Replace("\\-", "-", StringComparison.Ordinal);
        foreach (Command verb in Verbs.Build(Terminal.OfProcess()).Subcommands)
        {
            Assert.Contains($".SS differ {verb.Name}", page, StringComparison.Ordinal);
            foreach (Option option in verb.Options.Where(option => !option.Hidden && option.Name != "--help"))
            {
                Assert.Contains(option.Name, page, StringComparison.Ordinal);
            }
        }
    }

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
