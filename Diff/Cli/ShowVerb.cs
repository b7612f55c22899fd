using System.CommandLine;
using System.Globalization;
using Differ.Capture;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.View;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ show</c>: the exits of a capture or run, each with what is said of it.</summary>
internal sealed class ShowVerb : IVerb
{
    private const string Text = "text", JsonLines = "jsonl", Csv = "csv";

    public Command Build(Terminal terminal)
    {
        Argument<string> input = Options.Input();
        var options = new ShowOptions();
        var counts = new Option<bool>("--counts") { Description = "Only how often each event occurs: name, tab, number" };
        var events = new Option<bool>("--events") { Description = "Every event with every field, one a line, as recorded" };
        var difference = new Option<string[]>("--difference")
        {
            Description = $"Where two moments differ, each MOMENT@EXIT, or MOMENT of --exit: {string.Join(", ", StatePrinter.Moments)}",
            HelpName = "MOMENT MOMENT",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string> format = Options.FormatOf([Text, JsonLines, Csv]);
        Option<string> color = Options.Color();
        var command = new Command("show",
            "Show exits with their verdicts, filtered\n"
            + "All filters given must hold. Numbers are decimal, or hexadecimal with 0x. Exit status: 1 where nothing matches.")
        {
            input,
        };
        options.AddTo(command);
        foreach (Option option in (Option[])[format, color, counts, events, difference])
        {
            command.Options.Add(option);
        }

        command.SetAction((words, cancel) =>
        {
            string path = words.GetRequiredValue(input);
            if (words.GetValue(counts) || words.GetValue(events))
            {
                ShowEvents(path, words.GetValue(counts), terminal, cancel);
                return Task.FromResult(ExitStatus.Agrees);
            }

            if (words.GetValue(difference) is { Length: 2 } moments)
            {
                StateDifferences.Show(path, options.Read(words).Filter, moments, terminal, cancel);
                return Task.FromResult(ExitStatus.Agrees);
            }

            return Task.FromResult(ShowExits(path, options.Read(words), words.GetRequiredValue(format), words.GetRequiredValue(color), terminal, cancel));
        });
        return command;
    }

    private static void ShowEvents(string path, bool counts, Terminal terminal, CancellationToken cancel)
    {
        using CaptureSession session = RunInput.OpenCapture(path, terminal);
        if (!counts)
        {
            session.DumpEvents(terminal.Output, cancel);
            return;
        }

        foreach ((string name, ulong count) in session.CountEvents(cancel))
        {
            terminal.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{name}\t{count}\n"));
        }
    }

    private static int ShowExits(string path, ShowRequest asked, string format, string color, Terminal terminal, CancellationToken cancel)
    {
        Ink ink = terminal.InkFor(color);
        DiffResult? known = RunInput.IsReadOnce(path) ? null : ReadWhole(path, terminal, cancel);
        if (known is null && asked.Filter.AsksStream)
        {
            // Which stream is which vCPU is known only at the end of a recording.
            throw new UsageException("--vcpu, --vm and --pid need a file: standard input and pipes cannot be read twice");
        }

        if (asked.Filter.AsksStream && known is not null && !known.Summary.Streams.Any(asked.Filter.HasStream))
        {
            throw new InputException($"{path} has no {asked.StreamWords}");
        }

        ExitSelection? selection = null;
        using RunInput input = RunInput.Open(path, terminal);
        CheckVerb.Check(input, Policy.Default, cpu: null, cancel, watcher: null, header => selection = Select(header, asked, known, ViewOf(format, header, input, asked, ink, terminal.Output)));
        if (selection is { Matched: 0 })
        {
            terminal.Tell($"no exit of {path} matches");
            return ExitStatus.Diverges;
        }

        return ExitStatus.Agrees;
    }

    private static ExitSelection Select(RunHeader header, ShowRequest asked, DiffResult? known, IExitView view)
    {
        ExitFilter filter = asked.FilterOf(header.ClockUnit == ClockUnit.Nanoseconds);
        view.Begin();
        return new ExitSelection(
            filter, asked.Context, asked.WithStates, known?.Summary.Streams.ToDictionary(stream => stream.Id), known?.Classes.Select(found => found.Fingerprint).ToHashSet(StringComparer.Ordinal), view);
    }

    private static IExitView ViewOf(string format, RunHeader header, RunInput input, ShowRequest asked, Ink ink, TextWriter output)
    {
        var printer = new ExitPrinter(header, input.Texts, asked.Symbols);
        return format switch
        {
            JsonLines => new JsonLinesView(printer, input.Texts, output),
            Csv => new CsvView(printer, output),
            _ => new TextView(printer, output, ink),
        };
    }

    // What stands is known at the end of a recording, and so are its vCPUs.
    private static DiffResult ReadWhole(string path, Terminal terminal, CancellationToken cancel)
    {
        using RunInput input = RunInput.Open(path, terminal);
        return CheckVerb.Check(input, Policy.Default, cpu: null, cancel);
    }
}
