using System.CommandLine;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Statistics;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ stats</c>: how often a guest exits for which reason, and what it costs.</summary>
internal sealed class StatsVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        Argument<string> input = Options.Input();
        var other = new Argument<string?>("test") { Description = "A second one, shown beside the first with the ratio", Arity = ArgumentArity.ZeroOrOne };
        Option<string> format = Options.FormatOf(StatsFormats.All.Select(one => one.Name));
        var command = new Command("stats",
            "Count and time exits, by reason and level\n"
            + "Times are those of the recording's clock: ticks where the clock is a counter. Handling is all from the #VMEXIT to the next entry, "
            + "waiting in the VMM and in HLT included.")
        {
            input, other, format,
        };
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(input), words.GetValue(other), StatsFormats.All.First(one => one.Name == words.GetRequiredValue(format)), terminal, cancel)));
        return command;
    }

    private static int Run(string input, string? other, IStatsFormat format, Terminal terminal, CancellationToken cancel)
    {
        StatsResult stats = InputException.Naming(input, () => Read(input, terminal, cancel));
        if (other is null)
        {
            format.Write(stats, terminal.Output);
        }
        else
        {
            format.Write(new StatsPair(stats, InputException.Naming(other, () => Read(other, terminal, cancel))), terminal.Output);
        }

        return ExitStatus.Agrees;
    }

    private static StatsResult Read(string path, Terminal terminal, CancellationToken cancel)
    {
        using RunInput input = RunInput.Open(path, terminal);
        var statistics = new ExitStatistics();
        RunSummary summary = input.Read(statistics, cancel);
        return statistics.Finish(input.Header, summary);
    }
}
