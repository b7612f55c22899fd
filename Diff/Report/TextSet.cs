using Differ.Diff.Compare;
using Differ.Diff.Findings;
using Differ.Diff.Report.Ci;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Several captures for a person: a line each, then every class of divergences once, in full for its first occurrence.</summary>
internal static class TextSet
{
    private const int MostNames = 8;

    /// <summary>Writes them.</summary>
    public static void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        int width = findings.Checked.Select(capture => capture.Name).Concat(findings.Unread.Select(unread => unread.Name)).Select(name => PlainText.Of(name).Length).DefaultIfEmpty().Max();
        foreach (CheckedCapture capture in findings.Checked)
        {
            string word = $"{(capture.Fails ? "diverges" : "clean"),-8}";
            output.Write($"{(capture.Fails ? ink.Bad(word) : ink.Good(word))}  {PlainText.Of(capture.Name).PadRight(width)}  {Line(capture.Result)}\n");
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            output.Write($"{ink.Warn($"{"unread",-8}")}  {PlainText.Of(unread.Name).PadRight(width)}  {PlainText.Of(unread.Message)}\n");
        }

        IReadOnlyList<FindingClass> classes = findings.Classes();
        WriteClasses([.. classes.Where(one => one.State == FindingState.Failing)], output, ink);
        WriteKnown([.. classes.Where(one => one.State is FindingState.Accepted or FindingState.Documented)], output, ink);
        WriteUndecided(findings, output, ink);
        output.Write($"\n{SetWords.Sum(findings)}\n");
    }

    private static string Line(DiffResult result) =>
        $"grade {CaptureQuality.Of(result).Grade}, {Numbers.Amount(result.Summary.Exits, "exit", "exits")}"
        + $", {Numbers.Grouped(result.CountOf(Verdict.Undecided))} undecided"
        + (result.Diverges ? $", {Numbers.Grouped(result.CountOf(Verdict.Diverges))} diverge in {Numbers.Amount((ulong)result.Divergences.Count, "class", "classes")}" : "");

    private static void WriteClasses(IReadOnlyList<FindingClass> classes, TextWriter output, Ink ink)
    {
        for (int i = 0; i < classes.Count; i++)
        {
            DiffResult result = classes[i].Lead.Capture.Result;
            TextCapture.WriteDivergence(result, classes[i].Class, i + 1, new ExitPrinter(result.Header, result.Texts), output, ink);
            output.Write($"   in       {FindingWords.Names(classes[i], MostNames)}\n");
        }
    }

    private static void WriteKnown(IReadOnlyList<FindingClass> classes, TextWriter output, Ink ink)
    {
        output.Write(classes.Count > 0 ? $"\n{ink.Bold("Known departures")} (documented by KVM or accepted; no findings)\n" : "");
        foreach (FindingClass known in classes)
        {
            output.Write($"   {known.Class.Rule.Id}  {known.Class.Rule.Citation}  {Numbers.Amount(known.Count, "time", "times")}\n");
            output.Write($"     {known.Class.Known}\n     {ink.Dim("in")} {FindingWords.Names(known, MostNames)}\n");
        }
    }

    private static void WriteUndecided(FindingSet findings, TextWriter output, Ink ink)
    {
        IReadOnlyList<UndecidedShare> undecided = findings.Undecided();
        output.Write(undecided.Count > 0 ? $"\n{ink.Bold("Undecided")} (what would decide it)\n" : "");
        foreach (UndecidedShare share in undecided)
        {
            output.Write($"   {Numbers.Amount(share.Exits, "exit", "exits")} of {Numbers.Amount((ulong)share.Captures, "capture", "captures")}: {share.Missing.What}\n");
            output.Write(share.Missing.How.Length > 0 ? $"     {ink.Dim("get it")} {share.Missing.How}\n" : "");
        }
    }
}
