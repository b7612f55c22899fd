using Differ.Diff.Results;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Findings;

/// <summary>What is said of one rule on one vCPU.</summary>
public enum CaseOutcome : byte
{
    /// <summary>It was kept wherever it could be decided.</summary>
    Kept,

    /// <summary>It was kept where it could be decided, in a recording of which too little is known to call it good.</summary>
    Inconclusive,

    /// <summary>It was never decided.</summary>
    Undecided,

    /// <summary>It is broken under an assumption, and that does not fail the check.</summary>
    Likely,

    /// <summary>It is broken, and only in ways that do not fail: documented, accepted, ignored, not counted, or older than what is tested.</summary>
    Known,

    /// <summary>It is broken, and that fails the check.</summary>
    Broken,
}

/// <summary>One rule on one vCPU: a case of a test report.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Vcpu">The vCPU, for a person.</param>
/// <param name="Count">How often it had something to say, and what came of it.</param>
/// <param name="Lacking">What it was not decided for in the whole capture.</param>
/// <param name="Findings">Classes in which it is broken here, by itself or beside another rule; of a comparison, classes that are gone too.</param>
/// <param name="IsInconclusive">Whether the recording is.</param>
public sealed record RuleCase(
    RuleInfo Rule, string Vcpu, StreamRuleCount Count, IReadOnlyList<EvidenceShare> Lacking, IReadOnlyList<Finding> Findings, bool IsInconclusive)
{
    /// <summary>The outcome. A rule that was kept at some exits and undecided at others was kept.</summary>
    public CaseOutcome Outcome => Failing.Any() ? CaseOutcome.Broken
        : Findings.Any(IsLikelyHere) ? CaseOutcome.Likely
        : Findings.Any(finding => finding.IsPresent) ? CaseOutcome.Known
        : Count.Conforms == 0 && Count.Undecided > 0 ? CaseOutcome.Undecided
        : IsInconclusive ? CaseOutcome.Inconclusive : CaseOutcome.Kept;

    /// <summary>The classes that fail it. One in which this rule is only likely broken, beside another, fails that other one.</summary>
    public IEnumerable<Finding> Failing => Findings.Where(finding => finding.Fails && !IsBesideLikely(finding));

    /// <summary>Whether a class breaks the rule under an assumption, be it beside one that is broken for certain.</summary>
    public bool IsLikelyHere(Finding finding) => finding.State == FindingState.Likely || (finding.IsPresent && !finding.IsKnown && IsBesideLikely(finding));

    private bool IsBesideLikely(Finding finding) => finding.Class.AlsoLikely.Any(rule => rule.Id == Rule.Id);
}
