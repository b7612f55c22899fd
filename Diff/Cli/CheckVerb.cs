using System.CommandLine;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Compare;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Shards;
using Differ.Replay;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ check</c>: convert, replay and diff at once, without files in between.</summary>
internal sealed class CheckVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        Argument<string[]> inputs = Options.Inputs();
        Option<string> format = Options.Format();
        Option<string[]> report = Options.Report(ReportFormats.Names);
        Option<string> color = Options.Color();
        Option<bool> verbose = Options.Verbose();
        Option<int> jobs = Jobs.Option();
        var judging = new JudgingOptions();
        var sharing = new ShardOptions();
        var command = new Command("check",
            "Report where recordings diverge from the manual\n"
            + "Exit status: 0 all conform; 1 a recording diverges, or is what --fail-on names; 2 one cannot be used; "
            + "4 one is inconclusive: no divergence, and too little evidence to exclude one.")
        {
            inputs, format, report, color, verbose, jobs,
        };
        sharing.AddTo(command);
        judging.AddTo(command);
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(inputs), Options.Wishes(words, format, report, ReportFormats.Names), words.GetRequiredValue(color),
            words.GetValue(verbose), words.GetValue(jobs), judging.Read(words, words.GetRequiredValue(inputs)), sharing.Read(words), terminal, cancel)));
        return command;
    }

    /// <summary>The three stages over one input.</summary>
    /// <param name="input">The input.</param>
    /// <param name="policy">What it is judged by.</param>
    /// <param name="cpu">What the user says of the virtual CPU; null for nothing.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="watcher">Is told of findings while the input is read; null for nobody.</param>
    /// <param name="exits">Makes who is told what is said of each exit, in the reading that counts; null for nobody.</param>
    /// <param name="kept">Counts where each rule is kept; null for nobody.</param>
    /// <param name="asItComes">Whether exits of a pipe are told as they come; where it has to be read again, they are told again, to somebody new.</param>
    public static DiffResult Check(
        RunInput input, Policy policy, CpuDescription? cpu, CancellationToken cancel, IFindingWatcher? watcher = null,
        Func<RunHeader, IJudgedSink?>? exits = null, KeptCounter? kept = null, bool asItComes = false)
    {
        while (true)
        {
            IJudgedSink? told = input.IsProvisional && !asItComes ? null : exits?.Invoke(input.Header);
            var comparison = new Comparison(input.Header, RuleBook.Statements, input.Texts, policy, watcher, told, kept)
            {
                // What can be read as it comes lists what was on and nothing else.
                KnownOn = input.IsStream ? input.Header.Listed : default,
                Alone = new LoneReplay(input.Header, input.Texts, cpu),
            };
            var replayer = new Replayer(input.Header, input.Texts, comparison, cpu);
            RunSummary summary = input.Read(replayer, cancel);
            if (!input.StartOver(always: exits is not null && !asItComes))
            {
                return comparison.Finish(summary with { Notes = [.. summary.Notes, .. replayer.Notes] });
            }

            kept?.Clear();
        }
    }

    private static int Run(
        string[] words, IReadOnlyList<ReportWish> wishes, string color, bool isVerbose, int jobs, Judging how, ShardWish sharing, Terminal terminal, CancellationToken cancel)
    {
        // A stream may never end: findings are told as they come, and an interruption ends the stream, not the report.
        using var set = InputSet.Of(words, terminal, watched: true, cancel);
        IReadOnlyList<string> read = [.. words, .. how.Files];
        var contents = new ContentHash();
        using ResultOutput? result = sharing.Result is null ? null
            : ResultOutput.Open(sharing, set, Judgement.Of(OwnRules.Set, how.Policy, how.Accepted.Accepted, how.CpuText), contents, read, terminal);
        IReadOnlyList<int> places = result?.Places ?? [.. Enumerable.Range(0, set.All.Count)];
        IReadOnlyList<NamedInput> inputs = [.. places.Select(place => set.All[place])];
        ResultCache? cache = sharing.Cache is null ? null : new ResultCache(sharing.Cache, how, sharing.WithPages, contents, terminal);
        RefuseExitsOfMany(inputs, wishes);
        using var reports = Reports<FindingSet>.Open(wishes, ReportFormats.All, ReportFormats.OfExits, read, terminal, color, several: inputs.Count > 1);
        var captures = new List<CheckedCapture>();
        var unread = new List<UnreadCapture>();
        var checks = new Checks(how, reports, cache, result is { HasPages: true });
        if (inputs.Count == 1)
        {
            Take(checks.Only(inputs[0], terminal, cancel));
            captures.ForEach(capture => reports.Finish(capture.Result));
        }
        else
        {
            // What a stream shows while it comes, and what ends it, is of one at a time.
            var progress = new SharedProgress(terminal, inputs.Count);
            jobs = words.Any(RunInput.IsReadOnce) ? 1 : jobs;
            Jobs.InOrder(inputs, jobs, (input, number, stop) =>
            {
                CheckedInput one = checks.Of(input, number + 1, jobs == 1 ? terminal : progress.For(number), stop);
                progress.End(number);
                return one;
            }, Take, cancel, ahead: result is { HasPages: true } ? jobs + 1 : int.MaxValue);
        }

        result?.Complete();
        var findings = new FindingSet(captures, unread) { Policy = how.Policy, LeftOut = set.LeftOut, IsVerbose = isVerbose };
        reports.Write(findings, withUsual: inputs.Count > 1 || captures.Count > 0);
        return result is null ? ExitStatus.Of(findings) : ExitStatus.Agrees;

        void Take(CheckedInput one)
        {
            int place = places[captures.Count + unread.Count];
            using Stream? page = one.Page;
            if (one.Fault is null)
            {
                captures.Add(one.Capture!);
                result?.Write(one.Input, place, one.Capture!.Result, page);
                return;
            }

            // One capture that cannot be read must not hide what the others say.
            terminal.Tell(UnusableInput.Line(one.Input.Name, one.Fault));
            unread.Add(UnusableInput.Of(one.Input.Name, one.Input.File, one.Fault));
            result?.Write(one.Input, place, unread[^1]);
        }
    }

    private static void RefuseExitsOfMany(IReadOnlyList<NamedInput> inputs, IReadOnlyList<ReportWish> wishes)
    {
        foreach (ReportWish one in wishes.Where(_ => inputs.Count > 1))
        {
            IExitReportFormat? format = ReportFormats.FindOfExits(one.Format);
            if (format is { Index: null })
            {
                throw new UsageException(
                    $"--report {one.Format} shows the exits of one capture, and these are {inputs.Count}; write it for each: differ check {inputs[0].Name} --report {one.Format}={one.Path}");
            }

            if (format is not null && one.IsOnOutput)
            {
                throw new UsageException($"--report {one.Format} of {inputs.Count} captures is several files; name the first, as {one.Format}=out.html");
            }
        }
    }
}
