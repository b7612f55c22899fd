using Differ.Cli.Conform;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.Scenarios;

/// <summary>The scenarios beside this file are the readable specification of the reference: each runs, and the rules agree with it.</summary>
public sealed class ScenarioTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "Replay", "Scenarios", "Suite");

    /// <summary>Rules that no behaviour of a processor shows, with the reason.</summary>
    private static readonly Dictionary<string, string> NotShown = new()
    {
        ["SVM-L-SMM-RECHECK"] = "only a hypervisor reads vmcb12 again at RSM; a processor holds the guest",
        ["SVM-L-PF-L0-ASYNC"] = "page faults of the host's own paging do not exist for a guest",
        ["SVM-L-ERR-L0"] = "an L1 that cannot be entered is a fault of L0's own",
        ["SVM-L-HV-TLBFLUSH"] = "the hypercalls of Hyper-V are not part of the manual",
    };

    public static TheoryData<char> Groups => [.. RuleGroup.All.Select(static group => group.Letter)];

    public static TheoryData<string, string> Titles
    {
        get
        {
            var titles = new TheoryData<string, string>();
            foreach (string path in Files)
            {
                foreach (Scenario scenario in Read(path))
                {
                    titles.Add(Path.GetFileName(path), scenario.Title);
                }
            }

            return titles;
        }
    }

    private static IEnumerable<string> Files => Directory.EnumerateFiles(Folder, "*.txt").Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Titles))]
    public void A_scenario_comes_out_as_it_says_and_breaks_no_rule(string file, string title)
    {
        Scenario scenario = Read(Path.Combine(Folder, file)).Single(found => found.Title == title);
        (ScenarioRun run, DiffResult judged) = RecordedScenario.Judge(scenario);
        Assert.Empty(run.Surprises);
        Assert.Empty(judged.Divergences.Select(static found => $"{found.Rule.Id}: recorded {string.Join("; ", found.First.Recorded)}, expected {string.Join(", or ", found.First.Expected)}"));
    }

    [Theory]
    [MemberData(nameof(Groups))]
    public void Every_rule_of_a_group_has_a_scenario(char group)
    {
        HashSet<string> shown = [.. Files.SelectMany(Read).SelectMany(static scenario => scenario.Rules)];
        Assert.DoesNotContain(RuleBook.Statements.Where(rule => rule.Group == group).Select(static rule => rule.Id), id => shown.Contains(id) == NotShown.ContainsKey(id));
    }

    [Fact]
    public void Every_scenario_names_a_rule_and_expects_something()
    {
        Assert.All(Files.SelectMany(Read), static scenario => Assert.True(scenario.Rules.Count > 0 && scenario.Expectations.Count > 0, scenario.Title));
    }

    [Fact]
    public void Titles_are_different()
    {
        Assert.Empty(Files.SelectMany(path => Read(path).GroupBy(static scenario => scenario.Title).Where(static same => same.Count() > 1).Select(static same => same.Key)));
    }

    private static IReadOnlyList<Scenario> Read(string path)
    {
        using StreamReader text = File.OpenText(path);
        return ScenarioParser.Parse(text);
    }
}
