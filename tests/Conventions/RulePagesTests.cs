using Differ.Replay;
using Differ.Tests.Support;

namespace Differ.Tests.Conventions;

/// <summary>docs/rules is made from the rule book: a page for each rule and an index. DIFFER_ACCEPT=1 writes them anew.</summary>
public sealed class RulePagesTests
{
    private static string Folder => Path.Combine("docs", "rules");

    [Fact]
    public void Each_rule_has_a_page_as_explain_writes_it()
    {
        Directory.CreateDirectory(Path.Combine(Repository.Root, Folder));
        Assert.All(RuleBook.Statements, rule => Golden.IsKept(Path.Combine(Folder, $"{rule.Id}.md"), Output("explain", rule.Id, "--format", "markdown")));
    }

    [Fact]
    public void The_index_leads_to_every_page_and_there_is_no_other()
    {
        Golden.IsKept(Path.Combine(Folder, "README.md"), Output("rules", "--format", "markdown"));
        string index = File.ReadAllText(Path.Combine(Repository.Root, Folder, "README.md"));
        Assert.All(RuleBook.Statements, rule => Assert.Contains($"| [{rule.Id}]({rule.Id}.md) |", index, StringComparison.Ordinal));
        Assert.Equal(
            RuleBook.Statements.Select(rule => $"{rule.Id}.md").Append("README.md").Order(StringComparer.Ordinal),
            Directory.EnumerateFiles(Path.Combine(Repository.Root, Folder)).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Coverage_has_no_index() => Assert.Equal(
        "differ: --coverage is written as text, json, csv, not as markdown\n",
        CommandLine.Run("rules", "--format", "markdown", "--coverage", Fixture.Capture("svme-unchecked")).Errors);

    private static string Output(params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        return result.Output;
    }
}
