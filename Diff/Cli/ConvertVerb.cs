using System.CommandLine;
using Differ.Capture;
using Differ.Cli.Config;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ convert</c>: a capture becomes a run file.</summary>
internal sealed class ConvertVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var input = new Argument<string>("capture") { Description = "A capture; - for standard input" };
        Option<string?> output = Options.Output("the capture's name with .difr");
        var command = new Command("convert", "Convert a capture into a run file (.difr)") { input, output };
        command.SetAction((words, cancel) => Task.FromResult(Run(words.GetRequiredValue(input), words.GetValue(output), terminal, cancel)));
        return command;
    }

    private static int Run(string path, string? output, Terminal terminal, CancellationToken cancel)
    {
        using CaptureSession session = RunInput.OpenCapture(path, terminal);
        output ??= Options.Beside(path, ".difr");
        terminal.RefuseBinary(output);
        using OutputFile file = OutputFile.Create(output, [path], terminal);
        using var writer = new RunWriter(file.Stream, session.Header, session.Texts);
        RunSummary summary = session.ReadExits(writer, terminal.Progress, cancel);
        terminal.ClearProgress();
        writer.Finish(summary);
        file.Complete();
        return ExitStatus.Agrees;
    }
}
