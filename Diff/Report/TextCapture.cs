using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>One capture for a person: the summary first, then each class of divergences once, in full for its first occurrence.</summary>
internal static class TextCapture
{
    public static void Write(CheckedCapture capture, TextWriter output, Ink ink)
    {
        DiffResult result = capture.Result;
        WriteCapture(result, output);
        WriteQuality(result, output, ink);
        WriteVerdict(capture, output, ink);
        WriteVerdicts(result, output, ink);
        var printer = new ExitPrinter(result.Header, result.Texts);
        for (int i = 0; i < result.Divergences.Count; i++)
        {
            WriteDivergence(result, result.Divergences[i], i + 1, printer, output, ink);
        }

        WriteLikely(result, printer, output, ink);
        WriteKnown(result.Accepted, "Accepted", "by the baseline; no findings", output, ink);
        WriteKnown(result.Ignored, "Ignored", "rules that the configuration ignores; no findings", output, ink);
        WriteKnown(result.KnownDepartures, "Known departures of KVM", "documented; no findings", output, ink);
        WriteEndings(result, output, ink);
        WriteUndecided(result, output, ink);
    }

    private static void WriteCapture(DiffResult result, TextWriter output)
    {
        RunHeader header = result.Header;
        Row(output, "capture", $"{(header.Capture.Length > 0 ? header.Capture : "(pipe)")}, {header.Format}{(header.CaptureSize > 0 ? $", {Numbers.Grouped(header.CaptureSize)} bytes" : "")}");
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

    private static void WriteQuality(DiffResult result, TextWriter output, Ink ink)
    {
        RunSummary summary = result.Summary;
        ulong lost = summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Events);
        ulong marks = summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks);
        string losses = marks == 0 ? "none marked as lost" : $"{Numbers.Grouped(lost)} lost at {Places(marks)}";
        var quality = CaptureQuality.Of(result);
        Row(output, "quality", $"grade {quality.Grade}, {Numbers.Grouped(summary.Events)} events, {(marks == 0 ? losses : ink.Warn(losses))}");
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
            Row(output, "", $"CPU {loss.Cpu}: {Numbers.Grouped(loss.Events)} events lost at {Places(loss.Marks)}{(loss.Uncounted > 0 ? $", {Numbers.Grouped(loss.Uncounted)} of them not counted" : "")}{(loss.Overrun > 0 ? $"; the recorder counts {Numbers.Grouped(loss.Overrun)}" : "")}");
        }

        foreach (CaptureNote note in summary.Notes)
        {
            Row(output, "", $"{note.Code} ({Numbers.Grouped(note.Count)}): {note.Text}{(note.First.Length > 0 ? $" [first: {note.First}]" : "")}");
        }
    }

    /// <summary>A verdict in its colour.</summary>
    public static string Coloured(RecordingOutcome outcome, string text, Ink ink) => outcome switch
    {
        RecordingOutcome.Diverges => ink.Bad(text),
        RecordingOutcome.Conforms => ink.Good(text),
        _ => ink.Warn(text),
    };

    private static void WriteVerdict(CheckedCapture capture, TextWriter output, Ink ink)
    {
        RecordingVerdict verdict = capture.Verdict;
        output.Write('\n');
        Row(output, "verdict", Coloured(verdict.Outcome, verdict.Word, ink));
        foreach (VerdictReason reason in verdict.Reasons)
        {
            Row(output, "", reason.Text);
        }

        string policy = SetWords.Of(capture.Result.Policy);
        if (policy.Length > 0)
        {
            Row(output, "policy", PlainText.Of(policy));
        }
    }

    private static void WriteVerdicts(DiffResult result, TextWriter output, Ink ink)
    {
        Row(output, "exits", Numbers.Grouped(result.Summary.Exits));
        Row(output, "", $"{Numbers.Grouped(result.CountOf(Verdict.Conforms))} conform");
        Row(output, "", $"{Numbers.Grouped(result.CountOf(Verdict.KnownDeparture))} known departures of KVM");
        foreach ((Verdict verdict, string word) in (ReadOnlySpan<(Verdict, string)>)[(Verdict.Ignored, "ignored"), (Verdict.Accepted, "accepted")])
        {
            if (result.CountOf(verdict) is > 0 and var count)
            {
                Row(output, "", $"{Numbers.Grouped(count)} {word}");
            }
        }

        Row(output, "", $"{Numbers.Grouped(result.CountOf(Verdict.Undecided))} undecided");
        if (result.Likely.Count > 0)
        {
            Row(output, "", ink.Warn($"{Numbers.Grouped(result.CountOf(Verdict.Likely))} likely diverge, in {Plural(result.Likely.Count, "class", "classes")}"));
        }

        string diverge = $"{Numbers.Grouped(result.CountOf(Verdict.Diverges))} diverge{(result.Divergences.Count > 0 ? $", in {Plural(result.Divergences.Count, "class", "classes")}" : "")}";
        Row(output, "", result.Diverges ? ink.Bad(diverge) : ink.Good(diverge));
    }

    /// <summary>Writes one finding in full.</summary>
    public static void WriteDivergence(DiffResult result, DivergenceClass found, int number, ExitPrinter printer, TextWriter output, Ink ink)
    {
        KeptExit exit = found.First.Exit;
        string departs = $"{FindingWords.Culprit(found)} {(found.IsLikely ? "likely departs" : "departs")}";
        string title = $"{number}. {found.Rule.Id}";
        output.Write($"\n{(found.IsLikely ? ink.Warn(title) : ink.Bad(title))}  {found.Rule.Citation}\n");
        output.Write($"   {ink.Dim($"{found.Rule.Severity.ToString().ToLowerInvariant()}, {departs}, {Numbers.Grouped(found.Count)} {(found.Count == 1 ? "time" : "times")}, fingerprint {found.Fingerprint}")}\n");
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

        Item(output, "first", $"{VcpuNames.Of(result.Summary, exit.Stream)}, exit {exit.Index}, {When(printer, exit)}: {ExitPrinter.Level(exit.Level)} at {At(exit, found.Instruction)}");
        if (found.Count > 1)
        {
            Item(output, "last", $"{VcpuNames.Of(result.Summary, found.Last.Stream)}, exit {found.Last.Index}");
        }

        Item(output, "recorded", string.Join("; ", found.First.Recorded.Select(field => field.Text)));
        for (int i = 0; i < found.First.Expected.Count; i++)
        {
            Item(output, i == 0 ? "expected" : "or", found.First.Expected[i]);
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

    private static void WriteLikely(DiffResult result, ExitPrinter printer, TextWriter output, Ink ink)
    {
        output.Write(result.Likely.Count > 0 ? $"\n{ink.Bold("Likely")} (departures if what they assume is so)\n" : "");
        for (int i = 0; i < result.Likely.Count; i++)
        {
            WriteDivergence(result, result.Likely[i], i + 1, printer, output, ink);
        }
    }

    private static void WriteKnown(IReadOnlyList<DivergenceClass> classes, string title, string what, TextWriter output, Ink ink)
    {
        output.Write(classes.Count > 0 ? $"\n{ink.Bold(title)} ({what})\n" : "");
        foreach (DivergenceClass known in classes)
        {
            output.Write($"   {known.Rule.Id}  {known.Rule.Citation}  {Numbers.Grouped(known.Count)} {(known.Count == 1 ? "time" : "times")}\n");
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

    private static void WriteUndecided(DiffResult result, TextWriter output, Ink ink)
    {
        if (result.Undecided.Count == 0)
        {
            return;
        }

        output.Write($"\n{ink.Bold("Undecided")} (what would decide it)\n");
        foreach (UndecidedClass undecided in result.Undecided)
        {
            output.Write($"   {Exits(undecided.Exits)}, first {VcpuNames.Of(result.Summary, undecided.First.Stream)} exit {undecided.First.Index}: {undecided.Missing.What}\n");
            if (undecided.Rules.Count > 0)
            {
                output.Write($"     {ink.Dim("rules")}  {string.Join(", ", undecided.Rules.Select(item => item.Rule.Id))}\n");
            }

            if (undecided.Missing.How.Length > 0)
            {
                output.Write($"     {ink.Dim("get it")} {undecided.Missing.How}\n");
            }
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

    private static string Exits(ulong count) => $"{Numbers.Grouped(count)} {(count == 1 ? "exit" : "exits")}";

    private static string Places(ulong marks) => $"{Numbers.Grouped(marks)} {(marks == 1 ? "place" : "places")}";

    private static string Plural(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";
}
