using System.Text.RegularExpressions;
using Differ.Diff.Results;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Generation;

namespace Differ.Cli.Conform;

/// <summary>What generated scenarios showed on the reference: which rules they decided, and what happened in them.</summary>
internal sealed partial class ReferenceCoverage
{
    private static readonly ScenarioText Plain = new(["intercept VMMCALL"], ["vmrun"], ["vmmcall"]);

    private static readonly Lazy<HashSet<string>> DecidedByPlain = new(static () => [.. Decided(RecordedScenario.Judge(Plain.Parse()).Judged)]);

    private readonly HashSet<string> _shown = new(StringComparer.Ordinal);

    /// <summary>The rules that were decided.</summary>
    public HashSet<string> Rules { get; } = new(StringComparer.Ordinal);

    /// <summary>Takes a scenario in.</summary>
    /// <returns>Whether it showed something that none before did.</returns>
    /// <exception cref="ScenarioException">The reference cannot run it.</exception>
    public bool Add(ScenarioText text)
    {
        (ScenarioRun run, DiffResult judged) = RecordedScenario.Judge(text.Parse());
        bool isNew = false;
        foreach (string rule in Decided(judged))
        {
            isNew |= Rules.Add(rule);
        }

        foreach (string happened in run.Events)
        {
            isNew |= _shown.Add(AnyNumber().Replace(happened, "N"));
        }

        return isNew;
    }

    /// <summary>The rules that a scenario is about: those that it decides and a plain run of L2 does not, the gravest first; all that it decides where there is none.</summary>
    public static IReadOnlyList<string> RulesOf(ScenarioText text)
    {
        DiffResult judged = RecordedScenario.Judge(text.Parse()).Judged;
        string[] decided = [.. judged.Rules.OrderByDescending(static count => count.Rule.Severity).Where(static count => count.Decided > 0).Select(static count => count.Rule.Id)];
        string[] own = [.. decided.Where(static rule => !DecidedByPlain.Value.Contains(rule))];
        return own.Length > 0 ? own : decided;
    }

    private static IEnumerable<string> Decided(DiffResult judged) => judged.Rules.Where(static count => count.Decided > 0).Select(static count => count.Rule.Id);

    [GeneratedRegex("0x[0-9a-f]+")]
    private static partial Regex AnyNumber();
}
