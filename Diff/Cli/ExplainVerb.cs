using System.CommandLine;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Knowledge;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ explain</c>: all there is to say about a rule or a finding.</summary>
internal sealed class ExplainVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var what = new Argument<string>("what") { Description = "A rule's id, a diagnostic as DIF0124, or with --in the fingerprint of a finding" };
        what.CompletionSources.Add(static _ => Options.RuleIds);
        var recording = new Option<string?>("--in") { Description = "A capture, a run or a JSON report; - for a capture or run on standard input", HelpName = "FILE" };
        Option<string> format = Options.Format(ReportFormats.Explanations);
        Option<string> color = Options.Color();
        Option<string?> cpu = Options.Cpu();
        var command = new Command(
            "explain", "Explain a rule, a finding or a diagnostic\nWhat the manual says, which function of KVM decides it, known bugs, and what to record to decide it.")
        {
            what, recording, format, color, cpu,
        };
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(what), words.GetValue(recording), ReportFormats.Explanations.First(row => row.Name == words.GetRequiredValue(format)),
            words.GetRequiredValue(color), Options.ReadCpu(words.GetValue(cpu)), terminal, cancel)));
        return command;
    }

    private static int Run(
        string what, string? path, IFormat<Explanation> format, string color, CpuDescription? cpu, Terminal terminal, CancellationToken cancel)
    {
        if (Diagnostics.IsNumber(what))
        {
            string meaning = Diagnostics.MeaningOf(what) ?? throw new UsageException($"there is no diagnostic {what.ToUpperInvariant()}; docs/diagnostics.md lists them");
            terminal.Output.Write($"{what.ToUpperInvariant()}\n  {meaning}\n");
            return ExitStatus.Agrees;
        }

        bool isFingerprint = Fingerprint.Is(what);
        if (isFingerprint && path is null)
        {
            throw new UsageException($"{what} is a fingerprint: name with --in the capture, run or JSON report it is from");
        }

        // A wrong name is told before a long recording is read.
        RuleInfo? rule = isFingerprint ? null : RulesVerb.Find(what);
        (DiffResult? result, bool isReport) = path is null ? (null, false) : Read(path, cpu, terminal, cancel);
        rule ??= RuleOf(what, path!, result!);
        Explanation explanation = Explanation.Of(rule, RuleNeeds.Of(rule.Id), RuleNeeds.ReadsOf(rule.Id), result, isFingerprint ? what : null, isReport ? null : path);
        format.Write(explanation, terminal.Output, terminal.InkFor(color));
        return ExitStatus.Agrees;
    }

    private static RuleInfo RuleOf(string fingerprint, string path, DiffResult result)
    {
        IReadOnlyList<DivergenceClass> all = [.. result.Classes];
        return all.FirstOrDefault(found => found.Fingerprint == fingerprint)?.Rule ?? throw new InputException(
            all.Count == 0 ? $"{path} has no finding {fingerprint}; it has none at all"
                : $"{path} has no finding {fingerprint}; nearest are {string.Join(", ", NearestNames.To(fingerprint, all.Select(found => found.Fingerprint)))}");
    }

    private static (DiffResult Result, bool IsReport) Read(string path, CpuDescription? cpu, Terminal terminal, CancellationToken cancel)
    {
        (Stream? report, RunInput? once) = RunInput.OpenReport(path, terminal);
        if (report is not null)
        {
            using (report)
            {
                return (ReadReport(report, path), true);
            }
        }

        using RunInput input = once ?? RunInput.Open(path, terminal);
        return (CheckVerb.Check(input, Policy.Default, cpu, cancel), false);
    }

    private static DiffResult ReadReport(Stream report, string path)
    {
        try
        {
            return JsonReportReader.Read(report, RulesVerb.TryFind);
        }
        catch (FormatException problem)
        {
            throw new InputException($"{path}: {problem.Message}");
        }
    }
}
