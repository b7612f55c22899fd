using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Replay.Redaction;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ redact</c>: a recording becomes a run that can be sent, with other addresses, names and values, of which the check says the same.</summary>
internal sealed class RedactVerb : IVerb
{
    // Two addresses whose distance matters come apart where a map happens to start between them: another secret starts elsewhere.
    private const int Attempts = 4, KeySize = 32;

    public Command Build(Terminal terminal)
    {
        Argument<string> input = Options.Input();
        Option<string?> output = Options.Output("the capture's name with .redacted.difr");
        var key = new Option<string?>("--key") { Description = "A secret text: captures that are redacted with the same one have the same addresses for the same ones [a new secret]" };
        var command = new Command("redact",
            "Make a run file (.difr) of a recording that can be sent\n"
            + "Addresses, names and what the guest read and wrote are others, the same for the same. It holds what the check needs and nothing else; that the check says the same of it is checked before it is written.")
        {
            input, output, key,
        };
        command.SetAction((words, cancel) => Task.FromResult(Run(words.GetRequiredValue(input), words.GetValue(output), words.GetValue(key), terminal, cancel)));
        return command;
    }

    private static int Run(string path, string? output, string? key, Terminal terminal, CancellationToken cancel)
    {
        output ??= Options.Beside(path, ".redacted.difr");
        terminal.RefuseBinary(output);
        bool isTriedOnce = key is not null || RunInput.IsReadOnce(path) || output == RunInput.StandardInput;
        for (int attempt = 0; attempt < (isTriedOnce ? 1 : Attempts); attempt++)
        {
            byte[] secret = key is null ? RandomNumberGenerator.GetBytes(KeySize) : Encoding.UTF8.GetBytes(key);
            if (TryWrite(path, output, secret, terminal, cancel))
            {
                return ExitStatus.Agrees;
            }
        }

        throw new InputException($"{path} is judged otherwise once it is redacted, so nothing was written; {(isTriedOnce ? "try again with another --key" : "send it as it is, or the report of differ check alone")}");
    }

    private static bool TryWrite(string path, string output, byte[] secret, Terminal terminal, CancellationToken cancel)
    {
        using RunInput input = RunInput.Open(path, terminal);
        using OutputFile file = OutputFile.Create(output, [path], terminal);
        using var run = new MemoryStream();
        RunHeader header = Redactor.Of(input.Header);
        using var writer = new RunWriter(output == RunInput.StandardInput ? run : file.Stream, header, input.Texts);
        Comparison before = CompareTo(input.Header, input.Texts), after = CompareTo(header, input.Texts);
        var redactor = new Redactor(secret, new Both(writer, new Replayer(header, input.Texts, after)));
        RunSummary summary = input.Read(new Both(new Replayer(input.Header, input.Texts, before), redactor), cancel), redacted = Redactor.Of(summary);
        string said = Said(before.Finish(summary));
        if (said != Said(after.Finish(redacted)))
        {
            return false;
        }

        writer.Finish(redacted);
        run.WriteTo(file.Stream);
        file.Complete();
        terminal.Tell($"{output}: {said.Split('\n')[0]}, as before");
        return true;
    }

    private static Comparison CompareTo(RunHeader header, TextTable texts) => new(header, RuleBook.Statements, texts) { Alone = new LoneReplay(header, texts) };

    // What a check says, but for places and values.
    private static string Said(DiffResult result) => string.Join('\n',
        result.Classes.Select(static one => $"{one.Fingerprint} {one.Count} {one.IsLikely} {one.Assumed} {one.Known is not null}")
            .Concat(result.Undecided.Select(static one => $"{one.Missing.Name} {one.Exits}"))
            .Concat(result.Rules.Select(static count => $"{count.Rule.Id} {count.Conforms} {count.Undecided} {count.Departs} {count.Likely}"))
            .Prepend(result.Verdict.Word));

    private sealed class Both(IExitSink one, IExitSink other) : IExitSink
    {
        public void Take(in ExitRecord record)
        {
            one.Take(record);
            other.Take(record);
        }
    }
}
