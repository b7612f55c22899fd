using System.CommandLine;
using System.Globalization;

namespace Differ.Mutants;

/// <summary>Puts small faults into Replay, one at a time, and tells which of them the tests do not notice.</summary>
internal static class MutantsCommand
{
    private const int Good = 0, BelowGoal = 1, Unusable = 2;

    private static readonly string[] Folders = ["Replay/Manual", "Replay/Kvm", "Replay/State", "Replay/Rules", "Replay/Model"];

    /// <summary>Does what the command line asks for.</summary>
    /// <param name="words">The command line.</param>
    /// <param name="output">Where survivors and the table go.</param>
    /// <param name="errors">Where a complaint goes, in a line each.</param>
    /// <returns>The status of the process.</returns>
    public static int Run(string[] words, TextWriter output, TextWriter errors)
    {
        if (words is ["work", var tests, var replaced, var classes])
        {
            return TestWorker.Run(tests, replaced, classes.Split(','), output);
        }

        ParseResult parsed = Build(output, errors).Parse(words);
        foreach (System.CommandLine.Parsing.ParseError error in parsed.Errors)
        {
            errors.WriteLine($"Differ.Mutants: {error.Message}");
        }

        try
        {
            return parsed.Errors.Count > 0 ? Unusable
                : parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = errors });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            errors.WriteLine($"Differ.Mutants: {e.Message}");
            return Unusable;
        }
    }

    private static RootCommand Build(TextWriter output, TextWriter errors)
    {
        var sample = new Option<int>("--sample") { Description = "How many mutants are drawn", DefaultValueFactory = _ => 100 };
        var seed = new Option<int>("--seed") { Description = "Number of the draw; the same one gives the same mutants", DefaultValueFactory = _ => 1 };
        var all = new Option<bool>("--all") { Description = "Every mutant" };
        var list = new Option<bool>("--list") { Description = "Lists the chosen mutants and runs nothing" };
        var only = new Option<string[]>("--only") { Description = "Only the mutants with these ids", AllowMultipleArgumentsPerToken = true };
        var file = new Option<string>("--file") { Description = "Only mutants of files whose path has this in it", DefaultValueFactory = _ => "" };
        var near = new Option<bool>("--near") { Description = "Runs only the quick classes of tests/Replay" };
        var named = new Option<string>("--class") { Description = "Runs only test classes whose name has this in it", DefaultValueFactory = _ => "" };
        var jobs = new Option<int>("--jobs") { Description = "How many mutants run at a time", DefaultValueFactory = _ => 2 };
        var goal = new Option<int>("--goal") { Description = "Percent of the mutants that must be killed for status 0", DefaultValueFactory = _ => 90 };
        var built = new Option<string?>("--tests") { Description = "The folder with the built tests" };
        var command = new RootCommand("Puts small faults into Replay, one at a time, and tells which of them the tests do not notice. Status 0: the goal is reached; 1: it is not; 2: nothing could be measured.")
        {
            sample, seed, all, list, only, file, near, named, jobs, goal, built,
        };
        command.SetAction(words =>
        {
            string root = Root();
            string folder = Path.GetFullPath(words.GetValue(built) ?? Path.Combine(root, "tests", "bin", "Release", "net10.0"));
            string tests = Path.Combine(folder, "Differ.Tests.dll");
            if (!File.Exists(tests))
            {
                throw new FileNotFoundException($"{tests} is missing: dotnet build -c Release");
            }

            var build = new MutantBuild(root, "Replay", folder);
            IReadOnlyList<Mutant> every = build.Mutants(Folders);
            var equivalents = new Equivalents(Path.Combine(root, "tests", "Mutants", "equivalent.txt"));
            string[] stale = [.. equivalents.Stale(every)];
            if (stale.Length > 0)
            {
                throw new InvalidDataException($"equivalent.txt has rows without a mutant: {string.Join("; ", stale)}");
            }

            Mutant[] chosen = Choose(every, words.GetValue(only) ?? [], words.GetValue(file) ?? "", words.GetValue(all) ? int.MaxValue : words.GetValue(sample), words.GetValue(seed));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{every.Count} mutants, {chosen.Length} chosen, seed {words.GetValue(seed)}"));
            if (words.GetValue(list))
            {
                Array.ForEach(chosen, output.WriteLine);
                return Good;
            }

            DirectoryInfo scratch = Directory.CreateTempSubdirectory("differ-mutants-");
            try
            {
                var run = new MutantRun(build, tests, scratch.FullName, words.GetValue(near), words.GetValue(named) ?? "");
                if (run.Control() is { } failed)
                {
                    errors.WriteLine($"Differ.Mutants: without a fault the tests fail: {failed}");
                    return Unusable;
                }

                Result[] results = Measure(run, chosen, equivalents, Math.Max(1, words.GetValue(jobs)), output);
                Figures.Write(results, output);
                return Figures.Percent(results) >= words.GetValue(goal) ? Good : BelowGoal;
            }
            finally
            {
                scratch.Delete(true);
            }
        });
        return command;
    }

    private static Mutant[] Choose(IReadOnlyList<Mutant> every, string[] only, string file, int count, int seed)
    {
        Mutant[] chosen = [.. every.Where(one => one.File.Contains(file, StringComparison.Ordinal) && (only.Length == 0 || only.Contains(one.Id)))];
        if (only.Length == 0 && count < chosen.Length)
        {
            new Random(seed).Shuffle(chosen);
            chosen = chosen[..count];
        }

        return chosen;
    }

    private static Result[] Measure(MutantRun run, Mutant[] chosen, Equivalents equivalents, int jobs, TextWriter output)
    {
        var results = new Result[chosen.Length];
        Parallel.For(0, chosen.Length, new ParallelOptions { MaxDegreeOfParallelism = jobs }, at =>
        {
            results[at] = equivalents.Has(chosen[at]) ? new Result(chosen[at], Fate.Equivalent, "") : run.Of(chosen[at]);
            lock (output)
            {
                output.WriteLine($"{results[at].Fate,-11} {chosen[at].Id} {chosen[at].File}: {chosen[at].Kind} {results[at].By}");
                output.Flush();
            }
        });
        return results;
    }

    private static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Differ.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new DirectoryNotFoundException("Differ.sln is in no folder above this program");
    }
}
