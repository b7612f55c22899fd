using Differ.Diff.Conform;
using Differ.Diff.Results;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Generation;

namespace Differ.Cli.Conform;

/// <summary>Says what comes of a generated scenario.</summary>
internal interface IScenarioJudge : IDisposable
{
    /// <summary>Runs it and compares.</summary>
    Task<ScenarioResult> Judge(ScenarioText text, CancellationToken cancel);
}

/// <summary>On this host's KVM, in a process that may die.</summary>
/// <param name="words">The words of the command that started this one, without options of its output.</param>
internal sealed class KvmJudge(IReadOnlyList<string> words) : IScenarioJudge
{
    private ConformWorker? _worker;

    /// <inheritdoc/>
    public async Task<ScenarioResult> Judge(ScenarioText text, CancellationToken cancel)
    {
        var asked = new PlacedScenario(GeneratedScenario.Source, text.Parse());
        _worker ??= new ConformWorker(words);
        if (await _worker.Ask(GeneratedScenario.Line(text.Write(GeneratedScenario.Source)), cancel) is { } line)
        {
            return ResultLine.Read(line, asked);
        }

        string how = _worker.End();
        _worker = null;
        return asked.Result(ScenarioVerdict.Lost, how, []);
    }

    /// <inheritdoc/>
    public void Dispose() => _worker?.Dispose();
}

/// <summary>On the reference alone: what its processor does is held against its rules, which must agree.</summary>
internal sealed class ModelJudge : IScenarioJudge
{
    /// <inheritdoc/>
    public Task<ScenarioResult> Judge(ScenarioText text, CancellationToken cancel)
    {
        var asked = new PlacedScenario(GeneratedScenario.Source, text.Parse());
        try
        {
            (ScenarioRun run, DiffResult judged) = RecordedScenario.Judge(asked.Scenario);
            StateDifference[] broken = [.. judged.Divergences.Concat(judged.Likely).Select(static found =>
                new StateDifference($"rule {found.Rule.Id}", string.Join(", or ", found.First.Expected), string.Join("; ", found.First.Recorded.Select(static part => part.Text))))];
            return Task.FromResult(
                run.OpenBecause is { } open ? asked.Result(ScenarioVerdict.Undefined, open, [])
                : asked.Result(broken.Length > 0 ? ScenarioVerdict.Departs : ScenarioVerdict.Agrees, "", broken));
        }
        catch (ScenarioException unknown)
        {
            return Task.FromResult(asked.Result(ScenarioVerdict.Undefined, unknown.Message, []));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // It holds nothing.
    }
}
