using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Conform;
using Differ.Replay.Scenarios;

namespace Differ.Cli.Conform;

/// <summary>A scenario and the file it stands in.</summary>
/// <param name="Source">The file; of those that come with Differ the name alone.</param>
/// <param name="Scenario">The scenario.</param>
internal sealed record PlacedScenario(string Source, Scenario Scenario)
{
    /// <summary>Reads scenarios.</summary>
    /// <param name="paths">Files; none for the scenarios that come with Differ.</param>
    /// <param name="cases">Those that are made from the conditions of the rules, in place of the ones that come with Differ.</param>
    /// <param name="rules">Rules that they must be about; none for any.</param>
    /// <exception cref="InputException">A line is not understood, or none is about such a rule.</exception>
    public static IReadOnlyList<PlacedScenario> Read(IReadOnlyList<string> paths, bool cases, IReadOnlyList<string> rules)
    {
        IEnumerable<PlacedScenario> all = cases
            ? ScenarioSuite.ReadCases().Select(static scenario => new PlacedScenario(ScenarioSuite.Cases, scenario))
            : paths.Count == 0
            ? ScenarioSuite.Names.SelectMany(static name => ScenarioSuite.Read(name), static (name, scenario) => new PlacedScenario(name, scenario))
            : paths.SelectMany(ReadFile, static (path, scenario) => new PlacedScenario(path, scenario));
        PlacedScenario[] asked = [.. all.Where(one => rules.Count == 0 || one.Scenario.Rules.Intersect(rules).Any())];
        return asked.Length > 0 ? asked : throw new InputException($"no scenario is about {string.Join(", ", rules)}");
    }

    /// <summary>What came of it.</summary>
    public ScenarioResult Result(ScenarioVerdict verdict, string note, IReadOnlyList<StateDifference> differences) =>
        new(Scenario.Title, Source, Scenario.Line, Scenario.Rules, verdict, note, differences);

    private static IReadOnlyList<Scenario> ReadFile(string path)
    {
        try
        {
            using var text = new StringReader(DiskFile.ReadText(path));
            IReadOnlyList<Scenario> scenarios = ScenarioParser.Parse(text);

            // What the reference cannot run is told before a host is asked.
            foreach (Scenario scenario in scenarios)
            {
                ScenarioRun.Of(scenario);
            }

            return scenarios;
        }
        catch (ScenarioException problem)
        {
            throw new InputException($"{path}: {problem.Message}");
        }
    }
}
