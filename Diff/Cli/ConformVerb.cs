using System.CommandLine;
using Differ.Capture.Kvm;
using Differ.Cli.Config;
using Differ.Cli.Conform;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Baseline;
using Differ.Diff.Conform;
using Differ.Diff.Results;
using Differ.Replay;

namespace Differ.Cli;

/// <summary><c>differ conform</c>: the manual as a test suite that runs on this host's KVM.</summary>
internal sealed class ConformVerb : IVerb
{
    private const int MostJobs = 8;

    private readonly Argument<string[]> _paths = new("scenarios")
    {
        Description = "Texts with scenarios, as docs/scenarios.md has them [default: those that come with Differ]",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _rules = new("--rule") { Description = "Only scenarios about this rule; may be given several times" };
    private readonly Option<bool> _quirks = new("--quirks") { Description = "Keep the divergences that KVM documents as quirks, as most VMMs do" };
    private readonly Option<int> _jobs = new("--jobs", "-j")
    {
        Description = "How many scenarios run at once",
        DefaultValueFactory = _ => Math.Min(Environment.ProcessorCount, MostJobs),
    };

    private readonly Option<bool> _worker = new(ConformWorkers.Option) { Hidden = true };
    private readonly Option<string> _format = Options.Format(ConformFormats.All);
    private readonly Option<string[]> _report = Options.Report([.. ConformFormats.All.Select(static format => format.Name)]);
    private readonly Option<string?> _baseline = Options.Baseline();
    private readonly Option<string> _color = Options.Color();

    public Command Build(Terminal terminal)
    {
        _rules.CompletionSources.Add(static _ => Options.RuleIds);
        var command = new Command("conform",
            "Run scenarios on this host's KVM and compare with the manual\n"
            + "It needs /dev/kvm alone, and compares where each scenario ends with what the manual says.\n"
            + "Exit status: 0 none diverges, 1 one does, 2 there is no KVM with nested SVM here, 4 inconclusive.")
        {
            _paths, _rules, _quirks, _jobs, _format, _report, _baseline, _color, _worker,
        };
        command.SetAction((words, cancel) => Run(words, terminal, cancel));
        return command;
    }

    private async Task<int> Run(ParseResult words, Terminal terminal, CancellationToken cancel)
    {
        string[] paths = words.GetValue(_paths) ?? [], rules = [.. (words.GetValue(_rules) ?? []).Select(Known)];
        bool quirks = words.GetValue(_quirks);
        IReadOnlyList<PlacedScenario> scenarios = PlacedScenario.Read(paths, rules);
        try
        {
            using KvmDevice device = KvmDevice.Open();
            if (words.GetValue(_worker))
            {
                ConformWorkers.Work(new KvmConformance(device, quirks), scenarios, Console.In, Console.Out);
                return ExitStatus.Agrees;
            }
        }
        catch (KvmException refusal)
        {
            throw new InputException(refusal.Message);
        }

        string? baseline = words.GetValue(_baseline);
        Baseline accepted = BaselineReading.Read(baseline);
        using var reports = Reports<ConformReport>.Open(
            Options.Wishes(words, _format, _report, [.. ConformFormats.All.Select(static format => format.Name)]), ConformFormats.All, [],
            [.. paths, .. new[] { baseline }.OfType<string>()], terminal, words.GetRequiredValue(_color));
        string[] again = [.. paths, .. rules.SelectMany(static rule => (string[])["--rule", rule]), .. quirks ? (string[])["--quirks"] : []];
        int done = 0;
        IReadOnlyList<ScenarioResult> results = await new ConformWorkers(again, scenarios).Run(
            Math.Max(words.GetValue(_jobs), 1), terminal.Progress is { } tell ? _ => tell(0, Interlocked.Increment(ref done) / (double)scenarios.Count) : null, cancel);
        terminal.ClearProgress();
        ConformReport report = WithBaseline(new ConformReport(
            FirstLine("/proc/sys/kernel/osrelease", ""), FirstLine("/proc/cpuinfo", "model name"), quirks, results, RuleBook.Statements.ToDictionary(static rule => rule.Id)), accepted, terminal.Today);
        reports.Write(report);
        return report.Outcome switch
        {
            RecordingOutcome.Diverges => ExitStatus.Diverges,
            RecordingOutcome.Inconclusive => ExitStatus.Inconclusive,
            _ => ExitStatus.Agrees,
        };
    }

    private static string Known(string rule) => RuleBook.Statements.Any(known => known.Id == rule) ? rule
        : throw new UsageException($"there is no rule {rule}; nearest are {string.Join(", ", NearestNames.To(rule, Options.RuleIds))}");

    private static ConformReport WithBaseline(ConformReport report, Baseline baseline, DateOnly today) => report with
    {
        Accepted = report.Classes()
            .Select(found => (found.Fingerprint, Entry: baseline.Accepted.FirstOrDefault(entry => entry.Fingerprint == found.Fingerprint && entry.Covers(report.Kernel) && !entry.HasExpired(today))))
            .Where(static found => found.Entry is not null).ToDictionary(static found => found.Fingerprint, static found => found.Entry!.Reason),
    };

    // What follows a word at the start of a line, and a colon.
    private static string FirstLine(string path, string word) =>
        File.Exists(path) && File.ReadLines(path).FirstOrDefault(line => line.StartsWith(word, StringComparison.Ordinal)) is { } found
            ? found[word.Length..].TrimStart(' ', '\t', ':').Trim() : "";
}
