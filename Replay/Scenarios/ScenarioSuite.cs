using System.Reflection;

namespace Differ.Replay.Scenarios;

/// <summary>The scenarios that come with Differ, in the manual's words, in the order of its groups.</summary>
public static class ScenarioSuite
{
    /// <summary>The file with the cases of the rules.</summary>
    public const string Cases = "cases-of-rules.txt";

    private const string Prefix = "suite/";

    /// <summary>The names of its files.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Own.GetManifestResourceNames().Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(static name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    private static Assembly Own => typeof(ScenarioSuite).Assembly;

    /// <summary>The scenarios of one file.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    public static IReadOnlyList<Scenario> Read(string name) => ReadResource(Prefix + name);

    /// <summary>The scenarios that are made from the conditions of the rules: the smallest states in which one rule alone decides, and those beside them.</summary>
    public static IReadOnlyList<Scenario> ReadCases() => ReadResource(Cases);

    private static IReadOnlyList<Scenario> ReadResource(string name)
    {
        using var text = new StreamReader(Own.GetManifestResourceStream(name)!);
        return ScenarioParser.Parse(text);
    }
}
