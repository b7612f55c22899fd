using System.CommandLine;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Replay;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ diff</c>: a recorded run against the computed one.</summary>
internal sealed class DiffVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var recorded = new Argument<string>("recorded") { Description = "A run that differ convert made" };
        var model = new Argument<string>("model") { Description = "The run that differ replay computed from it" };
        Option<string> format = Options.Format();
        Option<string> color = Options.Color();
        Option<bool> verbose = Options.Verbose();
        var judging = new JudgingOptions();
        var command = new Command("diff",
            "Compare a recorded run with the computed one\n"
            + "Exit status: as that of differ check.")
        {
            recorded, model, format, color, verbose,
        };
        judging.AddTo(command, withCpu: false);
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(recorded), words.GetRequiredValue(model), ReportFormats.Find(words.GetRequiredValue(format))!,
            words.GetRequiredValue(color), words.GetValue(verbose), judging.Read(words, []), terminal, cancel)));
        return command;
    }

    private static int Run(string recorded, string model, IReportFormat format, string color, bool isVerbose, Judging how, Terminal terminal, CancellationToken cancel)
    {
        using RunReader reader = InputException.Naming(recorded, () => RunReader.Open(RunInput.OpenRun(recorded, terminal)));
        Comparison? comparison = null;
        using ComputedReader computed = InputException.Naming(model, () => ComputedReader.Open(
            RunInput.OpenRun(model, terminal), reader.Header, rules => comparison = new Comparison(reader.Header, rules, reader.Texts, how.Policy)
            {
                Alone = new LoneReplay(reader.Header, reader.Texts),
            }));
        RunSummary summary = InputException.Naming($"{recorded} or {model}", () => reader.ReadExits(computed, cancel));
        computed.Finish();
        summary = summary with { Notes = [.. summary.Notes, .. computed.Notes.Except(summary.Notes)] };
        if (computed.Damages > 0)
        {
            summary = summary with
            {
                Notes = [.. summary.Notes, new CaptureNote("DIF0222", computed.Damages, "damaged parts of the computed run were passed over; their exits count as conforming", "")],
            };
        }

        FindingSet findings = FindingSet.Of(how.Accepted.Apply(comparison!.Finish(summary), terminal.Today), recorded) with { IsVerbose = isVerbose };
        format.Write(findings, terminal.Output, terminal.InkFor(color));
        return ExitStatus.Of(findings);
    }
}
