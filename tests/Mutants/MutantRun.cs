using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Differ.Mutants;

/// <summary>What came of a mutant.</summary>
internal enum Fate
{
    /// <summary>A test failed, crashed or ran without end.</summary>
    Killed,

    /// <summary>All tests passed.</summary>
    Alive,

    /// <summary>Listed as one that no test can kill; not run.</summary>
    Equivalent,

    /// <summary>The compiler refuses it.</summary>
    NotCompiled,
}

/// <summary>A mutant and what came of it.</summary>
/// <param name="Mutant">The mutant.</param>
/// <param name="Fate">What came of it.</param>
/// <param name="By">The test that failed.</param>
internal sealed record Result(Mutant Mutant, Fate Fate, string By);

/// <summary>Runs the tests against mutants: near and cheap classes first, then the others, until one fails.</summary>
/// <param name="build">Makes the assemblies.</param>
/// <param name="tests">The assembly with the tests.</param>
/// <param name="scratch">An empty folder for the mutants.</param>
/// <param name="near">Whether only the classes beside the code are run, and of these only the quick ones.</param>
/// <param name="named">What the name of a class must have in it.</param>
internal sealed class MutantRun(MutantBuild build, string tests, string scratch, bool near, string named)
{
    private const string Near = "Differ.Tests.Replay.";
    private const double Slow = 20, SlowOfNear = 8;

    // Those that can tell a mutant from the product: in this process, through Replay.
    private static readonly string[] Far = ["Differ.Tests.Diff.", "Differ.Tests.EndToEnd.", "Differ.Tests.Cli."];

    // They start processes of the product as it was built, read other code than Replay's, or search for long what other classes find at once.
    private static readonly string[] Elsewhere = ["Process", "ConformVerb", "Fuzz", "GitBisect", "Console", "CiWorkflow", "Live", "Browse", "Robustness", "Alteration", "Mutant", "RuleNeeds"];

    private readonly ConcurrentDictionary<string, double> _seconds = new();
    private readonly ConcurrentDictionary<string, int> _kills = new();

    /// <summary>Runs all classes without a fault, and measures them.</summary>
    /// <returns>What failed; null where all passed.</returns>
    public string? Control()
    {
        string path = Path.Combine(scratch, "control", build.Name + ".dll");
        if (build.Write(null, path) is { } error)
        {
            return error;
        }

        IEnumerable<string> classes = TestWorker.Classes(tests).Where(one => one.Contains(named, StringComparison.Ordinal) && (one.StartsWith(Near, StringComparison.Ordinal)
            || (!near && Far.Any(far => one.StartsWith(far, StringComparison.Ordinal)))) && !Elsewhere.Any(other => one.Contains(other, StringComparison.Ordinal))
            && !(near && one.EndsWith("RulesAndModelTests", StringComparison.Ordinal)));
        return Work(path, classes, TimeSpan.FromMinutes(20));
    }

    /// <summary>Runs the classes against one mutant.</summary>
    public Result Of(Mutant mutant)
    {
        string folder = Path.Combine(scratch, $"{mutant.Id}");
        try
        {
            string path = Path.Combine(folder, build.Name + ".dll");
            if (build.Write(mutant, path) is { } error)
            {
                return new Result(mutant, Fate.NotCompiled, error);
            }

            string topic = Path.GetFileNameWithoutExtension(mutant.File);
            IEnumerable<string> order = _seconds.Where(one => one.Value < (near ? SlowOfNear : Slow) || one.Key.StartsWith(Near, StringComparison.Ordinal))
                .OrderByDescending(one => (one.Key.EndsWith($".{topic}Tests", StringComparison.Ordinal) ? 10 : 0)
                    + ((_kills.GetValueOrDefault(one.Key) + (one.Key.StartsWith(Near, StringComparison.Ordinal) ? 1 : 0.02)) / (one.Value + 0.2)))
                .Select(static one => one.Key);
            string? by = Work(path, order, TimeSpan.FromSeconds(30 + (4 * _seconds.Values.Sum())));
            return new Result(mutant, by is null ? Fate.Alive : Fate.Killed, by ?? "");
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, true);
            }
        }
    }

    private string? Work(string replaced, IEnumerable<string> classes, TimeSpan limit)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { typeof(MutantRun).Assembly.Location, "work", tests, replaced, string.Join(',', classes) },
            Environment = { ["DOTNET_TieredPGO"] = "0" },
        };
        using Process process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        Task<string?> reading = Task.Run(() => Read(process.StandardOutput));
        if (!process.WaitForExit(limit))
        {
            process.Kill(true);
            return "no end";
        }

        string? failed = reading.Result;
        return process.ExitCode == TestWorker.Passed ? null : failed ?? string.Create(CultureInfo.InvariantCulture, $"crash, status {process.ExitCode}");
    }

    private string? Read(StreamReader lines)
    {
        string? failed = null;
        while (lines.ReadLine() is { } line)
        {
            string[] parts = line.Split(' ', 3);
            if (parts is ["class", var name, var seconds])
            {
                _seconds.TryAdd(name, double.Parse(seconds, CultureInfo.InvariantCulture));
            }
            else if (parts is ["failed", var broken, var test])
            {
                _kills.AddOrUpdate(broken, 1, static (_, before) => before + 1);
                failed = test;
            }
        }

        return failed;
    }
}
