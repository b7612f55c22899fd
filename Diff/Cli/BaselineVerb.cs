using System.CommandLine;
using System.Globalization;
using Differ.Diff.Baseline;
using Differ.Diff.Compare;
using Differ.Diff.Verdicts;

namespace Differ.Cli;

/// <summary><c>differ baseline update</c>: accepts the departures of a report or capture.</summary>
internal sealed class BaselineVerb : IVerb
{
    private const string DefaultName = "known.json";

    /// <inheritdoc/>
    public Command Build(Terminal terminal)
    {
        var input = new Argument<string>("found") { Description = "A report made with --format json, a capture or a run" };
        var output = new Option<string>("--output", "-o") { Description = "The baseline to write; its reasons are kept where it exists", DefaultValueFactory = _ => DefaultName };
        var prune = new Option<bool>("--prune") { Description = "Take out entries whose departure was not found" };
        var likely = new Option<bool>("--likely") { Description = "Accept what holds under an assumption, too" };
        var update = new Command("update", "Adds the departures of a report or capture to a baseline") { input, output, prune, likely };
        update.SetAction((words, cancel) => Task.FromResult(Update(
            words.GetRequiredValue(input), words.GetRequiredValue(output), words.GetValue(prune), words.GetValue(likely), terminal, cancel)));
        return new Command("baseline", "Keeps the list of accepted departures") { update };
    }

    /// <summary>Reads a baseline.</summary>
    /// <param name="path">The file; null for none.</param>
    /// <exception cref="UsageException">It is none.</exception>
    public static Baseline Read(string? path)
    {
        try
        {
            return path is null ? Baseline.Empty : BaselineFile.Read(File.ReadAllText(path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(
                $"the baseline {path} cannot be read: {(fault is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "the system does not allow it")}; differ baseline update makes one");
        }
        catch (BaselineFormatException e)
        {
            throw new UsageException($"{BaselineFile.BaselineCode} in {path}: {e.Message}");
        }
    }

    private static int Update(string input, string output, bool prune, bool likely, Terminal terminal, CancellationToken cancel)
    {
        IReadOnlyList<(string Fingerprint, string Rule)> found = Found(input, likely, terminal, cancel);
        Baseline before = Read(output != "-" && File.Exists(output) ? output : null);
        Baseline after = before.With(found, prune);
        using OutputFile file = OutputFile.Create(output, [input], terminal);
        using (var text = new StreamWriter(file.Stream, leaveOpen: true))
        {
            BaselineFile.Write(after, text);
        }

        file.Complete();
        int added = after.Accepted.Count(entry => before.Accepted.All(old => old.Fingerprint != entry.Fingerprint));
        int gone = before.Accepted.Count(old => found.All(one => one.Fingerprint != old.Fingerprint));
        terminal.Error.Write(string.Create(CultureInfo.InvariantCulture,
            $"differ: {added} added, {before.Accepted.Count - gone} kept, {gone} not found and {(prune ? "taken out" : "kept")}\n"));
        return ExitStatus.Agrees;
    }

    private static IReadOnlyList<(string Fingerprint, string Rule)> Found(string input, bool likely, Terminal terminal, CancellationToken cancel)
    {
        if (IsJson(input))
        {
            try
            {
                return BaselineFile.ReadReport(File.ReadAllText(input), likely);
            }
            catch (BaselineFormatException e)
            {
                throw new InputException($"{BaselineFile.ReportCode} in {input}: {e.Message}");
            }
        }

        using RunInput run = RunInput.Open(input, terminal);
        DiffResult result = CheckVerb.Check(run, Policy.Default, cpu: null, cancel);
        return [.. result.Divergences.Concat(likely ? result.Likely : []).Select(one => (one.Fingerprint, one.Rule.Id)).Distinct()];
    }

    /// <summary>Whether a file seems to be JSON; no capture begins so.</summary>
    public static bool IsJson(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using FileStream file = File.OpenRead(path);
        return file.ReadByte() == '{';
    }
}
