namespace Differ.Replay.Scenarios;

/// <summary>A scenario that cannot be read.</summary>
/// <param name="line">Line, from 1.</param>
/// <param name="problem">What is wrong and what to do.</param>
public sealed class ScenarioException(int line, string problem) : Exception($"line {line}: {problem}")
{
    /// <summary>Line, from 1.</summary>
    public int Line { get; } = line;
}
