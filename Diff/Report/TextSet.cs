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
    private const int UnreadRank = 2;

    public static void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        output.Write($"{SetWords.Sum(findings)}\n\n");
        WriteCaptures(findings, output, ink);
        IReadOnlyList<FindingClass> classes = findings.Classes();
        WriteClasses([.. classes.Where(one => one.State is FindingState.Diverges or FindingState.NotCounted)], output, ink);
        FindingClass[] likely = [.. classes.Where(one => one.State == FindingState.Likely)];
        output.Write(likely.Length > 0 ? $"\n{ink.Bold("Likely")} (divergences if what they assume holds)\n" : "");
        WriteClasses(likely, output, ink);
        WriteKnown(classes, FindingState.Accepted, "Accepted", "by the baseline; no findings", output, ink);
        WriteKnown(classes, FindingState.Ignored, "Ignored", "rules that the configuration ignores; no findings", output, ink);
        WriteKnown(classes, FindingState.Documented, "Documented divergences of KVM", "no findings", output, ink);
        WriteEndings(findings, output, ink);
        ulong exits = Sum(findings.Checked, result => result.Summary.Exits), undecided = Sum(findings.Checked, result => result.CountOf(Verdict.Undecided));
        UndecidedText.Write(
            $"{Numbers.Plain(undecided)} of {Numbers.Amount(exits, "exit", "exits")}",
            [.. findings.Undecided().Select(share => new UndecidedText.Part(share.Missing, share.Exits, $"in {Numbers.Amount((ulong)share.Captures, "capture", "captures")}"))],
            findings.IsVerbose, output, ink);
        WriteLeftOut(findings, output, ink);
        string policy = SetWords.Of(findings.Policy);
        output.Write(policy.Length > 0 ? $"\npolicy: {PlainText.Of(policy)}\n" : "");
    }

    // What fails comes first; what conforms is a number, unless every detail is wanted.
    private static void WriteCaptures(FindingSet findings, TextWriter output, Ink ink)
    {
        CheckedCapture[] clean = findings.IsVerbose ? [] : [.. findings.Checked.Where(capture => capture.Verdict.Outcome == RecordingOutcome.Conforms)];
        CheckedCapture[] told = [.. findings.Checked.Except(clean).OrderBy(capture => Rank(capture.Verdict.Outcome))];
        int width = told.Select(capture => capture.Name).Concat(findings.Unread.Select(unread => unread.Name)).Select(name => PlainText.Of(name).Length).DefaultIfEmpty().Max();
        foreach (CheckedCapture capture in told.Where(capture => Rank(capture.Verdict.Outcome) < UnreadRank))
        {
            WriteLine(capture, width, output, ink);
        }

        foreach (UnreadCapture unread in findings.Unread)
        {
            output.Write($"{ink.Warn($"{"unread",-WordWidth}")}  {PlainText.Of(unread.Name).PadRight(width)}  {PlainText.Of(unread.Message)}\n");
        }

        foreach (CheckedCapture capture in told.Where(capture => Rank(capture.Verdict.Outcome) > UnreadRank))
        {
            WriteLine(capture, width, output, ink);
        }

        if (clean.Length > 0)
        {
            ulong exits = Sum(clean, result => result.Summary.Exits), undecided = Sum(clean, result => result.CountOf(Verdict.Undecided));
            output.Write($"{ink.Good($"{RecordingVerdict.Words(RecordingOutcome.Conforms),-WordWidth}")}  {Numbers.Amount((ulong)clean.Length, "capture", "captures")}, "
                + $"{Numbers.Plain(undecided)} of {Numbers.Amount(exits, "exit", "exits")} undecided; --verbose lists them\n");
        }
    }

    private static void WriteLine(CheckedCapture capture, int width, TextWriter output, Ink ink) => output.Write(
        $"{TextCapture.Coloured(capture.Verdict.Outcome, $"{capture.Verdict.Word,-WordWidth}", ink)}  {PlainText.Of(capture.Name).PadRight(width)}  {VerdictLine.Behind(capture)}\n");

    private static int Rank(RecordingOutcome outcome) => outcome switch
    {
        RecordingOutcome.Diverges => 0,
        RecordingOutcome.Likely => 1,
        RecordingOutcome.Inconclusive => 3,
        _ => 4,
    };

    private static ulong Sum(IEnumerable<CheckedCapture> captures, Func<DiffResult, ulong> part) => captures.Aggregate(0UL, (sum, capture) => sum + part(capture.Result));

    /// <summary>Writes what was found beside the captures and not judged; nothing where all was.</summary>
    public static void WriteLeftOut(FindingSet findings, TextWriter output, Ink ink)
    {
        output.Write(findings.LeftOut.Count > 0 ? $"\n{ink.Bold("Left out")} (found in a folder, not judged)\n" : "");
        foreach (LeftOutCapture one in findings.LeftOut)
        {
            output.Write($"   {PlainText.Of(one.Name)}: {PlainText.Of(one.Reason)}\n");
        }
    }

    private static void WriteClasses(FindingClass[] classes, TextWriter output, Ink ink)
    {
        for (int i = 0; i < classes.Length; i++)
        {
            CheckedCapture lead = classes[i].Lead.Capture;
            TextCapture.WriteDivergence(lead.Result, classes[i].Class, i + 1, lead.File, new ExitPrinter(lead.Result.Header, lead.Result.Texts), output, ink);
            output.Write($"   in       {FindingWords.Names(classes[i], MostNames)}\n");
        }
    }

    private static void WriteKnown(IReadOnlyList<FindingClass> classes, FindingState state, string title, string what, TextWriter output, Ink ink)
    {
        FindingClass[] shown = [.. classes.Where(one => one.State == state)];
        output.Write(shown.Length > 0 ? $"\n{ink.Bold(title)} ({what})\n" : "");
        foreach (FindingClass known in shown)
        {
            output.Write($"   {known.Class.Rule.Id}  {known.Class.Rule.Citation}  {Numbers.Amount(known.Count, "occurrence", "occurrences")}\n");
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
}
