using System.CommandLine;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Export;
using Differ.Diff.Findings;

namespace Differ.Cli;

/// <summary><c>differ export</c>: captures become tables for SQL.</summary>
internal sealed class ExportVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        Argument<string[]> inputs = Options.Inputs();
        inputs.Description = "Captures, runs of differ convert, folders of them";
        var parquet = new Option<string>("--parquet")
        {
            Description = "The folder for captures.parquet, vcpus.parquet, exits.parquet, events.parquet, findings.parquet, undecided.parquet, rules.parquet",
            HelpName = "FOLDER",
            Required = true,
        };
        var judging = new JudgingOptions();
        var command = new Command("export",
            "Write exits, events and findings as tables for SQL\n"
            + "Parquet files for DuckDB, Spark and others; docs/export.md describes every column. All captures go into the same files, and a file that "
            + "is there is replaced when all are complete. Exit status: 0 where every capture was written, whatever its verdict; 2 where one cannot be used.")
        {
            inputs, parquet,
        };
        judging.AddToQuestion(command);
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(inputs), words.GetRequiredValue(parquet), judging.Read(words, words.GetRequiredValue(inputs)), terminal, cancel)));
        return command;
    }

    private static int Run(string[] words, string folder, Judging how, Terminal terminal, CancellationToken cancel)
    {
        if (words.FirstOrDefault(RunInput.IsReadOnce) is { } pipe)
        {
            throw new UsageException($"{(pipe == RunInput.StandardInput ? "standard input" : pipe)} can be read only once, and what stands of a finding is known at the end; differ convert makes a file of it");
        }

        using var set = InputSet.Of(words, terminal, watched: false, cancel);
        using var output = ExportFolder.Open(folder, [.. words, .. how.Files], terminal);
        using var export = new ParquetExport(output.Create);
        int unread = 0;
        for (int number = 1; number <= set.All.Count; number++)
        {
            unread += IsWritten(set.All[number - 1], number, how, export, terminal, cancel) ? 0 : 1;
        }

        if (unread == set.All.Count)
        {
            return ExitStatus.Unusable;
        }

        export.Finish();
        output.Complete();
        return unread > 0 ? ExitStatus.Unusable : ExitStatus.Agrees;
    }

    // One capture that cannot be read must not hide what the others say.
    private static bool IsWritten(NamedInput named, int number, Judging how, ParquetExport export, Terminal terminal, CancellationToken cancel)
    {
        CheckedCapture capture;
        try
        {
            using RunInput first = named.Open();
            capture = CheckedCapture.Of(named.Name, named.File, how.Accepted.Apply(CheckVerb.Check(first, how.Policy, how.Cpu, cancel), terminal.Today));
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            terminal.Tell(UnusableInput.Line(named.Name, fault));
            export.Add(number, UnusableInput.Of(named.Name, named.File, fault));
            return false;
        }

        try
        {
            using RunInput again = named.Open();
            CheckVerb.Check(again, how.Policy, how.Cpu, cancel, watcher: null, _ => export.Add(number, capture, again.Texts));
            return true;
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            throw new InputException($"{UnusableInput.Line(named.Name, fault)} (it could be read before: did it change?); no table is written");
        }
    }
}
