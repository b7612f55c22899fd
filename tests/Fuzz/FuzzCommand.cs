using System.CommandLine;

namespace Differ.Fuzz;

/// <summary>Feeds damaged captures, runs and baselines to their readers. Only a verdict or a diagnostic may come out, soon and within bounds.</summary>
internal static class FuzzCommand
{
    private const int Unusable = 2;

    /// <summary>Does what the command line asks for.</summary>
    /// <param name="words">The command line.</param>
    /// <param name="output">Where figures go.</param>
    /// <param name="errors">Where a complaint goes, in a line each.</param>
    /// <returns>The status of the process.</returns>
    public static int Run(string[] words, TextWriter output, TextWriter errors)
    {
        ParseResult parsed = Build(output).Parse(words);
        foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
        {
            errors.WriteLine($"Differ.Fuzz: {error.Message}");
        }

        if (parsed.Errors.Count > 0)
        {
            return Unusable;
        }

        try
        {
            return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = errors });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"Differ.Fuzz: {e.Message}");
            return Unusable;
        }
    }

    private static RootCommand Build(TextWriter output)
    {
        string names = string.Join(", ", FuzzTargets.All.Select(one => one.Name));
        var target = new Option<string?>("--target") { Description = $"What is fed: {names}" };
        var seconds = new Option<int>("--seconds") { Description = "How long", DefaultValueFactory = _ => 60 };
        var seed = new Option<int>("--seed") { Description = "Number of the series; the same one gives the same inputs", DefaultValueFactory = _ => 1 };
        var failures = new Option<string>("--failures") { Description = "Folder for inputs that fail", DefaultValueFactory = _ => "failures" };
        Option<string[]> seeds = Many("--seeds", "Captures to start from, beside the built-in ones: files, or the folder of a recording of several files");
        var nightly = new Option<double?>("--nightly") { Description = "All targets in turn for so many hours, with another seed each round" };
        var collect = new Option<string?>("--collect") { Description = "Folder that gets the smallest input found for every diagnostic, for the collection that is kept" };
        Option<string[]> replay = Many("--replay", "Reads inputs that were kept, in every way of the target");
        Check(target, name => name is not null && FuzzTargets.Find(name) is not null, $"there is {names}");
        Check(seconds, number => number > 0, "must be more than 0");
        Check(nightly, hours => hours is > 0 and < 1000, "must be more than 0 and less than 1000");
        var command = new RootCommand("Feeds damaged input to the readers of Differ. Status 0: nothing failed; 1: something did; 3: an input had to be ended.")
        {
            target, seconds, seed, failures, seeds, nightly, collect, replay,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(target) is null == result.GetResult(nightly) is null)
            {
                result.AddError("name a --target, or --nightly with hours");
            }
        });
        command.SetAction(words => Run(
            new FuzzRun(words.GetRequiredValue(failures), words.GetValue(collect), output), FuzzTargets.Find(words.GetValue(target) ?? ""), words.GetValue(seed),
            TimeSpan.FromSeconds(words.GetValue(seconds)), TimeSpan.FromHours(words.GetValue(nightly) ?? 0), words.GetValue(seeds) ?? [], words.GetValue(replay) ?? []));
        return command;
    }

    private static int Run(FuzzRun run, FuzzTarget? target, int seed, TimeSpan budget, TimeSpan night, string[] seeds, string[] kept) =>
        target is null ? run.Nightly(night, seed)
        : kept.Length > 0 ? run.Replay(target, kept)
        : run.One(target, seed, budget, seeds);

    private static Option<string[]> Many(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };

    private static void Check<T>(Option<T> option, Func<T, bool> good, string why) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && result.Errors.Any() is false && result.GetValueOrDefault<T>() is { } value && !good(value))
        {
            result.AddError($"{option.Name} {result.Tokens[0].Value}: {why}");
        }
    });
}
