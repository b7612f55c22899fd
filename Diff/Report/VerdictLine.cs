using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Model;

namespace Differ.Diff.Report;

/// <summary>What is said of one capture, in one line: the first line of a report for a person.</summary>
public static class VerdictLine
{
    /// <summary>The verdict, what makes it, how much is undecided, and the grade.</summary>
    public static string Of(CheckedCapture capture) => $"{capture.Verdict.Word}: {Behind(capture)}";

    /// <summary>The same without the word that it begins with.</summary>
    public static string Behind(CheckedCapture capture)
    {
        DiffResult result = capture.Result;
        string[] parts =
        [
            result.Divergences.Count > 0 ? Classes(result.Divergences) : "",
            result.Likely.Count > 0 ? $"{(capture.Verdict.Outcome == RecordingOutcome.Likely ? "" : "likely ")}{Classes(result.Likely)}" : "",
            string.Join("; ", capture.Verdict.Lacks.Select(reason => reason.Text)),
            result.Divergences.Count + result.Likely.Count == 0 && capture.Verdict.Outcome == RecordingOutcome.Conforms ? "no divergence found" : "",
            Undecided(result),
            $"grade {CaptureQuality.Of(result).Grade}",
        ];
        return string.Join("; ", parts.Where(part => part.Length > 0));
    }

    /// <summary>How much is undecided: a recording that conforms is as good as that is little.</summary>
    public static string Undecided(DiffResult result)
    {
        ulong exits = result.Summary.Exits;
        return exits == 0 ? "no exits" : $"{Exits(result)} undecided ({RecordingVerdict.Percent((double)result.CountOf(Verdict.Undecided) / exits)})";
    }

    /// <summary>How many exits are undecided, of how many.</summary>
    public static string Exits(DiffResult result) => $"{Numbers.Plain(result.CountOf(Verdict.Undecided))} of {Numbers.Amount(result.Summary.Exits, "exit", "exits")}";

    private static string Classes(IReadOnlyList<DivergenceClass> classes)
    {
        ulong occurrences = classes.Aggregate(0UL, static (sum, found) => sum + found.Count);
        bool kvm = classes.Any(found => found.Culprit != Culprit.Processor), processor = classes.Any(found => found.Culprit == Culprit.Processor);
        return $"{Numbers.Amount((ulong)classes.Count, "class", "classes")}, {Numbers.Amount(occurrences, "occurrence", "occurrences")}, culprit {(kvm && processor ? "KVM and the processor" : kvm ? "KVM" : "the processor")}";
    }
}
