using System.CommandLine;
using System.Globalization;
using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Baseline;
using Differ.Diff.Results;

namespace Differ.Cli;

/// <summary><c>differ baseline update</c>: accepts the departures of a report or capture.</summary>
internal sealed class BaselineVerb : IVerb
{
    private const string DefaultName = "known.json";

    public Command Build(Terminal terminal)
    {
        var input = new Argument<string>("found") { Description = "A JSON report, a capture or a run" };
        var output = new Option<string>("--output", "-o") { HelpName = "FILE", Description = "The baseline to write; its reasons are kept where it exists", DefaultValueFactory = _ => DefaultName };
        var prune = new Option<bool>("--prune") { Description = "Remove entries whose divergence was not found" };
        var likely = new Option<bool>("--likely") { Description = "Accept what is likely, too" };
        var update = new Command("update", "Add the divergences of a report or capture to a baseline") { input, output, prune, likely };
        update.SetAction((words, cancel) => Task.FromResult(Update(
            words.GetRequiredValue(input), words.GetRequiredValue(output), words.GetValue(prune), words.GetValue(likely), terminal, cancel)));
        return new Command("baseline", "Keep the list of accepted divergences (--baseline)") { update };
    }

    private static int Update(string input, string output, bool prune, bool likely, Terminal terminal, CancellationToken cancel)
    {
        using OutputFile file = OutputFile.Create(output, [input], terminal);
        IReadOnlyList<(string Fingerprint, string Rule)> found = Found(input, likely, terminal, cancel);
        Baseline before = BaselineReading.Read(output != RunInput.StandardInput && FileNode.Of(output) is { Kind: FileKind.Regular } ? output : null);
        Baseline after = before.With(found, prune);
        using (var text = new StreamWriter(file.Stream, leaveOpen: true))
        {
            using var plain = new PlainWriter(text);
            BaselineFile.Write(after, plain);
        }

        file.Complete();
        int added = after.Accepted.Count(entry => before.Accepted.All(old => old.Fingerprint != entry.Fingerprint));
        int gone = before.Accepted.Count(old => found.All(one => one.Fingerprint != old.Fingerprint));
        terminal.Remark(string.Create(CultureInfo.InvariantCulture,
            $"{added} added, {before.Accepted.Count - gone} kept, {gone} not found and {(prune ? "removed" : "kept")}"));
        return ExitStatus.Agrees;
    }

    private static IReadOnlyList<(string Fingerprint, string Rule)> Found(string input, bool likely, Terminal terminal, CancellationToken cancel)
    {
        (Stream? report, RunInput? once) = RunInput.OpenReport(input, terminal);
        if (report is not null)
        {
            using (report)
            {
                return FoundIn(report, input, likely);
            }
        }

        using RunInput run = once ?? RunInput.Open(input, terminal);
        DiffResult result = CheckVerb.Check(run, Policy.Default, cpu: null, cancel);
        return [.. result.Divergences.Concat(likely ? result.Likely : []).Select(one => (one.Fingerprint, one.Rule.Id)).Distinct()];
    }

    private static IReadOnlyList<(string Fingerprint, string Rule)> FoundIn(Stream report, string path, bool likely)
    {
        try
        {
            return BaselineFile.ReadReport(DiskFile.ReadText(report, path), likely);
        }
        catch (BaselineFormatException e)
        {
            throw new InputException($"{BaselineFile.ReportCode} in {path}: {e.Message}");
        }
    }
}
