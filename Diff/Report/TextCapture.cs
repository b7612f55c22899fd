using Differ.Diff.Findings;
using Differ.Diff.Knowledge;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>One capture for a person: the verdict, each class of divergences once, in full for its first occurrence, and what is known of the recording.</summary>
internal static class TextCapture
{
    private const int MostBugs = 3;

    public static void Write(CheckedCapture capture, bool isVerbose, TextWriter output, Ink ink)
    {
        DiffResult result = capture.Result;
        output.Write($"{Coloured(capture.Verdict.Outcome, capture.Verdict.Word, ink)}: {VerdictLine.Behind(capture)}\n");
        var printer = new ExitPrinter(result.Header, result.Texts);
        for (int i = 0; i < result.Divergences.Count; i++)
        {
            WriteDivergence(result, result.Divergences[i], i + 1, capture.File, printer, output, ink);
        }

        WriteLikely(capture, printer, output, ink);
        WriteKnown(result.Accepted, "Accepted", "by the baseline; no findings", output, ink);
        WriteKnown(result.Ignored, "Ignored", "rules that the configuration ignores; no findings", output, ink);
        WriteKnown(result.KnownDepartures, "Documented divergences of KVM", "no findings", output, ink);
        WriteEndings(result, output, ink);
        UndecidedText.Write(VerdictLine.Exits(result), UndecidedText.Of(result), isVerbose, output, ink);
        output.Write($"\n{ink.Bold("Recording")}\n");
        WriteCapture(result, output);
        WriteQuality(result, isVerbose, output, ink);
        WriteVerdicts(result, output, ink);
        string policy = SetWords.Of(result.Policy);
        if (policy.Length > 0)
        {
            Row(output, "policy", PlainText.Of(policy));
        }
    }

    private static void WriteCapture(DiffResult result, TextWriter output)
    {
        RunHeader header = result.Header;
        Row(output, "file", $"{(header.Capture.Length > 0 ? header.Capture : "(pipe)")}, {header.Format}{(header.CaptureSize > 0 ? $", {Numbers.Plain(header.CaptureSize)} bytes" : "")}");
        Row(output, "host", string.Join(", ", new[]
        {
            header.KernelRelease.Length > 0 ? $"kernel {header.KernelRelease}" : "kernel not recorded",
            header.HostName,
            header.Clock.Length > 0 ? $"clock {header.Clock}{(header.ClockUnit == ClockUnit.Ticks ? " (raw ticks)" : "")}" : "",
            result.Summary.GuestVendor.Length > 0 ? $"guest CPU {result.Summary.GuestVendor}" : "",
        }.Where(part => part.Length > 0)));
        foreach (VcpuStream stream in result.Summary.Streams)
        {
            string[] ran = [.. new[] { stream is { Vcpu: not null, Thread: { } thread } ? $"thread {thread.Value}" : "", stream.Name }.Where(part => part.Length > 0)];
            Row(output, stream.Id.Value == 0 ? "vCPUs" : "", $"{VcpuNames.Of(result.Summary, stream.Id)}{(ran.Length > 0 ? $" ({string.Join(", ", ran)})" : "")}: {Exits(stream.Exits)}");
        }

        if (result.Summary.Streams.Count == 0)
        {
            Row(output, "vCPUs", "none found");
        }
    }

    private static void WriteQuality(DiffResult result, bool isVerbose, TextWriter output, Ink ink)
    {
        RunSummary summary = result.Summary;
        ulong lost = summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Events);
        ulong marks = summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks);
        string losses = marks == 0 ? "" : $"{Numbers.Plain(lost)} lost at {Places(marks)}";
        var quality = CaptureQuality.Of(result);
        Row(output, "quality", $"grade {quality.Grade}, {Numbers.Plain(summary.Events)} events{(marks == 0 ? "" : $", {ink.Warn(losses)}")}");
        foreach (QualityReason reason in quality.Reasons.Where(reason => reason.Grade == quality.Grade))
        {
            Row(output, "", $"grade {reason.Grade} for: {reason.Text}{(reason.BlindRules > 0 ? $", which {reason.BlindRules} rules need" : "")}");
        }

        IReadOnlyList<string> missing = KernelNames.MissingFrom(result.Header.Listed);
        if (missing.Count > 0)
        {
            Row(output, "", ink.Warn($"not recorded: {string.Join(", ", missing)}"));
        }

        foreach (CpuLoss loss in summary.Losses)
        {
            Row(output, "", $"CPU {loss.Cpu}: {Numbers.Plain(loss.Events)} events lost at {Places(loss.Marks)}{(loss.Uncounted > 0 ? $", {Numbers.Plain(loss.Uncounted)} of them not counted" : "")}{(loss.Overrun > 0 ? $"; the recorder counts {Numbers.Plain(loss.Overrun)}" : "")}");
        }

        // What costs no verdict and is found nowhere in particular is in every recording, or nearly.
        foreach (CaptureNote note in summary.Notes.Where(note => isVerbose || note.Cost != NoteCost.Nothing || note.First.Length > 0))
        {
            Row(output, "", $"{note.Code} ({Numbers.Plain(note.Count)}): {note.Text}{(note.First.Length > 0 ? $" [first: {note.First}]" : "")}");
        }
    }

    /// <summary>A verdict in its colour.</summary>
    public static string Coloured(RecordingOutcome outcome, string text, Ink ink) => outcome switch
    {
        RecordingOutcome.Diverges => ink.Bad(text),
        RecordingOutcome.Conforms => ink.Good(text),
        _ => ink.Warn(text),
    };

    private static void WriteVerdicts(DiffResult result, TextWriter output, Ink ink)
    {
        string Part(Verdict verdict, string word) => result.CountOf(verdict) is > 0 and var count ? $", {Numbers.Plain(count)} {word}" : "";
        string likely = result.Likely.Count > 0 ? ink.Warn($", {Numbers.Plain(result.CountOf(Verdict.Likely))} likely diverge, in {Plural(result.Likely.Count, "class", "classes")}") : "";
        string diverge = $"{Numbers.Plain(result.CountOf(Verdict.Diverges))} diverge{(result.Divergences.Count > 0 ? $", in {Plural(result.Divergences.Count, "class", "classes")}" : "")}";
        Row(output, "exits", $"{Numbers.Plain(result.Summary.Exits)}: {Numbers.Plain(result.CountOf(Verdict.Conforms))} conform{Part(Verdict.KnownDeparture, "documented divergences of KVM")}"
            + $"{Part(Verdict.Ignored, "ignored")}{Part(Verdict.Accepted, "accepted")}, {Numbers.Plain(result.CountOf(Verdict.Undecided))} undecided{likely}, {(result.Diverges ? ink.Bad(diverge) : diverge)}");
    }

    /// <summary>Writes one finding in full.</summary>
    /// <param name="result">The result that it is of.</param>
    /// <param name="found">The finding.</param>
    /// <param name="number">Its number in the report.</param>
    /// <param name="file">The recording, for commands that lead on; null for none.</param>
    /// <param name="printer">Writes exits.</param>
    /// <param name="output">Where to.</param>
    /// <param name="ink">Colours.</param>
    public static void WriteDivergence(DiffResult result, DivergenceClass found, int number, string? file, ExitPrinter printer, TextWriter output, Ink ink)
    {
        KeptExit exit = found.First.Exit;
        string title = $"{number}. {found.Rule.Id}";
        output.Write($"\n{(found.IsLikely ? ink.Warn(title) : ink.Bad(title))}  {found.Rule.Citation}\n");
        output.Write($"   {ink.Dim($"{(found.IsLikely ? "likely, " : "")}{FindingWords.Severity(found)}, culprit {FindingWords.Culprit(found)}, {Numbers.Amount(found.Count, "occurrence", "occurrences")}, fingerprint {found.Fingerprint}")}\n");
        Item(output, "manual", found.Rule.Statement);
        if (found.AlsoBroken.Count > 0)
        {
            Item(output, "also", string.Join(", ", found.AlsoBroken.Select(rule => rule.Id)));
        }

        if (found.AlsoLikely.Count > 0)
        {
            Item(output, "likely", string.Join(", ", found.AlsoLikely.Select(rule => rule.Id)));
        }

        if (found.IsLikely)
        {
            Item(output, "assumes", FindingWords.Assumption(found));
        }

        Item(output, "recorded", string.Join("; ", found.First.Recorded.Select(field => field.Text)));
        for (int i = 0; i < found.First.Expected.Count; i++)
        {
            Item(output, i == 0 ? "expected" : "or", found.First.Expected[i]);
        }

        Item(output, "first", $"{VcpuNames.Of(result.Summary, exit.Stream)}, exit {exit.Index}, {When(printer, exit)}: {ExitPrinter.Level(exit.Level)} at {At(exit, found.Instruction)}");
        if (found.Count > 1)
        {
            Item(output, "last", $"{VcpuNames.Of(result.Summary, found.Last.Stream)}, exit {found.Last.Index}");
        }

        if (file is not null)
        {
            WriteBugs(found, output);
            Item(output, "explain", CommandWords.Explain(found, file));
            if (CommandWords.Show(found, result, file) is { } show)
            {
                Item(output, "exits", show);
            }
        }

        Item(output, "around", "");
        foreach (KeptExit before in found.First.Before)
        {
            output.Write($"     {ink.Dim(ExitPrinter.Line(before))}\n");
        }

        output.Write($"   > {ExitPrinter.Line(exit)}\n");
        foreach (KeptExit after in found.First.After)
        {
            output.Write($"     {ink.Dim(ExitPrinter.Line(after))}\n");
        }
    }

    // Bugs of the rule: whether the finding is one of them is for a person to judge.
    private static void WriteBugs(DivergenceClass found, TextWriter output)
    {
        IReadOnlyList<KnownBug> bugs = found.Culprit == Culprit.Processor ? [] : KnownBugs.Of(found.Rule.Id);
        for (int i = 0; i < Math.Min(bugs.Count, MostBugs); i++)
        {
            Item(output, i == 0 ? "known" : "", $"{bugs[i].Id}: {bugs[i].Statement} {char.ToUpperInvariant(bugs[i].History[0])}{bugs[i].History[1..]}.");
        }

        if (bugs.Count > MostBugs)
        {
            Item(output, "", $"and {bugs.Count - MostBugs} more known bugs of this rule");
        }
    }

    private static void WriteLikely(CheckedCapture capture, ExitPrinter printer, TextWriter output, Ink ink)
    {
        DiffResult result = capture.Result;
        output.Write(result.Likely.Count > 0 ? $"\n{ink.Bold("Likely")} (divergences if what they assume holds)\n" : "");
        for (int i = 0; i < result.Likely.Count; i++)
        {
            WriteDivergence(result, result.Likely[i], i + 1, capture.File, printer, output, ink);
        }
    }

    private static void WriteKnown(IReadOnlyList<DivergenceClass> classes, string title, string what, TextWriter output, Ink ink)
    {
        output.Write(classes.Count > 0 ? $"\n{ink.Bold(title)} ({what})\n" : "");
        foreach (DivergenceClass known in classes)
        {
            output.Write($"   {known.Rule.Id}  {known.Rule.Citation}  {Numbers.Amount(known.Count, "occurrence", "occurrences")}\n");
            output.Write($"     {known.Known}\n");
        }
    }

    private static void WriteEndings(DiffResult result, TextWriter output, Ink ink)
    {
        output.Write(result.Endings.Count > 0 ? $"\n{ink.Bold("How the VM ended")}\n" : "");
        foreach (string ending in FindingWords.Endings(result))
        {
            output.Write($"   {ending}\n");
        }
    }

    private static string When(ExitPrinter printer, KeptExit exit) =>
        exit.HasExit ? $"at {printer.Time(exit.Exit.Time)}" : "before the first #VMEXIT";

    private static string At(KeptExit exit, string instruction)
    {
        string at = exit.HasExit ? $"rip 0x{exit.Exit.Rip:x}, #VMEXIT {exit.Exit.Code.Name}" : "an unknown rip";
        return instruction.Length > 0 ? $"{at}, instruction {instruction}" : at;
    }

    private static void Row(TextWriter output, string label, string text) => output.Write($"{label,-8}  {text}\n");

    private static void Item(TextWriter output, string label, string text) => output.Write($"   {label,-9}{text}".TrimEnd() + "\n");

    private static string Exits(ulong count) => $"{Numbers.Plain(count)} {(count == 1 ? "exit" : "exits")}";

    private static string Places(ulong marks) => $"{Numbers.Plain(marks)} {(marks == 1 ? "place" : "places")}";

    private static string Plural(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
