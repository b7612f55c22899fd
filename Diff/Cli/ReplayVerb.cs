using System.CommandLine;
using Differ.Cli.Config;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ replay</c>: a recorded run becomes a computed one.</summary>
internal sealed class ReplayVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var input = new Argument<string>("run") { Description = "A run that differ convert made; - for standard input" };
        Option<string?> output = Options.Output("the run's name with .model.difr");
        Option<string?> cpu = Options.Cpu();
        var command = new Command("replay", "Compute what the manual allows at every exit of a run") { input, output, cpu };
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(input), words.GetValue(output), Options.ReadCpu(words.GetValue(cpu)), terminal, cancel)));
        return command;
    }

    private static int Run(string path, string? output, CpuDescription? cpu, Terminal terminal, CancellationToken cancel)
    {
        using RunReader reader = RunReader.Open(RunInput.OpenRun(path, terminal));
        output ??= Options.Beside(path, ".model.difr");
        terminal.RefuseBinary(output);
        using OutputFile file = OutputFile.Create(output, [path], terminal);
        RunHeader header = reader.Header with { Origin = RunOrigin.Computed, Rules = RuleBook.Statements };
        using var writer = new RunWriter(file.Stream, header, reader.Texts);
        var replayer = new Replayer(reader.Header, reader.Texts, writer, cpu);
        RunSummary summary = reader.ReadExits(replayer, cancel);
        writer.Finish(summary with { Notes = [.. summary.Notes, .. replayer.Notes] });
        file.Complete();
        return ExitStatus.Agrees;
    }
}
