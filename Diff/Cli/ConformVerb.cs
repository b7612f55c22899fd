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
    private const string Kvm = "kvm", Model = "model", Tcg = "tcg";

    private static readonly TimeSpan UsualTime = TimeSpan.FromMinutes(1);

    private readonly Argument<string[]> _paths = new("scenarios")
    {
        Description = "Texts with scenarios, as docs/scenarios.md has them [default: those that come with Differ]",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string[]> _rules = new("--rule") { Description = "Only scenarios about this rule; several are possible" };
    private readonly Option<bool> _cases = new("--cases") { Description = "Scenarios made from the conditions of the rules" };
    private readonly Option<bool> _quirks = new("--quirks") { Description = "Keep KVM's documented quirks, as most VMMs do" };
    private readonly Option<int> _jobs = new("--jobs", "-j")
    {
        Description = "How many scenarios run at once",
        DefaultValueFactory = _ => Math.Min(Environment.ProcessorCount, MostJobs),
    };

    private readonly Option<bool> _random = new("--random") { Description = "Make scenarios, and look for those that diverge" };
    private readonly Option<int?> _seed = new("--seed") { Description = "With --random: what they are made from", HelpName = "NUMBER" };
    private readonly Option<string?> _time = new("--for") { Description = "With --random: how long, as 30s or 10m [default: 1m]", HelpName = "TIME" };
    private readonly Option<int?> _most = new("--most") { Description = "With --random: how many at most", HelpName = "NUMBER" };
    private readonly Option<string> _on = new("--on")
    {
        Description = "kvm, or tcg: QEMU as the processor; with --random also model: the reference alone",
        DefaultValueFactory = static _ => Kvm,
        HelpName = "MACHINE",
    };

    private readonly Option<string> _qemu = new("--qemu")
    {
        Description = "With --on tcg: QEMU, with words of its own",
        DefaultValueFactory = static _ => "qemu-system-x86_64",
        HelpName = "PROGRAM",
    };

    private readonly Option<string?> _export = new("--export") { Description = "Write each scenario as an image for qemu -kernel into this folder, and run none", HelpName = "DIR" };
    private readonly Option<string?> _out = new("--out") { Description = "With --random: write each scenario that diverges into this folder", HelpName = "DIR" };
    private readonly Option<bool> _worker = new(ConformWorker.Option) { Hidden = true };
    private readonly Option<string> _format = Options.Format(ConformFormats.All);
    private readonly Option<string[]> _report = Options.Report([.. ConformFormats.All.Select(static format => format.Name)]);
    private readonly Option<string?> _baseline = Options.Baseline();
    private readonly Option<string?> _processor = new("--processor")
    {
        Description = "A json report of --on tcg: what diverges there is no finding",
        HelpName = "FILE",
    };

    private readonly Option<string?> _against = new("--against")
    {
        Description = "A json report of another kernel: only what is new here is a finding",
        HelpName = "FILE",
    };

    private readonly Option<string> _color = Options.Color();

    public Command Build(Terminal terminal)
    {
        _rules.CompletionSources.Add(static _ => Options.RuleIds);
        _on.AcceptOnlyFromAmong(Kvm, Tcg, Model);
        var command = new Command("conform",
            "Run scenarios on this host's KVM and compare with the manual\n"
            + "It needs /dev/kvm alone, and compares where each scenario ends with what the manual says.\n"
            + "Exit status: 0 none diverges, 1 one does, 2 there is no KVM with nested SVM here, 4 inconclusive.")
        {
            _paths, _rules, _cases, _quirks, _jobs, _random, _seed, _time, _most, _on, _qemu, _export, _out, _format, _report, _baseline, _processor, _against, _color, _worker,
        };
        command.SetAction((words, cancel) => Run(words, terminal, cancel));
        return command;
    }

    private async Task<int> Run(ParseResult words, Terminal terminal, CancellationToken cancel)
    {
        string[] paths = words.GetValue(_paths) ?? [], rules = [.. (words.GetValue(_rules) ?? []).Select(Known)];
        string on = words.GetRequiredValue(_on);
        CheckWords(words, paths, rules);
        IReadOnlyList<PlacedScenario> scenarios = words.GetValue(_random) ? [] : PlacedScenario.Read(paths, words.GetValue(_cases), rules);
        if (words.GetValue(_export) is { } images)
        {
            ExportedScenarios.Write(images, scenarios, terminal.Output);
            return ExitStatus.Agrees;
        }

        if (on == Kvm && WorksForAnother(words, scenarios))
        {
            return ExitStatus.Agrees;
        }

        string? baseline = words.GetValue(_baseline), processor = words.GetValue(_processor);
        Baseline accepted = BaselineReading.Read(baseline);
        EarlierResults? onProcessor = EarlierReport.Read(processor), against = EarlierReport.Read(words.GetValue(_against));
        FoundScenarios? folder = FoundScenarios.Open(words.GetValue(_out));
        using var reports = Reports<ConformReport>.Open(
            Options.Wishes(words, _format, _report, [.. ConformFormats.All.Select(static format => format.Name)]), ConformFormats.All, [],
            [.. paths, .. new[] { baseline, processor, words.GetValue(_against) }.OfType<string>()], terminal, words.GetRequiredValue(_color));
        string[] again = [.. paths, .. rules.SelectMany(static rule => (string[])["--rule", rule]), .. words.GetValue(_cases) ? (string[])["--cases"] : [], .. words.GetValue(_quirks) ? (string[])["--quirks"] : []];
        GeneratedResults? made = words.GetValue(_random) ? await Look(words, again, terminal, cancel) : null;
        IReadOnlyList<ScenarioResult> results = made?.Found ?? await RunAll(words, scenarios, again, terminal, cancel);
        terminal.ClearProgress();
        ConformReport report = WithBaseline(ReportOf(words, results) with { Generated = made, OnProcessor = onProcessor, Against = against }, accepted, terminal.Today);
        folder?.Write(report);
        reports.Write(report);
        return report.Outcome switch
        {
            RecordingOutcome.Diverges => ExitStatus.Diverges,
            RecordingOutcome.Inconclusive => ExitStatus.Inconclusive,
            _ => ExitStatus.Agrees,
        };
    }

    private ConformReport ReportOf(ParseResult words, IReadOnlyList<ScenarioResult> results)
    {
        string on = words.GetRequiredValue(_on);
        bool onKvm = on == Kvm;
        return new ConformReport(
            onKvm ? FirstLine("/proc/sys/kernel/osrelease", "") : "", onKvm ? FirstLine("/proc/cpuinfo", "model name") : "", words.GetValue(_quirks), results,
            RuleBook.Statements.ToDictionary(static rule => rule.Id))
        {
            Subject = onKvm ? ConformReport.Kvm : on == Tcg ? TcgConformance.Name : on,
        };
    }

    private void CheckWords(ParseResult words, string[] paths, string[] rules)
    {
        if (words.GetValue(_cases) && paths.Length > 0)
        {
            throw new UsageException("--cases makes scenarios of its own: leave out texts");
        }

        if (words.GetValue(_random))
        {
            if (paths.Length > 0 || rules.Length > 0 || words.GetValue(_cases))
            {
                throw new UsageException("--random makes scenarios of its own: leave out texts, --rule and --cases");
            }

            if (words.GetRequiredValue(_on) == Tcg || words.GetValue(_export) is not null)
            {
                throw new UsageException("--random goes with --on kvm and --on model");
            }

            return;
        }

        if (words.GetRequiredValue(_on) == Model)
        {
            throw new UsageException("--on model goes with --random; differ model runs scenarios of a text on the reference");
        }

        foreach (Option option in (Option[])[_seed, _time, _most, _out])
        {
            if (words.GetResult(option) is { Implicit: false })
            {
                throw new UsageException($"{option.Name} goes with --random");
            }
        }
    }

    // A worker serves until nobody asks any more. Others only see whether there is a KVM.
    private bool WorksForAnother(ParseResult words, IReadOnlyList<PlacedScenario> scenarios)
    {
        try
        {
            using KvmDevice device = KvmDevice.Open();
            if (!words.GetValue(_worker))
            {
                return false;
            }

            ConformWorkers.Work(new KvmConformance(device, words.GetValue(_quirks)), scenarios, Console.In, Console.Out);
            return true;
        }
        catch (KvmException refusal)
        {
            throw new InputException(refusal.Message);
        }
    }

    private async Task<IReadOnlyList<ScenarioResult>> RunAll(
        ParseResult words, IReadOnlyList<PlacedScenario> scenarios, string[] again, Terminal terminal, CancellationToken cancel)
    {
        int done = 0;
        Action? tells = terminal.Progress is { } tell ? () => tell(0, Interlocked.Increment(ref done) / (double)scenarios.Count) : null;
        try
        {
            return words.GetRequiredValue(_on) == Tcg
                ? await new TcgConformance(words.GetRequiredValue(_qemu)).Run(scenarios, Jobs(words), tells, cancel)
                : await new ConformWorkers(again, scenarios).Run(Jobs(words), _ => tells?.Invoke(), cancel);
        }
        catch (QemuException fault)
        {
            throw new InputException(fault.Message);
        }
    }

    private async Task<GeneratedResults> Look(ParseResult words, string[] again, Terminal terminal, CancellationToken cancel)
    {
        var search = new RandomSearch(
            words.GetValue(_seed) ?? Random.Shared.Next(), words.GetRequiredValue(_on) == Kvm ? () => new KvmJudge(["--random", .. again]) : static () => new ModelJudge());
        return await search.Run(
            Jobs(words), RecordVerb.Duration(words.GetValue(_time)) ?? UsualTime, words.GetValue(_most) ?? int.MaxValue,
            terminal.Progress is { } tell ? share => tell(0, Math.Min(share, 1)) : null, cancel);
    }

    private int Jobs(ParseResult words) => Math.Max(words.GetValue(_jobs), 1);

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
