using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;

namespace Differ.Diff.Report;

/// <summary>What is undecided, for a person: a line for each remedy, with what it would show and at how many exits that is missing.</summary>
internal static class UndecidedText
{
    /// <summary>One kind of evidence that is missing.</summary>
    /// <param name="Missing">The evidence.</param>
    /// <param name="Exits">At how many exits.</param>
    /// <param name="Detail">Where, for those who want to know.</param>
    public sealed record Part(EvidenceRow Missing, ulong Exits, string Detail);

    /// <summary>Writes them, what most exits lack first.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="parts">What is missing.</param>
    /// <param name="isVerbose">Whether the details are wanted.</param>
    /// <param name="output">Where to.</param>
    /// <param name="ink">Colours.</param>
    public static void Write(string title, IReadOnlyList<Part> parts, bool isVerbose, TextWriter output, Ink ink)
    {
        output.Write(parts.Count > 0 ? $"\n{ink.Bold("Undecided")}: {title}\n" : "");
        foreach (IGrouping<string, Part> remedy in parts.GroupBy(part => part.Missing.How).OrderByDescending(group => group.Max(part => part.Exits)))
        {
            string lacking = string.Join("; ", remedy.Select(part => $"{part.Missing.What} ({Numbers.Amount(part.Exits, "exit", "exits")})"));
            output.Write($"   {(remedy.Key.Length > 0 ? remedy.Key : "nothing shows it")}: {ink.Dim(lacking)}\n");
            foreach (Part part in remedy.Where(part => isVerbose && part.Detail.Length > 0))
            {
                output.Write($"     {part.Missing.Name}: {part.Detail}\n");
            }
        }
    }

    /// <summary>What one recording lacks.</summary>
    public static IReadOnlyList<Part> Of(DiffResult result) =>
    [
        .. result.Undecided.Select(one => new Part(
            one.Missing, one.Exits,
            $"first {VcpuNames.Of(result.Summary, one.First.Stream)} exit {one.First.Index}{(one.Rules.Count > 0 ? $"; rules {string.Join(", ", one.Rules.Select(item => item.Rule.Id))}" : "")}")),
    ];
}
