using System.CommandLine;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Report.Rules;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ rules</c>: the rule book, and how far recordings exercise it.</summary>
internal sealed class RulesVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var id = new Argument<string?>("rule") { Description = "A rule's id shows it in full; another word, as VMMCALL, lists the rules that have it", Arity = ArgumentArity.ZeroOrOne };
        id.CompletionSources.Add(static _ => Options.RuleIds);
        var coverage = new Option<string[]>("--coverage")
        {
            Description = "How often captures, runs and folders of them exercise each rule, and with what outcome",
            HelpName = "CAPTURE...",
            AllowMultipleArgumentsPerToken = true,
        };
        Option<string> format = Options.Format(ReportFormats.RuleLists);
        Option<string> color = Options.Color();
        Option<string?> cpu = Options.Cpu();
        Option<int> jobs = Jobs.Option();
        var command = new Command("rules", "List, search or show rules, or how recordings exercise them") { id, coverage, format, color, cpu, jobs };
        command.SetAction((words, cancel) => Task.FromResult(words.GetValue(coverage) is { Length: > 0 } paths
            ? Cover(
                words.GetValue(id), paths, CoverageFormat(words.GetRequiredValue(format)), words.GetRequiredValue(color),
                Options.ReadCpu(words.GetValue(cpu)), words.GetValue(jobs), terminal, cancel)
            : Print(words.GetValue(id), ReportFormats.RuleLists.First(row => row.Name == words.GetRequiredValue(format)), terminal)));
        return command;
    }

    /// <summary>The rule with an id.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static RuleInfo Find(string id) =>
        TryFind(id) ?? throw new UsageException($"there is no rule {id}; nearest are {string.Join(", ", NearestNames.To(id, RuleBook.Statements.Select(rule => rule.Id)))}");

    /// <summary>The rule with an id; null when there is none.</summary>
    public static RuleInfo? TryFind(string id) => RuleBook.Statements.FirstOrDefault(rule => string.Equals(rule.Id, id, StringComparison.OrdinalIgnoreCase));

    private static int Print(string? asked, IFormat<IReadOnlyList<RuleInfo>> format, Terminal terminal)
    {
        if (asked is not null && TryFind(asked) is { } one && format.Name == ReportFormats.UsualName)
        {
            RuleText.Write(one, terminal.Output);
            return ExitStatus.Agrees;
        }

        IReadOnlyList<RuleInfo> rules = asked is null ? RuleBook.Statements : Matching(asked);
        if (rules.Count == 0)
        {
            Find(asked!);
        }

        format.Write(rules, terminal.Output, Ink.None);
        return ExitStatus.Agrees;
    }

    // An id stands for that rule alone, though others may begin with it.
    private static IReadOnlyList<RuleInfo> Matching(string asked) => TryFind(asked) is { } one ? [one]
        : [.. RuleBook.Statements.Where(rule => new[] { rule.Id, rule.Statement, rule.Citation }.Any(text => text.Contains(asked, StringComparison.OrdinalIgnoreCase)))];

    private static IFormat<Coverage> CoverageFormat(string name) => ReportFormats.Coverages.FirstOrDefault(row => row.Name == name)
        ?? throw new UsageException($"--coverage is written as {string.Join(", ", ReportFormats.Coverages.Select(row => row.Name))}, not as {name}");

    private static int Cover(
        string? id, IReadOnlyList<string> paths, IFormat<Coverage> format, string color, CpuDescription? cpu, int jobs, Terminal terminal, CancellationToken cancel)
    {
        if (id is not null)
        {
            throw new UsageException($"--coverage is about all rules; leave out {id}");
        }

        var counts = new List<IReadOnlyList<RuleCount>>();
        int unread = 0;
        using var inputs = InputSet.Of(paths, terminal, watched: false, cancel);
        Terminal quiet = terminal.Quiet();
        jobs = paths.Any(RunInput.IsReadOnce) ? 1 : jobs;
        Jobs.InOrder(inputs.All, jobs, (named, _, stop) => Count(named, cpu, inputs.All.Count > 1, jobs == 1 ? terminal : quiet, stop), one =>
        {
            if (one.Fault is not null)
            {
                terminal.Tell($"not read: {one.Name}: {one.Fault.Message}");
                unread++;
            }
            else
            {
                counts.Add(one.Counts!);
            }
        }, cancel);
        format.Write(Coverage.Of(RuleBook.Statements, counts, unread), terminal.Output, terminal.InkFor(color));
        return ExitStatus.Agrees;
    }

    // The user named the folder, not the file: the others count.
    private static (string Name, IReadOnlyList<RuleCount>? Counts, Exception? Fault) Count(NamedInput named, CpuDescription? cpu, bool isOneOfMany, Terminal terminal, CancellationToken cancel)
    {
        try
        {
            using RunInput input = named.Open(terminal);
            return (named.Name, CheckVerb.Check(input, Policy.Default, cpu, cancel).Rules, null);
        }
        catch (Exception fault) when (UnusableInput.Is(fault) && isOneOfMany)
        {
            return (named.Name, null, fault);
        }
    }
}
