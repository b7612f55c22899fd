using System.Diagnostics;
using System.Globalization;
using Differ.Diff.Conform;

namespace Differ.Cli.Conform;

/// <summary>Runs scenarios in processes of their own: one that hangs or dies is a result, and costs no other.</summary>
/// <param name="words">The words of the command that started this one, without options of its output.</param>
/// <param name="scenarios">What is to be run.</param>
internal sealed class ConformWorkers(IReadOnlyList<string> words, IReadOnlyList<PlacedScenario> scenarios)
{
    /// <summary>The option by which a worker is known.</summary>
    public const string Option = "--worker";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30), Patience = TimeSpan.FromSeconds(1);

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

    /// <summary>The other side: reads numbers of scenarios, a line each, and answers each with a line.</summary>
    public static void Work(KvmConformance kvm, IReadOnlyList<PlacedScenario> scenarios, TextReader asked, TextWriter answers)
    {
        while (asked.ReadLine() is { } line)
        {
            answers.WriteLine(ResultLine.Of(kvm.Judge(scenarios[int.Parse(line, CultureInfo.InvariantCulture)])));
            answers.Flush();
        }
    }

    private async Task Serve(Action<int>? progress, CancellationToken cancel)
    {
        await Task.Yield();
        Process? worker = null;
        try
        {
            for (int number; (number = Interlocked.Increment(ref _next)) < scenarios.Count; progress?.Invoke(number))
            {
                worker ??= Start();
                if (await Ask(worker, number, cancel) is { } result)
                {
                    _results[number] = result;
                    continue;
                }

                _results[number] = scenarios[number].Result(ScenarioVerdict.Lost, End(worker), []);
                worker = null;
            }
        }
        finally
        {
            if (worker is not null)
            {
                End(worker);
            }
        }
    }

    // Null where the worker died or does not answer.
    private async Task<ScenarioResult?> Ask(Process worker, int number, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Longest);
        try
        {
            await worker.StandardInput.WriteLineAsync($"{number}".AsMemory(), limit.Token);
            await worker.StandardInput.FlushAsync(limit.Token);
            return await worker.StandardOutput.ReadLineAsync(limit.Token) is { } line ? ResultLine.Read(line, scenarios[number]) : null;
        }
        catch (IOException)
        {
            return null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    // Returns how it ended.
    private static string End(Process worker)
    {
        const int SignalBase = 128;
        using (worker)
        {
            worker.StandardInput.Close();
            if (!worker.WaitForExit(Patience))
            {
                worker.Kill();
                worker.WaitForExit();
                return $"no answer in {Longest.TotalSeconds:f0} seconds";
            }

            return worker.ExitCode > SignalBase ? $"the process that ran it died of signal {worker.ExitCode - SignalBase}" : $"the process that ran it ended with status {worker.ExitCode}";
        }
    }

    // The program itself, or the runtime with it.
    private Process Start()
    {
        string program = Environment.GetCommandLineArgs()[0];
        string[] own = program.EndsWith(".dll", StringComparison.Ordinal) ? [program] : [];
        return Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [.. own, "conform", Option, .. words])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
    }
}
