using Differ.Replay;
using Differ.Replay.Rules;
using Differ.Replay.Scenarios.Generation;

namespace Differ.Tests.Replay.Scenarios.Cases;

/// <summary>Scenarios made from the conditions of the rules: the smallest states in which one rule alone refuses VMRUN or raises an exception,
/// at both ends of every run of bits that do, and the states beside them in which nothing does.</summary>
/// <remarks>A rule with a condition of its own has its cases without anything written for it.</remarks>
internal static class ConditionCases
{
    /// <summary>The scenarios, as docs/scenarios.md has them, in the order of the rules.</summary>
    public static string Text() => string.Join('\n', RuleBook.All.SelectMany(Of).Select(static one => one.Program.Write(one.Title, one.Rule)));

    private static IEnumerable<ConditionCase> Of(Rule rule) =>
        rule.Illegal is not null ? VmrunCases.Of(rule) : rule.Raises is { } raised ? raised.Of.SelectMany(instruction => InstructionCases.Of(rule, instruction)) : [];
}

/// <summary>A scenario that shows a rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="What">What the state has, in a few words.</param>
/// <param name="Program">The scenario.</param>
internal sealed record ConditionCase(string Rule, string What, ScenarioText Program)
{
    /// <summary>The title.</summary>
    public string Title => $"{Rule}: {What}";
}

/// <summary>Bits in runs, as the manual writes them.</summary>
internal static class BitRuns
{
    /// <summary>The highest and the lowest bit of every run of neighbours.</summary>
    /// <param name="bits">Bits, in order.</param>
    public static IEnumerable<int> Ends(IReadOnlyList<int> bits) =>
        bits.Where((bit, i) => i == 0 || bits[i - 1] != bit - 1 || i == bits.Count - 1 || bits[i + 1] != bit + 1);
}
