using Differ.Replay.Scenarios;
using Differ.Tests.Support;

namespace Differ.Tests.Replay.Scenarios;

/// <summary>What docs/discoveries.md says of KVM is said of scenarios: on the reference they come out as the page has them.</summary>
public sealed class DiscoveryTests
{
    private const int MostLines = 14;

    [Fact]
    public void The_scenarios_of_the_discoveries_are_short_and_come_out_as_they_say()
    {
        string[] indented = [.. File.ReadLines(Path.Combine(Repository.Root, "docs", "discoveries.md")).Where(static line => line.StartsWith("    ", StringComparison.Ordinal)).Select(static line => line[4..])];
        using var text = new StringReader(string.Join('\n', indented));
        IReadOnlyList<Scenario> scenarios = ScenarioParser.Parse(text);
        Assert.True(scenarios.Count >= 10);
        Assert.All(scenarios, static scenario =>
        {
            Assert.Empty(ScenarioRun.Of(scenario).Surprises);
            Assert.InRange(scenario.L1.Count + scenario.L2.Count + scenario.Setup.Count, 1, MostLines);
        });
    }
}
