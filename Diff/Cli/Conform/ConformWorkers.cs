using System.Globalization;
using Differ.Diff.Conform;

namespace Differ.Cli.Conform;

/// <summary>Runs scenarios in processes of their own: one that hangs or dies is a result.</summary>
/// <param name="words">The words of the command that started this one, without options of its output.</param>
/// <param name="scenarios">What is to be run.</param>
internal sealed class ConformWorkers(IReadOnlyList<string> words, IReadOnlyList<PlacedScenario> scenarios)
{
    private readonly ScenarioResult[] _results = new ScenarioResult[scenarios.Count];
    private int _next = -1;

    /// <summary>Runs all of them.</summary>
    /// <param name="jobs">How many processes.</param>
    /// <param name="progress">Is told how many are done; null for nobody.</param>
    /// <param name="cancel">Ends the work and every process.</param>
    public async Task<IReadOnlyList<ScenarioResult>> Run(int jobs, Action<int>? progress, CancellationToken cancel)
    {
        await Task.WhenAll(Enumerable.Range(0, Math.Min(jobs, scenarios.Count)).Select(_ => Serve(progress, cancel)));
        return _results;
    }

    /// <summary>The other side: reads numbers of scenarios, or texts in JSON, a line each, and answers each with a line.</summary>
    public static void Work(KvmConformance kvm, IReadOnlyList<PlacedScenario> scenarios, TextReader asked, TextWriter answers)
    {
        while (asked.ReadLine() is { } line)
        {
            answers.WriteLine(ResultLine.Of(GeneratedScenario.IsAsked(line)
                ? GeneratedScenario.Judge(line, kvm.Judge) : kvm.Judge(scenarios[int.Parse(line, CultureInfo.InvariantCulture)])));
            answers.Flush();
        }
    }

    private async Task Serve(Action<int>? progress, CancellationToken cancel)
    {
        await Task.Yield();
        ConformWorker? worker = null;
        try
        {
            for (int number; (number = Interlocked.Increment(ref _next)) < scenarios.Count; progress?.Invoke(number))
            {
                worker ??= new ConformWorker(words);
                if (await worker.Ask($"{number}", cancel) is { } line)
                {
                    _results[number] = ResultLine.Read(line, scenarios[number]);
                    continue;
                }

                _results[number] = scenarios[number].Result(ScenarioVerdict.Lost, worker.End(), []);
                worker = null;
            }
        }
        finally
        {
            worker?.Dispose();
        }
    }
}
