using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using Differ.Capture.Disk;
using Differ.Diff.Baseline;
using Differ.Diff.Compare;
using Differ.Replay.Machine;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary><c>differ corpus</c>: checks a folder of captures against what is known of each.</summary>
internal sealed class CorpusVerb : IVerb
{
    private const string ExpectedName = "expected.tsv";

    /// <inheritdoc/>
    public Command Build(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = $"A folder with {ExpectedName} and a folder for each capture" };
        Option<string?> cpu = Options.Cpu();
        Option<string?> baseline = Options.Baseline();
        var command = new Command("corpus",
            $"Checks every capture that {ExpectedName} names and prints the rows that come out otherwise.\n"
            + "Columns: capture, expectation (diverges, clean, undecided, processor, unreviewed), rules of which one must be reported,\n"
            + "separated by |. The capture is a file, or a folder with one; of several in other formats the one\n"
            + "that tells most is taken: a run, then the formats in the order of differ --help, then by name.")
        {
            folder, cpu, baseline,
        };
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(folder), Options.ReadCpu(words.GetValue(cpu)), BaselineVerb.Read(words.GetValue(baseline)), terminal, cancel)));
        return command;
    }

    private static int Run(string folder, CpuDescription? cpu, Baseline accepted, Terminal terminal, CancellationToken cancel)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        TextWriter output = terminal.Output;
        int met = 0, missed = 0, unreviewed = 0, unread = 0;
        foreach (string line in DiskFile.ReadText(Path.Combine(folder, ExpectedName)).Split('\n').Skip(1).Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0))
        {
            string[] columns = line.Split('\t');
            string name = PlainText.Of(columns[0]);
            string expectation = columns.Length > 1 ? PlainText.Of(columns[1]) : "";
            string rules = columns.Length > 2 ? PlainText.Of(columns[2]) : "";
            if (CaptureFolder.Find(Path.Combine(folder, columns[0])) is not { } path)
            {
                output.Write($"not read     {name}: no capture\n");
                unread++;
                continue;
            }

            if (!TryCheck(path, cpu, terminal, out DiffResult? result, out string fault, cancel))
            {
                missed++;
                output.Write($"OTHERWISE    {name}: expected {expectation} {rules}, cannot be read: {fault}\n");
            }
            else if (expectation == "unreviewed")
            {
                unreviewed++;
                seen.UnionWith(result.Divergences.Select(found => found.Fingerprint));
                result = accepted.Apply(result, terminal.Today);
                output.Write(result.Diverges ? $"unreviewed   {name}: {Found(result)}\n" : "");
            }
            else if (IsMet(result, expectation, rules) || IsMet(accepted.Apply(result, terminal.Today), expectation, rules))
            {
                seen.UnionWith(result.Divergences.Select(found => found.Fingerprint));
                met++;
            }
            else
            {
                missed++;
                output.Write($"OTHERWISE    {name}: expected {expectation} {rules}, found {Found(result)}\n");
            }
        }

        WriteBaseline(accepted, seen, terminal);
        output.Write($"{met} as expected, {missed} otherwise, {unreviewed} unreviewed, {unread} not read\n");
        return missed == 0 ? ExitStatus.Agrees : ExitStatus.Diverges;
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
    private static bool TryCheck(string path, CpuDescription? cpu, Terminal terminal, [NotNullWhen(true)] out DiffResult? result, out string fault, CancellationToken cancel)
    {
        try
        {
            using RunInput input = RunInput.Open(path, terminal);
            result = CheckVerb.Check(input, speculative: false, cpu, cancel);
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

    private static bool IsMet(DiffResult result, string expectation, string rules)
    {
        bool processor = result.Divergences.Any(found => found.Culprit == Culprit.Processor);
        bool hypervisor = result.Divergences.Any(found => found.Culprit == Culprit.Hypervisor);
        return expectation switch
        {
            "diverges" => result.Divergences.Where(found => found.Culprit == Culprit.Hypervisor)
                .Any(found => rules.Split('|').Any(rule => rule == found.Rule.Id || found.AlsoBroken.Any(other => other.Id == rule))),
            "processor" => processor && !hypervisor,
            _ => !processor && !hypervisor,
        };
    }

    private static string Found(DiffResult result) => !result.Diverges ? "nothing" : string.Join(", ", result.Divergences.Select(found =>
        $"{(found.Culprit == Culprit.Processor ? "processor " : "")}{found.Rule.Id} ({found.Count})"));
}
