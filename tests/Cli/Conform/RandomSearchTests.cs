using Differ.Cli;
using Differ.Cli.Conform;
using Differ.Diff.Conform;
using Differ.Replay;
using Differ.Replay.Scenarios.Generation;
using Differ.Tests.Support;

namespace Differ.Tests.Cli.Conform;

/// <summary>The search for scenarios that diverge, without a KVM: against the reference's own rules, and against hosts that are made up.</summary>
public sealed class RandomSearchTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_processor_of_the_reference_keeps_its_rules_in_scenarios_that_nobody_wrote(int seed)
    {
        var generator = new ScenarioGenerator(seed);
        using var judge = new ModelJudge();
        var kept = new List<ScenarioText>();
        var coverage = new ReferenceCoverage();
        for (int i = 0; i < 500; i++)
        {
            ScenarioText text = generator.Next(kept);
            ScenarioResult result = await judge.Judge(text, default);
            Assert.True(result.Verdict is ScenarioVerdict.Agrees or ScenarioVerdict.Undefined, $"{string.Join('\n', result.Differences)}\n{text.Write("this")}");
            if (result.Verdict == ScenarioVerdict.Agrees && coverage.Add(text))
            {
                kept.Add(text);
            }
        }

        Assert.True(coverage.Rules.Count > 60, $"{coverage.Rules.Count}");
    }

    [Fact]
    public async Task The_processor_of_the_reference_keeps_its_rules_whatever_bit_of_vmcb12_is_flipped()
    {
        using var judge = new ModelJudge();
        foreach (ScenarioText text in ScenarioGenerator.Singles().Where(static (_, i) => i % 7 == 0))
        {
            ScenarioResult result = await judge.Judge(text, default);
            Assert.True(result.Verdict is ScenarioVerdict.Agrees or ScenarioVerdict.Undefined, $"{string.Join('\n', result.Differences)}\n{text.Write("this")}");
        }
    }

    // A host that departs where vmcb12 has NP_ENABLE clear: the one setting that is left is the one that matters, in one bit.
    [Fact]
    public async Task What_diverges_is_made_as_small_as_it_gets()
    {
        GeneratedResults results = await new RandomSearch(1, static () => new MadeUpHost(static text =>
            text.Setup.Any(static line => line.StartsWith("vmcb12 nestedcontrol=", StringComparison.Ordinal) && StartingState.Read(line) is { } read && (read.Value & 1) == 0)))
            .Run(1, Long, 1500, null, default);
        ScenarioResult found = Assert.Single(results.Found);
        Assert.Equal(["vmcb12 nestedcontrol=0x0", "L1:", "L2:"], found.Text!.Split('\n', StringSplitOptions.RemoveEmptyEntries)[2..].Select(static line => line.Trim()));
        Assert.All(found.Rules, static rule => Assert.Contains(RuleBook.Statements, statement => statement.Id == rule));
    }

    [Fact]
    public async Task A_host_that_agrees_is_told_so_with_what_was_run()
    {
        GeneratedResults results = await new RandomSearch(5, static () => new MadeUpHost(static _ => false)).Run(2, Long, 100, null, default);
        Assert.Empty(results.Found);
        Assert.Equal(results.Count, results.Counts[ScenarioVerdict.Agrees]);
        Assert.InRange(results.Count, 100, 101);
    }

    [Fact]
    public async Task What_is_found_lies_in_the_folder_as_a_text_that_can_be_run()
    {
        using var scratch = new Scratch();
        string folder = scratch["found"];
        FoundScenarios found = FoundScenarios.Open(folder)!;
        GeneratedResults results = await new RandomSearch(1, static () => new MadeUpHost(static text => text.Setup.Any(static line => line.StartsWith("vmcb12 iopmbasepa=", StringComparison.Ordinal))))
            .Run(1, Long, 1500, null, default);
        found.Write(new ConformReport("7.3.4", "", false, results.Found, RuleBook.Statements.ToDictionary(static rule => rule.Id)) { Generated = results });
        string path = Assert.Single(Directory.GetFiles(folder));
        Assert.Contains("# rip: the manual has 0x1, KVM 0x2", File.ReadAllText(path), StringComparison.Ordinal);
        CommandResult again = CommandLine.Run("model", path);
        Assert.Equal((0, ""), (again.Status, again.Errors));
    }

    [Fact]
    public void The_reference_alone_needs_no_KVM()
    {
        CommandResult result = CommandLine.Run("conform", "--random", "--on", "model", "--seed", "4", "--most", "50");
        Assert.Equal((0, ""), (result.Status, result.Errors));
        Assert.StartsWith("conforms: none of 5", result.Output, StringComparison.Ordinal);
        Assert.Contains("with seed 4", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--seed goes with --random", "conform", "--seed", "1")]
    [InlineData("--out goes with --random", "conform", "--out", "x")]
    [InlineData("--random makes scenarios of its own", "conform", "--random", "--rule", "SVM-15.20-INJ-TYPE")]
    [InlineData("--for soon is no time", "conform", "--random", "--on", "model", "--for", "soon")]
    public void Options_that_do_not_go_together_are_told(string says, params string[] words)
    {
        CommandResult result = CommandLine.Run(words);
        Assert.Equal((64, ""), (result.Status, result.Output));
        Assert.Contains(says, result.Errors, StringComparison.Ordinal);
    }

    private sealed class MadeUpHost(Func<ScenarioText, bool> departs) : IScenarioJudge
    {
        public Task<ScenarioResult> Judge(ScenarioText text, CancellationToken cancel)
        {
            var asked = new PlacedScenario("generated", text.Parse());
            return Task.FromResult(departs(text) ? asked.Result(ScenarioVerdict.Departs, "", [new StateDifference("rip", "0x1", "0x2")]) : asked.Result(ScenarioVerdict.Agrees, "", []));
        }

        public void Dispose()
        {
            // It holds nothing.
        }
    }
}
