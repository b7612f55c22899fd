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
        Option<int> jobs = Jobs.Option();
        var judging = new JudgingOptions();
        var command = new Command("export",
            "Write exits, events and findings as tables for SQL\n"
            + "Parquet files for DuckDB, Spark and others; docs/export.md describes every column. All captures go into the same files, and a file that "
            + "is there is replaced when all are complete. Exit status: 0 where every capture was written, whatever its verdict; 2 where one cannot be used.")
        {
            inputs, parquet, jobs,
        };
        judging.AddToQuestion(command);
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(inputs), words.GetRequiredValue(parquet), words.GetValue(jobs), judging.Read(words, words.GetRequiredValue(inputs)), terminal, cancel)));
        return command;
    }

    private static int Run(string[] words, string folder, int jobs, Judging how, Terminal terminal, CancellationToken cancel)
    {
        if (words.FirstOrDefault(RunInput.IsReadOnce) is { } pipe)
        {
            throw new UsageException($"{(pipe == RunInput.StandardInput ? "standard input" : pipe)} can be read only once, and what stands of a finding is known at the end; differ convert makes a file of it");
        }

        using var set = InputSet.Of(words, terminal, watched: false, cancel);
        using var output = ExportFolder.Open(folder, [.. words, .. how.Files], terminal);
        using var export = new ParquetExport(output.Create);
        int number = 0, unread = 0;
        Terminal quiet = terminal.Quiet();

        // What stands of a finding is known at the end: each capture is read twice, and other captures meanwhile for the first time.
        Jobs.InOrder(set.All, jobs, (named, _, stop) => Check(named, how, jobs == 1 ? terminal : quiet, stop), one =>
        {
            unread += IsWritten(one, ++number, how, export, terminal, cancel) ? 0 : 1;
        }, cancel, ahead: jobs + 1);
        if (unread == set.All.Count)
        {
            return ExitStatus.Unusable;
        }

        export.Finish();
        output.Complete();
        return unread > 0 ? ExitStatus.Unusable : ExitStatus.Agrees;
    }

    // One capture that cannot be read must not hide what the others say.
    private static (NamedInput Named, CheckedCapture? Capture, Exception? Fault) Check(NamedInput named, Judging how, Terminal terminal, CancellationToken cancel)
    {
        try
        {
            using RunInput first = named.Open(terminal);
            return (named, CheckedCapture.Of(named.Name, named.File, how.Accepted.Apply(CheckVerb.Check(first, how.Policy, how.Cpu, cancel), terminal.Today)), null);
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            return (named, null, fault);
        }
    }

    private static bool IsWritten(
        (NamedInput Named, CheckedCapture? Capture, Exception? Fault) one, int number, Judging how, ParquetExport export, Terminal terminal, CancellationToken cancel)
    {
        NamedInput named = one.Named;
        if (one.Fault is not null)
        {
            terminal.Tell(UnusableInput.Line(named.Name, one.Fault));
            export.Add(number, UnusableInput.Of(named.Name, named.File, one.Fault));
            return false;
        }

        try
        {
            using RunInput again = named.Open(terminal);
            CheckVerb.Check(again, how.Policy, how.Cpu, cancel, watcher: null, _ => export.Add(number, one.Capture!, again.Texts));
            return true;
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            throw new InputException($"{UnusableInput.Line(named.Name, fault)} (it could be read before: did it change?); no table is written");
        }
    }
}
