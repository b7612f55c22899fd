using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Differ.Cli;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Baseline;
using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Tests.Support;

namespace Differ.Fuzz;

/// <summary>Whole commands, from the words to the status. What they promise: one line where something cannot be used, nothing half written, a status that is documented.</summary>
internal static partial class CommandWays
{
    private const string Base = "base", Test = "test";

    private static readonly int[] Documented = [ExitStatus.Agrees, ExitStatus.Diverges, ExitStatus.Unusable, ExitStatus.Inconclusive];

    /// <summary><c>differ compare</c> with every form of report.</summary>
    public static FuzzWay Compare { get; } = FuzzWays.Of("compare", static input =>
    {
        using Scratch scratch = Of(input);
        CommandResult result = CommandLine.Run(
            ["compare", scratch[Base], scratch[Test], .. ChangeFormats.Names.SelectMany(format => (string[])["--report", $"{format}={scratch[format]}"])]);
        return Judge(result, scratch, result.Status == ExitStatus.Unusable ? [] : ChangeFormats.Names, told: 0);
    });

    /// <summary><c>differ compare</c> of a capture with itself: nothing is new, nothing is fixed, and nothing behaves otherwise.</summary>
    public static FuzzWay CompareWithItself { get; } = FuzzWays.Of("compare with itself", static input =>
    {
        using Scratch scratch = Of(input);
        RunChanges changes = WithItself(scratch[Test]);
        if (changes.Behaviour.Count > 0 || changes.Classes.FirstOrDefault(one => one.Change is Change.New or Change.Fixed or Change.RateChanged) is not null)
        {
            throw new BrokenPromiseException("a capture departs from itself");
        }

        return new FuzzOutcome(FuzzOutcome.Verdict, string.Join(' ', changes.Classes.Select(one => $"{one.Change}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));
    });

    // The diagnostic counts, not that the input is named with it.
    private static RunChanges WithItself(string path)
    {
        try
        {
            return TwoRuns.Compare("", path, path, new Judging(Policy.Default, Baseline.Empty, null, []), Reading.Nowhere, CancellationToken.None);
        }
        catch (InputException named) when (named.InnerException is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
            throw;
        }
    }

    /// <summary><c>differ check -</c> of a pipe that breaks: one line says so, or the report is that of the whole.</summary>
    public static FuzzWay BrokenPipe { get; } = FuzzWays.Of("broken pipe", static input =>
    {
        using var scratch = new Scratch();
        var pipe = new SlowPipe(input.File) { BreaksAt = FuzzWays.RandomOf(input.File).Next(input.File.Length + 1) };
        CommandResult result = CommandLine.RunWith(pipe, CancellationToken.None, "check", "-", "--report", $"json={scratch["json"]}", "--report", $"html={scratch["html"]}");
        FuzzOutcome outcome = Judge(result, scratch, result.Status == ExitStatus.Unusable ? ["json"] : ["html", "json"], told: int.MaxValue);
        Reading sound = Reading.Of(input);
        if (result.Status != ExitStatus.Unusable && sound.Outcome.Code != FuzzOutcome.Verdict)
        {
            throw new BrokenPromiseException($"a pipe that breaks: ends in a verdict, and the whole in {sound.Outcome.Code}");
        }

        return outcome;
    });

    /// <summary>Holds a command against what is promised.</summary>
    /// <param name="result">What it gave.</param>
    /// <param name="scratch">The folder of its files.</param>
    /// <param name="reports">The files of reports there must be, whole, and no other ones.</param>
    /// <param name="told">How many lines there may be on standard error beside the one that says what cannot be used.</param>
    /// <exception cref="BrokenPromiseException">It does not hold.</exception>
    public static FuzzOutcome Judge(CommandResult result, Scratch scratch, IEnumerable<string> reports, int told)
    {
        if (result.Status == ExitStatus.Fault)
        {
            throw new BrokenPromiseException($"{Fault().Match(result.Errors).Groups[1].Value} {Trial.Frame(result.Errors)}");
        }

        Demand(Documented.Contains(result.Status), $"status {result.Status} is not documented");
        bool refused = result.Status == ExitStatus.Unusable;
        string[] lines = result.Errors.Split('\n');
        Demand(lines[^1].Length == 0 && lines[..^1].All(line => line.StartsWith("differ: ", StringComparison.Ordinal)), "a line on standard error that says not who speaks");
        Demand(refused ? lines.Length > 1 && lines.Length - 2 <= told : lines.Length - 1 <= told, $"{lines.Length - 1} lines on standard error with status {result.Status}");
        Demand(refused == (result.Output.Length == 0), $"status {result.Status} with {(refused ? "a report" : "no report")}");
        Demand(
            scratch.Files.Except([Base, Test]).SequenceEqual(reports.Order(StringComparer.Ordinal)), $"status {result.Status}, and {string.Join(", ", scratch.Files.Except([Base, Test]))} is left");
        if (reports.Contains("json"))
        {
            JsonDocument.Parse(File.ReadAllBytes(scratch["json"])).Dispose();
        }

        return refused ? new FuzzOutcome(Number().Match(lines[^2]) is { Success: true } number ? number.Value : "status 2", FuzzWays.Place(lines[^2]))
            : new FuzzOutcome(FuzzOutcome.Verdict, result.Output.TrimEnd('\n').Split('\n')[^1]);
    }

    private static Scratch Of(FuzzInput input)
    {
        var scratch = new Scratch();
        foreach ((string name, byte[] bytes) in input.Files)
        {
            scratch.Write(name, bytes);
        }

        return scratch;
    }

    private static void Demand(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new BrokenPromiseException(complaint);
        }
    }

    [GeneratedRegex(@"^\S*?(\w+Exception)", RegexOptions.Multiline)]
    private static partial Regex Fault();

    [GeneratedRegex(@"DIF\d{4}")]
    private static partial Regex Number();
}
