using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Several captures for a person: a line each, then every class of divergences once, in full for its first occurrence.</summary>
internal static class TextSet
{
    private const int MostNames = 8;
    private const int WordWidth = 12;

    public static void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        int width = findings.Checked.Select(capture => capture.Name).Concat(findings.Unread.Select(unread => unread.Name)).Select(name => PlainText.Of(name).Length).DefaultIfEmpty().Max();
        foreach (CheckedCapture capture in findings.Checked)
        {
            RecordingVerdict verdict = capture.Verdict;
            output.Write($"{TextCapture.Coloured(verdict.Outcome, $"{verdict.Word,-WordWidth}", ink)}  {PlainText.Of(capture.Name).PadRight(width)}  {Line(capture)}\n");
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            output.Write($"{ink.Warn($"{"unread",-WordWidth}")}  {PlainText.Of(unread.Name).PadRight(width)}  {PlainText.Of(unread.Message)}\n");
        }

        IReadOnlyList<FindingClass> classes = findings.Classes();
        WriteClasses([.. classes.Where(one => one.State is FindingState.Diverges or FindingState.NotCounted)], output, ink);
        FindingClass[] likely = [.. classes.Where(one => one.State == FindingState.Likely)];
        output.Write(likely.Length > 0 ? $"\n{ink.Bold("Likely")} (departures if what they assume is so)\n" : "");
        WriteClasses(likely, output, ink);
        WriteKnown(classes, FindingState.Accepted, "Accepted", "by the baseline; no findings", output, ink);
        WriteKnown(classes, FindingState.Ignored, "Ignored", "rules that the configuration ignores; no findings", output, ink);
        WriteKnown(classes, FindingState.Documented, "Known departures of KVM", "documented; no findings", output, ink);
        WriteEndings(findings, output, ink);
        WriteUndecided(findings, output, ink);
        WriteLeftOut(findings, output, ink);
        string policy = SetWords.Of(findings.Policy);
        output.Write(policy.Length > 0 ? $"\npolicy: {PlainText.Of(policy)}\n" : "");
        output.Write($"\n{SetWords.Sum(findings)}\n");
    }

    /// <summary>Writes what was found beside the captures and not judged; nothing where all was.</summary>
    public static void WriteLeftOut(FindingSet findings, TextWriter output, Ink ink)
    {
        output.Write(findings.LeftOut.Count > 0 ? $"\n{ink.Bold("Left out")} (found in a folder, not judged)\n" : "");
        foreach (LeftOutCapture one in findings.LeftOut)
        {
            output.Write($"   {PlainText.Of(one.Name)}: {PlainText.Of(one.Reason)}\n");
        }
    }

    private static string Line(CheckedCapture capture)
    {
        DiffResult result = capture.Result;
        RecordingVerdict verdict = capture.Verdict;
        return $"grade {CaptureQuality.Of(result).Grade}, {Numbers.Amount(result.Summary.Exits, "exit", "exits")}"
            + $", {Numbers.Grouped(result.CountOf(Verdict.Undecided))} undecided"
            + (result.Diverges ? $", {Numbers.Grouped(result.CountOf(Verdict.Diverges))} diverge in {Numbers.Amount((ulong)result.Divergences.Count, "class", "classes")}" : "")
            + (result.Likely.Count > 0 ? $", {Numbers.Grouped(result.CountOf(Verdict.Likely))} likely diverge in {Numbers.Amount((ulong)result.Likely.Count, "class", "classes")}" : "")
            + (verdict.Lacks.Any() ? $"; {string.Join("; ", verdict.Lacks.Select(reason => reason.Text))}" : "");
    }

    private static void WriteClasses(FindingClass[] classes, TextWriter output, Ink ink)
    {
        for (int i = 0; i < classes.Length; i++)
        {
            DiffResult result = classes[i].Lead.Capture.Result;
            TextCapture.WriteDivergence(result, classes[i].Class, i + 1, new ExitPrinter(result.Header, result.Texts), output, ink);
            output.Write($"   in       {FindingWords.Names(classes[i], MostNames)}\n");
        }
    }

    private static void WriteKnown(IReadOnlyList<FindingClass> classes, FindingState state, string title, string what, TextWriter output, Ink ink)
    {
        FindingClass[] shown = [.. classes.Where(one => one.State == state)];
        output.Write(shown.Length > 0 ? $"\n{ink.Bold(title)} ({what})\n" : "");
        foreach (FindingClass known in shown)
        {
            output.Write($"   {known.Class.Rule.Id}  {known.Class.Rule.Citation}  {Numbers.Amount(known.Count, "time", "times")}\n");
            output.Write($"     {known.Class.Known}\n     {ink.Dim("in")} {FindingWords.Names(known, MostNames)}\n");
        }
    }

    private static void WriteEndings(FindingSet findings, TextWriter output, Ink ink)
    {
        string[] endings = [.. findings.Checked.SelectMany(capture => FindingWords.Endings(capture.Result), (capture, ending) => $"{PlainText.Of(capture.Name)}: {ending}")];
        output.Write(endings.Length > 0 ? $"\n{ink.Bold("How VMs ended")}\n" : "");
        foreach (string ending in endings)
        {
            output.Write($"   {ending}\n");
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
