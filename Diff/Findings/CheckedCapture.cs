using Differ.Diff.Changes;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Findings;

/// <summary>One capture that was checked, with everything a report tells of it.</summary>
/// <param name="Name">What it is called; no other capture of the set is called so. The user's words, with / between folders.</param>
/// <param name="File">The file, as it can be named from the folder the command ran in; - for standard input.</param>
/// <param name="Result">What came of it; of a comparison, the test capture.</param>
/// <param name="Findings">Every class of divergences, by how it stands, then in the order of the result.</param>
public sealed record CheckedCapture(string Name, string File, DiffResult Result, IReadOnlyList<Finding> Findings)
{
    /// <summary>The file of its own page for a browser, beside the page of all captures; null where there is none.</summary>
    public string? Page { get; init; }

    /// <summary>The comparison with a base capture; null where nothing is compared.</summary>
    public RunChanges? Pair { get; init; }

    /// <summary>What came of the base capture; null where nothing is compared.</summary>
    public DiffResult? Base => Pair?.Base;

    /// <summary>What L0 does otherwise than in the base capture and no rule names.</summary>
    public IReadOnlyList<BehaviourChange> Behaviour => Pair?.Behaviour ?? [];

    /// <summary>The result that a finding's exits and streams are of: a class that is gone is the base capture's.</summary>
    public DiffResult ResultOf(Finding finding) => finding.IsPresent ? Result : Base ?? Result;

    /// <summary>The verdict on the capture; of a comparison, on the pair.</summary>
    public RecordingVerdict Verdict => Pair?.Verdict ?? Result.Verdict;

    /// <summary>Whether that fails the check.</summary>
    public bool Fails => Result.Policy.Fails(Verdict);

    /// <summary>Whether it is known too little of to be called good.</summary>
    public bool IsInconclusive => Verdict.Outcome == RecordingOutcome.Inconclusive;

    /// <summary>A capture by itself.</summary>
    public static CheckedCapture Of(string name, string file, DiffResult result) =>
        new(name, file, result, Ordered(result.Classes.Select(found => Finding.Of(found, result.Policy))));

    /// <summary>The test capture of a pair.</summary>
    public static CheckedCapture Of(string name, RunChanges pair) =>
        new(name, pair.TestFile, pair.Test, Ordered(
            pair.Classes.Select(change => Finding.Of(change, pair.Test.Policy))
                .Concat(pair.Test.Likely.Select(found => OfLikely(found, pair)))
                .Concat(pair.Test.Classes.Where(found => found.Known is not null).Select(found => Finding.Of(found, pair.Test.Policy)))))
        {
            Pair = pair,
        };

    /// <summary>Every rule that had something to say, for each vCPU where it had: the cases of a test report, by rule and vCPU.</summary>
    public IEnumerable<RuleCase> Cases()
    {
        ILookup<string, Finding> byRule = Findings.SelectMany(
            finding => finding.Class.AlsoBroken.Concat(finding.Class.AlsoLikely).Prepend(finding.Class.Rule), (finding, rule) => (rule.Id, Finding: finding)).ToLookup(item => item.Id, item => item.Finding);
        bool isInconclusive = IsInconclusive;
        return from count in Result.Rules
               from stream in count.Streams
               select new RuleCase(
                   count.Rule, VcpuOf(stream.Stream), stream, count.Lacking, [.. byRule[count.Rule.Id].Where(finding => IsIn(finding, count.Rule, stream))],
                   isInconclusive);
    }

    /// <summary>A vCPU for a person. Two virtual machines each have a vCPU 0.</summary>
    public string VcpuOf(StreamId stream) => stream.Value == StreamRuleCount.MostStreams ? "further vCPUs" : VcpuNames.Of(Result.Summary, stream);

    // A class of the base capture has the base capture's streams; it is told with the rule wherever that had something to say. What else
    // the exits of a class break need not be the same on every vCPU: there the counts decide.
    private static bool IsIn(Finding finding, RuleInfo rule, StreamRuleCount count) => !finding.IsPresent
        || ((finding.Class.Rule.Id == rule.Id || count.Departs + count.Likely > 0) && finding.Class.Streams.Any(share =>
            share.Stream == count.Stream || (count.Stream.Value == StreamRuleCount.MostStreams && share.Stream.Value > StreamRuleCount.MostStreams)));

    private static Finding OfLikely(DivergenceClass found, RunChanges pair) => pair.Base.Classes.Any(before => before.Fingerprint == found.Fingerprint)
        ? new Finding(found, FindingState.StillThere, Fails: false)
        : Finding.Of(found, pair.Test.Policy);

    private static IReadOnlyList<Finding> Ordered(IEnumerable<Finding> findings) => [.. findings.OrderBy(finding => finding.State)];
}
