using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Rules;

/// <summary>For a person: every rule that was exercised, a line for each group, then the rules that were not and what would exercise them.</summary>
internal sealed class TextCoverage : IFormat<Coverage>
{
    public string Name => "text";

    public void Write(Coverage content, TextWriter output, Ink ink)
    {
        output.Write($"{ink.Bold($"{"rule",-34} {"exercised",12} {"conforms",12} {"undecided",12} {"likely",8} {"diverges",12}  undecided for lack of")}\n");
        foreach (RuleCount count in content.Rules.Where(count => count.Exercised > 0))
        {
            string diverges = $"{Numbers.Plain(count.Departs),12}";
            string lacking = string.Join(", ", count.Lacking.Select(share => $"{share.Missing.Name} {Numbers.Plain(share.Count)}"));
            output.Write($"{count.Rule.Id,-34} {Numbers.Plain(count.Exercised),12} {Numbers.Plain(count.Conforms),12} "
                + $"{Numbers.Plain(count.Undecided),12} {Numbers.Plain(count.Likely),8} {(count.Departs > 0 ? ink.Bad(diverges) : diverges)}  {lacking}".TrimEnd() + "\n");
        }

        output.Write($"\n{ink.Bold($"{"group",-74} {"rules",5} {"exercised",9} {"conforms",12} {"undecided",12} {"likely",8} {"diverges",12}")}\n");
        foreach (GroupCoverage group in content.Groups)
        {
            WriteTotals(output, $"{group.Letter} {group.Title}", group.Rules);
        }

        WriteTotals(output, $"total of {content.Inputs} {(content.Inputs == 1 ? "recording" : "recordings")}{(content.Unread > 0 ? $", {content.Unread} not read" : "")}", [.. content.Rules]);
        WriteNever([.. content.Rules.Where(count => count.Exercised == 0)], output, ink);
    }

    private static void WriteTotals(TextWriter output, string label, IReadOnlyCollection<RuleCount> rules)
    {
        ulong[] totals = GroupCoverage.Totals(rules);
        output.Write($"{label,-74} {totals[0],5} {totals[1],9} {Numbers.Plain(totals[2]),12} {Numbers.Plain(totals[3]),12} {Numbers.Plain(totals[4]),8} {Numbers.Plain(totals[5]),12}\n");
    }

    private static void WriteNever(IReadOnlyList<RuleCount> never, TextWriter output, Ink ink)
    {
        if (never.Count == 0)
        {
            return;
        }

        output.Write($"\n{ink.Bold("Never exercised")} (what would exercise them)\n");
        foreach (RuleCount count in never)
        {
            output.Write($"{count.Rule.Id,-34} {count.Rule.Evidence}\n");
        }
    }
}
