using System.Globalization;
using Differ.Diff.Align;
using Differ.Diff.Changes;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Pairs;

/// <summary>Changes for a person: what became of each class, then where each vCPU first behaves otherwise.</summary>
internal sealed class ChangeText : IChangeFormat
{
    public string Name => "text";

    public void Write(ChangeSet changes, TextWriter output, Ink ink)
    {
        foreach (RunChanges pair in changes.Pairs)
        {
            output.Write(pair.Name.Length > 0 ? $"{ink.Bold(PlainText.Of(pair.Name))}\n" : "");
            WritePair(pair, output, ink);
            output.Write('\n');
        }

        WriteList(changes.Unread.Select(item => $"{item.Name}: {item.Message}"), "cannot be used", output);
        WriteList(changes.OnlyBase, "only in base", output);
        WriteList(changes.OnlyTest, "only in test", output);
        output.Write($"{Sum(changes)}\n");
    }

    private static string Sum(ChangeSet changes)
    {
        ILookup<Change, ClassChange> by = changes.Pairs.SelectMany(pair => pair.Classes).ToLookup(one => one.Change);
        IEnumerable<string> parts = Enum.GetValues<Change>().Where(change => by[change].Any()).Select(change => $"{by[change].Count()} {ChangeWords.Words(change)}");
        int ways = changes.Pairs.Sum(pair => pair.Behaviour.Count), inconclusive = changes.Pairs.Count(pair => pair.Verdict.Outcome == RecordingOutcome.Inconclusive);
        return $"{Numbers.Amount((ulong)changes.Pairs.Count, "pair", "pairs")} compared: {(by.Count == 0 ? "no divergences" : string.Join(", ", parts))}"
            + (ways > 0 ? $", {Numbers.Amount((ulong)ways, "change", "changes")} of behaviour that no rule names" : "")
            + (inconclusive > 0 ? $", {inconclusive} inconclusive" : "");
    }

    private static void WriteList(IEnumerable<string> lines, string label, TextWriter output)
    {
        foreach (string line in lines)
        {
            output.Write($"{label,-14}  {PlainText.Of(line)}\n");
        }
    }

    private static void WritePair(RunChanges pair, TextWriter output, Ink ink)
    {
        WriteCapture("base", pair.Base, output, ink);
        WriteCapture("test", pair.Test, output, ink);
        foreach (ClassChange one in pair.Classes)
        {
            string words = $"{ChangeWords.Words(one.Change),-14}";
            output.Write($"{(one.Change == Change.New ? ink.Bad(words) : one.Change == Change.Fixed ? ink.Good(words) : words)}  {one.Found.Rule.Id}  {one.Found.Rule.Citation}\n");
            Item(output, $"{(one.Found.Culprit == Culprit.Processor ? "the processor diverges, " : "")}{One(one.Found)}, fingerprint {one.Found.Fingerprint}");
            Item(output, $"base {ChangeWords.Rate(one.Base)}");
            Item(output, $"test {ChangeWords.Rate(one.Test)}{(one.Change == Change.NotComparable ? "" : Significance(one))}");
        }

        BehaviourText.Write(pair, output, ink);
        foreach (VcpuAlignment vcpu in pair.Vcpus)
        {
            WriteVcpu(vcpu, output, ink);
        }

        BehaviourText.Write(pair.Common, output);
        RecordingVerdict verdict = pair.Verdict;
        output.Write($"{"verdict",-14}  {TextCapture.Coloured(verdict.Outcome, verdict.Word, ink)}{(verdict.Why.Length > 0 ? $": {verdict.Why}" : "")}\n");
    }

    private static void WriteCapture(string label, DiffResult result, TextWriter output, Ink ink)
    {
        ulong marks = result.Summary.Losses.Aggregate(0UL, (sum, loss) => sum + loss.Marks);
        output.Write($"{label,-14}  {(result.Header.Capture.Length > 0 ? result.Header.Capture : "(pipe)")}, "
            + $"{(result.Header.KernelRelease.Length > 0 ? $"kernel {result.Header.KernelRelease}" : "kernel not recorded")}, {Numbers.Amount(result.Summary.Exits, "exit", "exits")}"
            + $"{(marks > 0 ? ink.Warn($", events lost at {Numbers.Amount(marks, "place", "places")}") : "")}\n");
    }

    private static string One(DivergenceClass found)
    {
        KeptExit exit = found.First.Exit;
        return $"{exit.Level}{(exit.HasExit ? $" #VMEXIT {exit.Exit.Code.Name}" : "")}{(found.Instruction.Length > 0 ? $", instruction {found.Instruction}" : "")}";
    }

    private static string Significance(ClassChange one) => !one.IsSignificant ? "  ~"
        : string.Create(CultureInfo.InvariantCulture, $"  p {(one.Probability < 0.0001 ? "< 0.0001" : $"= {one.Probability:0.####}")}");

    private static void WriteVcpu(VcpuAlignment vcpu, TextWriter output, Ink ink)
    {
        StreamAlignment aligned = vcpu.Aligned;
        output.Write($"{vcpu.Label,-14}  {ChangeWords.How(aligned)}\n");
        foreach (PartingContext one in vcpu.Partings)
        {
            Item(output, $"{ink.Bad(ChangeWords.Words(one.Parting.What))} exit {one.Base.Index} of base, exit {one.Test.Index} of test");
            WriteSide("base", one.Parting.Base, one.Base, output, ink);
            WriteSide("test", one.Parting.Test, one.Test, output, ink);
        }
    }

    /// <summary>What is done in one run, with the exits around.</summary>
    public static void WriteSide(string label, IReadOnlyList<FieldText> did, ExitContext context, TextWriter output, Ink ink)
    {
        Item(output, PlainText.Of($"{label}  {string.Join("; ", did.Select(field => field.Text))}").TrimEnd());
        foreach (KeptExit exit in context.Exits)
        {
            string line = ExitPrinter.Line(exit);
            Item(output, exit.Index == context.Index ? $"> {line}" : $"  {ink.Dim(line)}");
        }
    }

    /// <summary>A line that belongs to the one above.</summary>
    public static void Item(TextWriter output, string text) => output.Write($"{"",14}  {text}\n");
}
