using System.CommandLine;
using Differ.Cli.Config;
using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Selftest;
using Differ.Replay;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ selftest</c>: what would be found in a recording if its kernel were at fault.</summary>
internal sealed class SelftestVerb : IVerb
{
    private const int DefaultSamples = 5;

    public Command Build(Terminal terminal)
    {
        Argument<string> input = Options.Input();
        var samples = new Option<int>("--samples") { Description = "Places to try for each kind of fault", HelpName = "N", DefaultValueFactory = _ => DefaultSamples };
        var command = new Command("selftest",
            "Put faults into a recording and report which ones check finds\n"
            + "The faults are put in one at a time: it tells what a clean verdict on this recording is worth. Exit status: that of the recording itself, as differ check gives it.")
        {
            input, samples,
        };
        command.SetAction((words, cancel) => Task.FromResult(Run(words.GetRequiredValue(input), words.GetValue(samples), terminal, cancel)));
        return command;
    }

    private static int Run(string path, int samples, Terminal terminal, CancellationToken cancel)
    {
        using var run = new MemoryStream();
        Keep(path, run, terminal, cancel);
        SelftestResult result = Selftest.Run(through => Check(run, through, cancel), Math.Max(samples, 1), null);
        Write(result, terminal.Output);
        return ExitStatus.Of(FindingSet.Of(result.Untouched));
    }

    // The recording is read once and kept as a run: standard input cannot be read again, and a run is quick to read.
    private static void Keep(string path, MemoryStream run, Terminal terminal, CancellationToken cancel)
    {
        using RunInput input = RunInput.Open(path, terminal);
        using var writer = new RunWriter(run, input.Header, input.Texts);
        writer.Finish(input.Read(writer, cancel));
    }

    private static DiffResult Check(MemoryStream run, Func<IExitSink, IExitSink>? through, CancellationToken cancel)
    {
        using var reader = RunReader.Open(new MemoryStream(run.GetBuffer(), 0, (int)run.Length, writable: false));
        var comparison = new Comparison(reader.Header, RuleBook.Statements, reader.Texts);
        IExitSink sink = new Replayer(reader.Header, reader.Texts, comparison);
        return comparison.Finish(reader.ReadExits(through?.Invoke(sink) ?? sink, cancel));
    }

    private static void Write(SelftestResult result, TextWriter output)
    {
        RecordingVerdict verdict = result.Untouched.Verdict;
        output.Write($"as recorded: {Amount(result.Untouched.Divergences.Count, "class", "classes")} of divergence, {verdict.Word}{(verdict.Lacks.Any() ? $" ({verdict.Why})" : "")}\n\n");
        output.Write($"{"found",7}  {"places",8}  fault\n");
        foreach (FaultOutcome outcome in result.Faults.Where(outcome => outcome.Seeded > 0))
        {
            output.Write($"{$"{outcome.Found}/{outcome.Seeded}",7}  {outcome.Places,8}  {outcome.Name}: {outcome.What}\n");
            output.Write($"{"",19}{(outcome.Found > 0 ? $"{string.Join(", ", outcome.Rules)}{(outcome.Likely > 0 ? $"; {outcome.Likely} likely only" : "")}"
                : outcome.Undecided > 0 ? "undecided: the recording lacks the evidence"
                : "no rule sees it in this recording")}\n");
        }

        IReadOnlyList<string> unfit = [.. result.Faults.Where(outcome => outcome.Seeded == 0).Select(outcome => outcome.Name)];
        output.Write(unfit.Count == 0 ? "" : $"\nno exit of this recording could show: {string.Join(", ", unfit)}\n");
        int seen = result.Faults.Count(outcome => outcome.Found > 0);
        output.Write($"\n{result.Found} of {result.Seeded} faults found{(result.Likely > 0 ? $", {result.Likely} of them as likely only" : "")}; {seen} of {result.Faults.Count - unfit.Count} kinds that fit, {result.Faults.Count} kinds in all\n");
    }

    private static string Amount(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
