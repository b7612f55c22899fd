using System.Text.RegularExpressions;
using Differ.Diff.Knowledge;
using Differ.Replay;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Diff.Knowledge;

public sealed partial class KnownBugsTests
{
    private static readonly string[] Catalogue = [.. RuleBook.Statements.Select(rule => rule.Id)];

    [Fact]
    public void A_bug_has_one_row() => Assert.Distinct(KnownBugs.All.Select(bug => bug.Id));

    [Fact]
    public void Every_rule_that_a_bug_breaks_is_in_the_catalogue() =>
        Assert.All(KnownBugs.All, bug => Assert.True(bug.Rules.Count > 0 && bug.Rules.All(Catalogue.Contains), bug.Id));

    [Fact]
    public void A_statement_is_one_sentence_of_its_own()
    {
        Assert.Distinct(KnownBugs.All.Select(bug => bug.Statement));
        Assert.All(KnownBugs.All, bug => Assert.Matches(@"^[^\n]{20,140}\.$", bug.Statement));
    }

    [Fact]
    public void A_bug_is_fixed_somewhere_or_not_at_all() => Assert.All(KnownBugs.All, bug =>
    {
        Assert.Equal(bug.State == BugState.Fixed, bug.FixedIn.Length > 0);
        Assert.Matches(@"^(\d+\.\d+(\.\d+)?( or \d+\.\d+)?(, |$))*$", bug.FixedIn);
        Assert.Matches(@"^([0-9a-f]{12}\??(, |$))*$", bug.Commits);
        Assert.Matches(@"^(CVE-\d{4}-\d+(, |$))*$", bug.Cve);
        Assert.Matches(@"^(\d+\.\d+)?$", bug.Introduced);
    });

    [Fact]
    public void A_history_tells_all_that_is_known() =>
        Assert.Equal("fixed in 7.1, 6.12.86, commit c36991c6f8d2, since 6.2, CVE-2026-46076", KnownBugs.All.Single(bug => bug.Id == "BUG-003").History);

    [ReferenceFact("bugs.md")]
    public void The_table_has_every_bug_of_the_document_with_its_rules_and_its_evidence()
    {
        IEnumerable<string> expected = File.ReadLines(Repository.Reference("bugs.md")!).Where(line => line.StartsWith("| BUG-", StringComparison.Ordinal))
            .Select(line => line.Split(" | "))
            .Select(columns => $"{columns[0].TrimStart('|', ' ')} {columns[6]} {string.Join(' ', Rule().Matches(columns[5]).Select(match => match.Groups[1].Value))}");
        Assert.Equal(expected, KnownBugs.All.Select(bug => $"{bug.Id} {Letter(bug.Visibility)} {string.Join(' ', bug.Rules)}"));
    }

    private static char Letter(Visibility visibility) => visibility switch
    {
        Visibility.Observable => 'O',
        Visibility.Partly => 'P',
        _ => 'N',
    };

    [GeneratedRegex("`(SVM-[^`]+)`")]
    private static partial Regex Rule();
}
