using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Baseline;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ corpus</c>: checks a folder of captures against what is known of each.</summary>
internal sealed class CorpusVerb : IVerb
{
    private const string ExpectedName = "expected.tsv";
    private const string Unreviewed = "unreviewed", Refused = "refused";

    // What a row may expect of a capture that can be read, and of which rules.
    private static readonly Dictionary<string, Func<DiffResult, string[], bool>> Expectations = new(StringComparer.Ordinal)
    {
        ["diverges"] = static (result, rules) => result.Divergences.Any(found => found.Culprit == Culprit.Hypervisor && Names(found, rules)),
        ["likely"] = static (result, rules) => !result.Diverges && result.Likely.Any(found => Names(found, rules)),
        ["processor"] = static (result, _) => result.Diverges && result.Divergences.All(found => found.Culprit == Culprit.Processor),
        ["conforms"] = IsFree,
        ["clean"] = IsFree,
        ["not diverges"] = IsFree,
        ["undecided"] = IsFree,
        ["inconclusive"] = static (result, _) => result.Verdict.Outcome == RecordingOutcome.Inconclusive,
    };

    public Command Build(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = $"A folder with {ExpectedName} and a folder for each capture" };
        Option<int> jobs = Jobs.Option();
        var judging = new JudgingOptions();
        var command = new Command("corpus",
            $"Check a folder of captures against its {ExpectedName}\n"
            + $"Columns, by tab: capture, expectation ({string.Join(", ", Expectations.Keys)}, {Refused}, {Unreviewed}), and rules of which one must be reported, "
            + "separated by | (an id, or how it begins, as SVM-15.6; none for any). The capture is a file, or a folder with one; of several formats a run is taken, "
            + "then the one that carries most. Exit status: 0 all come out as expected, 1 one does not, 4 a row names no capture, or there is no row.")
        {
            folder, jobs,
        };
        judging.AddTo(command);
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(folder), words.GetValue(jobs), judging.Read(words, [words.GetRequiredValue(folder)]), terminal, cancel)));
        return command;
    }

    private static int Run(string folder, int jobs, Judging how, Terminal terminal, CancellationToken cancel)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var counts = new Dictionary<Outcome, int>();
        string[] lines = [.. DiskFile.ReadText(Path.Combine(folder, ExpectedName)).Split('\n').Skip(1).Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)];
        Terminal quiet = terminal.Quiet();
        Jobs.InOrder(lines, jobs, (line, _, stop) => Check(folder, line, how, jobs == 1 ? terminal : quiet, stop), Take, cancel);
        WriteBaseline(how.Accepted, seen, terminal);
        (int met, int missed, int unreviewed, int unread) = (Count(Outcome.Met), Count(Outcome.Missed), Count(Outcome.Unreviewed), Count(Outcome.Unread));
        terminal.Output.Write(string.Create(CultureInfo.InvariantCulture, $"{met} as expected, {missed} otherwise, {unreviewed} unreviewed, {unread} not read\n"));
        return missed > 0 ? ExitStatus.Diverges : unread > 0 || met + unreviewed == 0 ? ExitStatus.Inconclusive : ExitStatus.Agrees;

        void Take(Row row)
        {
            seen.UnionWith(row.Seen);
            counts[row.Outcome] = Count(row.Outcome) + 1;
            terminal.Output.Write(row.Told);
        }

        int Count(Outcome outcome) => counts.GetValueOrDefault(outcome);
    }

    private static Row Check(string folder, string line, Judging how, Terminal terminal, CancellationToken cancel)
    {
        string[] columns = line.Split('\t');
        string name = PlainText.Of(columns[0]);
        string expectation = columns.Length > 1 ? PlainText.Of(columns[1]) : "";
        string rules = columns.Length > 2 ? PlainText.Of(columns[2]) : "";
        if (CaptureFolder.Find(Path.Combine(folder, columns[0])) is not { } path)
        {
            return new Row(Outcome.Unread, $"not read     {name}: no capture\n", []);
        }

        bool isRead = TryCheck(path, how, terminal, out DiffResult? result, out string fault, cancel);
        string[] seen = [.. result?.Divergences.Select(found => found.Fingerprint) ?? []];
        DiffResult? judged = result is null ? null : how.Accepted.Apply(result, terminal.Today);
        if (expectation == Unreviewed && judged is not null)
        {
            return new Row(Outcome.Unreviewed, judged.Diverges ? $"unreviewed   {name}: {Found(judged)}\n" : "", seen);
        }

        if (expectation == Refused ? !isRead : IsMet(result, expectation, rules) || IsMet(judged, expectation, rules))
        {
            return new Row(Outcome.Met, "", seen);
        }

        string known = expectation is Unreviewed or Refused || Expectations.ContainsKey(expectation) ? "" : " (which is no expectation)";
        string instead = judged is null ? $"cannot be read: {fault}" : $"found {Found(judged)}";
        return new Row(Outcome.Missed, $"FAILED       {name}: expected {expectation}{known} {rules}, {instead}\n", seen);
    }

    private static void WriteBaseline(Baseline accepted, HashSet<string> seen, Terminal terminal)
    {
        foreach (AcceptedDeparture entry in accepted.Accepted.Where(entry => !seen.Contains(entry.Fingerprint)))
        {
            terminal.Output.Write($"gone         {entry.Fingerprint} {PlainText.Of(entry.Rule)}: accepted, and in no capture\n");
        }

        foreach (AcceptedDeparture entry in accepted.ExpiredOn(terminal.Today))
        {
            terminal.Output.Write($"expired      {entry.Fingerprint} {PlainText.Of(entry.Rule)}: no longer accepted\n");
        }
    }

    // One capture that cannot be read must not hide what the others say.
    private static bool TryCheck(string path, Judging how, Terminal terminal, [NotNullWhen(true)] out DiffResult? result, out string fault, CancellationToken cancel)
    {
        try
        {
            using RunInput input = RunInput.Open(path, terminal);
            result = CheckVerb.Check(input, how.Policy, how.Cpu, cancel);
            fault = "";
            return true;
        }
        catch (Exception e) when (UnusableInput.Is(e))
        {
            result = null;
            fault = PlainText.Of(e.Message);
            return false;
        }
    }

    private static bool IsMet(DiffResult? result, string expectation, string rules) =>
        result is not null && Expectations.TryGetValue(expectation, out Func<DiffResult, string[], bool>? isMet) && isMet(result, rules.Split('|'));

    private static bool IsFree(DiffResult result, string[] rules) => !result.Diverges;

    // A name is that of a rule, or what the names of several start with; none is for any.
    private static bool Names(DivergenceClass found, string[] rules) => rules is [""]
        || found.AlsoBroken.Prepend(found.Rule).Any(rule => rules.Any(name => rule.Id == name || rule.Id.StartsWith($"{name}-", StringComparison.Ordinal)));

    private static string Found(DiffResult result)
    {
        string[] found = [.. result.Divergences.Concat(result.Likely).Select(Words)];
        return found.Length > 0 ? string.Join(", ", found)
            : result.Verdict.Outcome == RecordingOutcome.Inconclusive ? $"nothing ({result.Verdict.Why})" : "nothing";
    }

    private static string Words(DivergenceClass found) => string.Create(
        CultureInfo.InvariantCulture, $"{(found.Culprit == Culprit.Processor ? "processor " : "")}{(found.IsLikely ? "likely " : "")}{found.Rule.Id} ({found.Count})");

    private enum Outcome
    {
        Met,
        Missed,
        Unreviewed,
        Unread,
    }

    // What came of a row of the list: what is told of it, and the fingerprints that were found.
    private sealed record Row(Outcome Outcome, string Told, IReadOnlyList<string> Seen);
}
