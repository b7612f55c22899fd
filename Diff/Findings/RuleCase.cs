using Differ.Diff.Compare;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Findings;

/// <summary>What is said of one rule on one vCPU.</summary>
public enum CaseOutcome : byte
{
    /// <summary>It was kept wherever it could be decided.</summary>
    Kept,

    /// <summary>It was never decided.</summary>
    Undecided,

    /// <summary>It is broken, and only in ways that are known, accepted or older than what is tested.</summary>
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
public sealed record RuleCase(
    RuleInfo Rule, string Vcpu, StreamRuleCount Count, IReadOnlyList<EvidenceShare> Lacking, IReadOnlyList<Finding> Findings)
{
    /// <summary>The outcome. A rule that was kept at some exits and undecided at others was kept.</summary>
    public CaseOutcome Outcome => Findings.Any(finding => finding.Fails) ? CaseOutcome.Broken
        : Findings.Any(finding => finding.IsPresent) ? CaseOutcome.Known
        : Count.Conforms == 0 && Count.Undecided > 0 ? CaseOutcome.Undecided
        : CaseOutcome.Kept;
}
