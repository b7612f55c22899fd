using System.CommandLine;
using Differ.Diff;
using Differ.Diff.Compare;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ diff</c>: a recorded run against the computed one.</summary>
internal sealed class DiffVerb : IVerb
{
    /// <inheritdoc/>
    public Command Build(Terminal terminal)
    {
        var recorded = new Argument<string>("recorded") { Description = "A run made with differ convert" };
        var model = new Argument<string>("model") { Description = "The run that differ replay made of it" };
        Option<string> format = Options.Format();
        Option<string> color = Options.Color();
        Option<bool> speculative = Options.Speculative();
        var command = new Command("diff", "Compares a recorded run with the computed one") { recorded, model, format, color, speculative };
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(recorded), words.GetRequiredValue(model), ReportFormats.Find(words.GetRequiredValue(format))!,
            words.GetRequiredValue(color), words.GetValue(speculative), terminal, cancel)));
        return command;
    }

    private static int Run(string recorded, string model, IReportFormat format, string color, bool speculative, Terminal terminal, CancellationToken cancel)
    {
        using RunReader reader = RunReader.Open(RunInput.OpenRun(recorded, terminal));
        Comparison? comparison = null;
        using ComputedReader computed = ComputedReader.Open(
            RunInput.OpenRun(model, terminal), reader.Header, rules => comparison = new Comparison(reader.Header, rules, reader.Texts, speculative));
        RunSummary summary = reader.ReadExits(computed, cancel);
        computed.Finish();
        summary = summary with { Notes = [.. summary.Notes, .. computed.Notes.Except(summary.Notes)] };
        if (computed.Damages > 0)
        {
            summary = summary with
            {
                Notes = [.. summary.Notes, new CaptureNote("DIF0222", computed.Damages, "damaged parts of the computed run were passed over; their exits count as conforming", "")],
            };
        }

        DiffResult result = comparison!.Finish(summary);
        format.Write(FindingSet.Of(result), terminal.Output, terminal.InkFor(color));
        return result.Diverges ? ExitStatus.Diverges : ExitStatus.Agrees;
    }
}
