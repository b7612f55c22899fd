using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Replay.Scenarios;
using Differ.Schemas.Run;

namespace Differ.Cli.Conform;

/// <summary>A scenario's run, recorded and held against the rules: the model and the rules must agree.</summary>
internal static class RecordedScenario
{
    public static (ScenarioRun Run, DiffResult Judged) Judge(Scenario scenario)
    {
        var texts = new TextTable();
        var header = new RunHeader
        {
            Listed = new TracepointSet(ulong.MaxValue),
            ListIsSelective = true,
            NamesFailedChecks = true,
            ShowsReinjection = true,
        };
        var comparison = new Comparison(header, RuleBook.Statements, texts);
        var replayer = new Replayer(header, texts, comparison);
        var recorder = new ModelRecorder(replayer, texts);
        ScenarioRun run = ScenarioRun.Of(scenario, recorder);
        DiffResult judged = comparison.Finish(new RunSummary { ListIsSelective = true, Seen = new TracepointSet(ulong.MaxValue) });
        return (run, judged);
    }
}
