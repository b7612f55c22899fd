using System.Globalization;

namespace Differ.Mutants;

/// <summary>The table of a run, and its survivors.</summary>
internal static class Figures
{
    /// <summary>How many of the mutants that matter were killed, in percent; 100 where there are none.</summary>
    public static double Percent(IReadOnlyCollection<Result> results)
    {
        int killed = results.Count(static one => one.Fate == Fate.Killed), alive = results.Count(static one => one.Fate == Fate.Alive);
        return killed + alive == 0 ? 100 : 100.0 * killed / (killed + alive);
    }

    /// <summary>Writes the survivors, and a table in Markdown.</summary>
    public static void Write(IReadOnlyCollection<Result> results, TextWriter output)
    {
        foreach (Result alive in results.Where(static one => one.Fate == Fate.Alive).OrderBy(static one => one.Mutant.File, StringComparer.Ordinal).ThenBy(static one => one.Mutant.Line))
        {
            output.WriteLine($"alive {alive.Mutant}");
        }

        output.WriteLine();
        output.WriteLine("| folder | killed | alive | equivalent | did not compile | killed of those that matter |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|");
        foreach (IGrouping<string, Result> folder in results.GroupBy(static one => one.Mutant.Folder).OrderBy(static one => one.Key, StringComparer.Ordinal))
        {
            Row(folder.Key, [.. folder], output);
        }

        Row("all", results, output);
    }

    private static void Row(string name, IReadOnlyCollection<Result> results, TextWriter output)
    {
        int Count(Fate fate) => results.Count(one => one.Fate == fate);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {Count(Fate.Killed)} | {Count(Fate.Alive)} | {Count(Fate.Equivalent)} | {Count(Fate.NotCompiled)} | {Percent(results):f0} % |"));
    }
}
