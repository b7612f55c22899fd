using System.Diagnostics;
using Differ.Diff.Conform;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Generation;

namespace Differ.Cli.Conform;

/// <summary>Looks for scenarios that come out otherwise than on the reference, and makes each as small as it gets.</summary>
/// <param name="seed">Which scenarios are made, and in which order; what comes of them plays no part.</param>
/// <param name="open">Opens a judge for each task.</param>
internal sealed class RandomSearch(int seed, Func<IScenarioJudge> open)
{
    private const int MostTries = 400, MostOfAKind = 3;

    private readonly Lock _lock = new();
    private readonly ScenarioGenerator _generator = new(seed);
    private readonly IEnumerator<ScenarioText> _singles = ScenarioGenerator.Singles().GetEnumerator();
    private readonly ReferenceCoverage _coverage = new();
    private readonly List<ScenarioText> _kept = [];
    private readonly Dictionary<ScenarioVerdict, int> _counts = [];
    private readonly Dictionary<string, int> _kinds = new(StringComparer.Ordinal);
    private readonly List<ScenarioResult> _found = [];

    /// <summary>Looks until the time is over or enough scenarios were run.</summary>
    /// <param name="jobs">How many at once.</param>
    /// <param name="time">How long.</param>
    /// <param name="most">How many scenarios at most.</param>
    /// <param name="progress">Is told what share of the time is over; null for nobody.</param>
    /// <param name="cancel">Ends it; what was found is kept.</param>
    public async Task<GeneratedResults> Run(int jobs, TimeSpan time, int most, Action<double>? progress, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, jobs).Select(_ => Task.Run(() => Look(clock, time, most, progress, cancel), CancellationToken.None)));
        return new GeneratedResults(seed, clock.Elapsed, _counts, _coverage.Rules, _found);
    }

    private async Task Look(Stopwatch clock, TimeSpan time, int most, Action<double>? progress, CancellationToken cancel)
    {
        using IScenarioJudge judge = open();
        while (clock.Elapsed < time && !cancel.IsCancellationRequested && Next(most) is { } text)
        {
            try
            {
                ScenarioResult result = await judge.Judge(text, cancel);
                if (Count(result) && result.Verdict is ScenarioVerdict.Departs or ScenarioVerdict.Lost)
                {
                    (ScenarioText small, result) = await Smallest(judge, text, result, cancel);
                    Keep(small, result, text);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }

            progress?.Invoke(clock.Elapsed / time);
        }
    }

    // The reference alone decides what comes next, so that a seed makes the same scenarios on every host.
    private ScenarioText? Next(int most)
    {
        lock (_lock)
        {
            while (_counts.Values.Sum() < most)
            {
                ScenarioText text = _singles.MoveNext() ? _singles.Current : _generator.Next(_kept);
                try
                {
                    if (_coverage.Add(text))
                    {
                        _kept.Add(text);
                    }

                    return text;
                }
                catch (ScenarioException)
                {
                    // The reference cannot run it.
                }
            }

            return null;
        }
    }

    // False where enough of its kind were made smaller.
    private bool Count(ScenarioResult result)
    {
        lock (_lock)
        {
            _counts[result.Verdict] = _counts.GetValueOrDefault(result.Verdict) + 1;
            string kind = $"{result.Verdict} {string.Join('|', ConformReport.PlacesOf(result))}";
            _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
            return _kinds[kind] <= MostOfAKind;
        }
    }

    // What is left of a scenario may decide no rule any more.
    private void Keep(ScenarioText text, ScenarioResult result, ScenarioText before)
    {
        IReadOnlyList<string> rules = ReferenceCoverage.RulesOf(text) is { Count: > 0 } left ? left : ReferenceCoverage.RulesOf(before);
        string about = rules[0];
        ScenarioResult kept = result with
        {
            Title = $"{about}, found with seed {seed}",
            Rules = rules,
            Text = text.Write($"{about}, found with seed {seed}", about),
        };
        string identity = ConformReport.IdentityOf(kept);
        lock (_lock)
        {
            if (_found.All(other => ConformReport.IdentityOf(other) != identity))
            {
                _found.Add(kept);
            }
        }
    }

    // Takes lines and bits away as long as what differs stays among what differed.
    private static async Task<(ScenarioText Text, ScenarioResult Result)> Smallest(IScenarioJudge judge, ScenarioText text, ScenarioResult result, CancellationToken cancel)
    {
        int tries = 0;
        for (bool smaller = true; smaller;)
        {
            smaller = false;
            foreach (ScenarioText candidate in text.WithoutOneLine().Concat(text.WithOneBitLess()))
            {
                if (++tries > MostTries || !CanRun(candidate))
                {
                    continue;
                }

                ScenarioResult now = await judge.Judge(candidate, cancel);
                if (now.Verdict == result.Verdict && ConformReport.PlacesOf(now).IsSubsetOf(ConformReport.PlacesOf(result)))
                {
                    (text, result, smaller) = (candidate, now, true);
                    break;
                }
            }
        }

        return (text, result);
    }

    private static bool CanRun(ScenarioText text)
    {
        try
        {
            ScenarioRun.Of(text.Parse());
            return true;
        }
        catch (ScenarioException)
        {
            return false;
        }
    }
}
