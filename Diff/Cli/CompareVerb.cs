using System.CommandLine;
using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Changes;
using Differ.Diff.Findings;

namespace Differ.Cli;

/// <summary><c>differ compare</c>: what changed from one capture to another of the same guest.</summary>
internal sealed class CompareVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var inBase = new Argument<string>("base") { Description = "A capture, a run, or a folder of them" };
        var inTest = new Argument<string>("test") { Description = "The same guest on another kernel; in folders, captures of the same name" };
        Option<string> format = Options.Format(ChangeFormats.WithFindings);
        Option<string[]> report = Options.Report(ChangeFormats.Names);
        Option<string> color = Options.Color();
        Option<int> jobs = Jobs.Option();
        var judging = new JudgingOptions();
        var command = new Command("compare",
            "Compare two captures: what is new, fixed or still there\n"
            + "It also tells what L0 does differently although no rule names it.\n"
            + "Exit status: 0 nothing is new; 1 something is, or is what --fail-on names; 2 a capture cannot be used; "
            + "4 a capture is inconclusive, or the two have nothing in common.")
        {
            inBase, inTest, format, report, color, jobs,
        };
        judging.AddTo(command, compares: true);
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(inBase), words.GetRequiredValue(inTest), Options.Wishes(words, format, report, ChangeFormats.Names),
            words.GetRequiredValue(color), words.GetValue(jobs), judging.Read(words, []), terminal, cancel)));
        return command;
    }

    private static int Run(
        string inBase, string inTest, IReadOnlyList<ReportWish> wishes, string color, int jobs, Judging how, Terminal terminal, CancellationToken cancel)
    {
        foreach (string path in (string[])[inBase, inTest])
        {
            if (FileNode.Of(path) is null or { Kind: FileKind.Special })
            {
                throw new InputException($"{path} is neither a file nor a folder; standard input cannot be compared, because captures are read twice");
            }
        }

        bool folders = IsFolderOfCaptures(inBase);
        if (folders != IsFolderOfCaptures(inTest))
        {
            throw new UsageException("a capture can be compared with a capture, and a folder of captures with another one");
        }

        using var reports = Reports<ChangeSet>.Open(wishes, ChangeFormats.WithFindings, [], [inBase, inTest, .. how.Files], terminal, color);
        ChangeSet changes = folders ? CompareFolders(inBase, inTest, jobs, how, terminal, cancel)
            : new ChangeSet([TwoRuns.Compare("", inBase, inTest, how, terminal, cancel)], [], [], []);
        reports.Write(changes);
        return ExitStatus.Of(FindingSet.Of(changes));
    }

    private static bool IsFolderOfCaptures(string path) => FileNode.Of(path) is { Kind: FileKind.Folder } && !CaptureFolder.IsOne(path);

    private static ChangeSet CompareFolders(string inBase, string inTest, int jobs, Judging how, Terminal terminal, CancellationToken cancel)
    {
        SortedDictionary<string, string> before = CaptureFolder.In(inBase), after = CaptureFolder.In(inTest);
        var pairs = new List<RunChanges>();
        var unread = new List<UnreadCapture>();
        (string Name, string Base, string Test)[] named = [.. before.Where(item => after.ContainsKey(item.Key)).Select(item => (item.Key, item.Value, after[item.Key]))];

        // A pair is two captures, read at once.
        Jobs.InOrder(named, (jobs + 1) / 2, (one, _, stop) => Compare(one, how, terminal, stop), one =>
        {
            pairs.AddRange(one.Pair is null ? [] : [one.Pair]);
            unread.AddRange(one.Unread is null ? [] : [one.Unread]);
        }, cancel);
        if (pairs.Count == 0 && unread.Count == 0)
        {
            throw new InputException($"{inBase} and {inTest} hold no captures of the same name");
        }

        return new ChangeSet(pairs, [.. before.Keys.Except(after.Keys)], [.. after.Keys.Except(before.Keys)], unread);
    }

    // One capture that cannot be read must not hide what the others say.
    private static (RunChanges? Pair, UnreadCapture? Unread) Compare((string Name, string Base, string Test) one, Judging how, Terminal terminal, CancellationToken cancel)
    {
        try
        {
            return (TwoRuns.Compare(one.Name, one.Base, one.Test, how, terminal, cancel), null);
        }
        catch (Exception e) when (UnusableInput.Is(e))
        {
            return (null, UnusableInput.Of(one.Name, one.Test, e));
        }
    }
}
