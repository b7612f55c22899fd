using System.CommandLine;
using Differ.Diff;
using Differ.Diff.Baseline;
using Differ.Diff.Compare;
using Differ.Diff.Report;
using Differ.Replay;
using Differ.Replay.Machine;
using Differ.Replay.Svm;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ check</c>: convert, replay and diff at once, without files in between.</summary>
internal sealed class CheckVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build(Terminal terminal)
    {
        Argument<string> input = Options.Input();
        Option<string> format = Options.Format();
        Option<string> color = Options.Color();
        Option<bool> speculative = Options.Speculative();
        Option<string?> cpu = Options.Cpu();
        Option<string?> report = Options.Report();
        Option<string?> baseline = Options.Baseline();
        var command = new Command("check", "Reports where a recording departs from the manual") { input, format, report, color, speculative, cpu, baseline };
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(input), ReportFormats.Find(words.GetRequiredValue(format))!, words.GetRequiredValue(color),
            words.GetValue(speculative), Options.ReadCpu(words.GetValue(cpu)), BaselineVerb.Read(words.GetValue(baseline)), words.GetValue(report), terminal, cancel)));
        return command;
    }

    /// <summary>The three stages over one input.</summary>
    /// <param name="input">The input.</param>
    /// <param name="speculative">Whether broken weak rules count.</param>
    /// <param name="cpu">What the user says of the virtual CPU; null for nothing.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="watcher">Is told of findings while the input is read; null for nobody.</param>
    /// <param name="exits">Is told what is said of each exit; null for nobody.</param>
    public static DiffResult Check(
        RunInput input, bool speculative, CpuDescription? cpu, CancellationToken cancel, IFindingWatcher? watcher = null, IJudgedSink? exits = null)
    {
        var comparison = new Comparison(input.Header, RuleBook.Statements, input.Texts, speculative, watcher, exits);
        var replayer = new Replayer(input.Header, input.Texts, comparison, cpu);
        RunSummary summary = input.Read(replayer, cancel);
        return comparison.Finish(summary with { Notes = [.. summary.Notes, .. replayer.Notes] });
    }

    private static int Run(
        string path, IReportFormat format, string color, bool speculative, CpuDescription? cpu, Baseline accepted, string? report,
        Terminal terminal, CancellationToken cancel)
    {
        // A stream may never end: findings are told as they come, and an interruption ends the stream, not the report.
        using RunInput input = RunInput.OpenLive(path, terminal, cancel);
        (IExitReportFormat Format, string Path)? wish = report is null ? null : Options.ExitReport(report);
        using OutputFile? file = wish is { } named ? OutputFile.Create(named.Path, terminal) : null;
        using IExitReport? exits = file is null ? null : wish!.Value.Format.Begin(input.Header, file.Stream);
        DiffResult found = Check(
            input, speculative, cpu, input.IsStream ? CancellationToken.None : cancel, input.IsStream ? new LiveFindings(terminal) : null, exits);
        DiffResult result = accepted.Apply(found, terminal.Today);
        exits?.Finish(result);
        file?.Complete();
        format.Write(result, terminal.Output, terminal.InkFor(color));
        return result.Diverges ? ExitStatus.Diverges : ExitStatus.Agrees;
    }
}
