using System.CommandLine;
using Differ.Capture.Disk;
using Differ.Cli.Conform;
using Differ.Cli.Faults;
using Differ.Diff.Results;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ model</c>: asks the reference alone what the manual says happens.</summary>
internal sealed class ModelVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var path = new Argument<string>("scenario") { Description = "A file with scenarios; - for standard input" };
        var command = new Command("model",
            "Run scenarios on the reference alone, without a recording\n"
            + "A scenario names a machine, a program and what is expected; docs/scenarios.md describes them. Exit status: 1 when something comes out otherwise.")
        {
            path,
        };
        command.SetAction((words, _) => Task.FromResult(Run(words.GetRequiredValue(path), terminal)));
        return command;
    }

    private static int Run(string path, Terminal terminal)
    {
        IReadOnlyList<Scenario> scenarios;
        try
        {
            using var text = new StringReader(path == RunInput.StandardInput ? DiskFile.ReadText(terminal.Input, "standard input") : DiskFile.ReadText(path));
            scenarios = ScenarioParser.Parse(text);
        }
        catch (ScenarioException problem)
        {
            throw new InputException($"{path}: {problem.Message}");
        }

        int surprises = 0;
        foreach (Scenario scenario in scenarios)
        {
            surprises += Show(path, scenario, terminal.Output);
        }

        string amount = scenarios.Count == 1 ? "1 scenario" : $"{scenarios.Count} scenarios";
        terminal.Output.Write(surprises == 0 ? $"{amount} passed\n" : $"{surprises} of {amount} failed\n");
        return surprises == 0 ? ExitStatus.Agrees : ExitStatus.Diverges;
    }

    private static int Show(string path, Scenario scenario, TextWriter output)
    {
        try
        {
            (ScenarioRun run, DiffResult judged) = RecordedScenario.Judge(scenario);
            output.Write($"{PlainText.Of(scenario.Title)}\n");
            foreach (string happened in run.Events)
            {
                output.Write($"  {PlainText.Of(happened)}\n");
            }

            if (run.OpenBecause is { } reason)
            {
                output.Write($"  UNDEFINED {PlainText.Of(reason)}\n");
            }

            foreach (string surprise in run.Surprises)
            {
                output.Write($"  FAILED {PlainText.Of(surprise)}\n");
            }

            DivergenceClass[] broken = [.. judged.Divergences, .. judged.Likely];
            foreach (DivergenceClass found in broken)
            {
                output.Write($"  FAILED rule {found.Rule.Id} diverges: recorded {string.Join("; ", found.First.Recorded.Select(static part => part.Text))}, expected {string.Join(", or ", found.First.Expected)}\n");
            }

            return run.Surprises.Count > 0 || broken.Length > 0 ? 1 : 0;
        }
        catch (ScenarioException problem)
        {
            throw new InputException($"{path}: {problem.Message}");
        }
    }
}
