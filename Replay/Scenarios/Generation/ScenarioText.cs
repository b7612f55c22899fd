using System.Numerics;

namespace Differ.Replay.Scenarios.Generation;

/// <summary>A scenario as its lines: what a generator puts together, and what can be taken away line by line.</summary>
/// <param name="Setup">What changes the machine before the program starts, a setting in each line.</param>
/// <param name="L1">L1's program.</param>
/// <param name="L2">L2's program.</param>
public sealed record ScenarioText(IReadOnlyList<string> Setup, IReadOnlyList<string> L1, IReadOnlyList<string> L2)
{
    /// <summary>How many lines it has, without those that only start a part.</summary>
    public int Count => Setup.Count + L1.Count + L2.Count;

    /// <summary>The text that docs/scenarios.md describes.</summary>
    /// <param name="title">The title, one line.</param>
    /// <param name="rules">The rules that it shows.</param>
    public string Write(string title, params IEnumerable<string> rules)
    {
        string[] shown = [.. rules];
        string[] lines =
        [
            $"scenario {title}", .. shown.Length > 0 ? [$"rule {string.Join(' ', shown)}"] : Array.Empty<string>(), .. Setup,
            "L1:", .. L1.Select(static line => $"  {line}"), "L2:", .. L2.Select(static line => $"  {line}"),
        ];
        return string.Join('\n', lines) + "\n";
    }

    /// <summary>The scenario.</summary>
    /// <exception cref="ScenarioException">A line that is not understood.</exception>
    public Scenario Parse()
    {
        using var text = new StringReader(Write("generated"));
        return ScenarioParser.Parse(text)[0];
    }

    /// <summary>The texts that lack one of its lines.</summary>
    public IEnumerable<ScenarioText> WithoutOneLine()
    {
        foreach (int i in Enumerable.Range(0, Setup.Count))
        {
            yield return this with { Setup = Without(Setup, i) };
        }

        foreach (int i in Enumerable.Range(0, L2.Count))
        {
            yield return this with { L2 = Without(L2, i) };
        }

        foreach (int i in Enumerable.Range(0, L1.Count))
        {
            yield return this with { L1 = Without(L1, i) };
        }
    }

    /// <summary>The texts in which one setting is nearer to what the machine starts with by a bit.</summary>
    public IEnumerable<ScenarioText> WithOneBitLess()
    {
        for (int i = 0; i < Setup.Count; i++)
        {
            if (StartingState.Read(Setup[i]) is not ({ } name, var value, var start))
            {
                continue;
            }

            // A single bit less is the line less.
            for (ulong differ = BitOperations.IsPow2(value ^ start) ? 0 : value ^ start; differ != 0; differ &= differ - 1)
            {
                ulong bit = 1UL << BitOperations.TrailingZeroCount(differ);
                yield return this with { Setup = [.. Setup.Take(i), $"{name}=0x{value ^ bit:x}", .. Setup.Skip(i + 1)] };
            }
        }
    }

    private static string[] Without(IReadOnlyList<string> lines, int at) => [.. lines.Take(at), .. lines.Skip(at + 1)];
}
