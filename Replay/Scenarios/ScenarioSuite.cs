using System.Reflection;

namespace Differ.Replay.Scenarios;

/// <summary>The scenarios that come with Differ, in the manual's words, in the order of its groups.</summary>
public static class ScenarioSuite
{
    private const string Prefix = "suite/";

    /// <summary>The names of its files.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Own.GetManifestResourceNames().Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(static name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    private static Assembly Own => typeof(ScenarioSuite).Assembly;

    /// <summary>The scenarios of one file.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static IReadOnlyList<Scenario> Read(string name)
    {
        using var text = new StreamReader(Own.GetManifestResourceStream(Prefix + name)!);
        return ScenarioParser.Parse(text);
    }
}
