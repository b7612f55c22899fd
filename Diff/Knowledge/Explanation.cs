using System.Text.RegularExpressions;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Knowledge;

/// <summary>Everything there is to say about one rule, and what a recording shows of it.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Bugs">Known bugs that break it.</param>
/// <param name="Tracepoints">The tracepoints that show it, by the kernel's names without <c>kvm:</c>.</param>
/// <param name="Reads">What its condition reads.</param>
/// <param name="Lacking">What may leave it undecided; with a recording, what did, and how often.</param>
/// <param name="Seen">What the recording shows; null without one.</param>
public sealed partial record Explanation(
    RuleInfo Rule, IReadOnlyList<KnownBug> Bugs, IReadOnlyList<string> Tracepoints, RuleReads Reads,
    IReadOnlyList<EvidenceShare> Lacking, SeenOfRule? Seen)
{
    // Who ran, and where it went on: nothing can be said of an exit without them.
    private static readonly string[] Always = ["kvm_entry", "kvm_exit", "kvm_nested_vmexit"];

    // Functions of the kernel that texts of rules name in the same way.
    private static readonly string[] Functions = ["kvm_pat_valid", "kvm_check_and_inject_events", "kvm_amd"];

    /// <summary>The command that records what the rule needs and no more.</summary>
    public string Command => $"trace-cmd record {string.Join(' ', Tracepoints.Select(name => $"-e kvm:{name}"))}";

    /// <summary>Explains a rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="mayLack">What may leave it undecided.</param>
    /// <param name="reads">What its condition reads.</param>
    /// <param name="result">What a recording showed; null without one.</param>
    /// <param name="fingerprint">The one class to show; null for every class of the rule.</param>
    /// <param name="file">The recording as the user named it, for commands that lead on; null where it cannot be read again.</param>
    public static Explanation Of(
        RuleInfo rule, IReadOnlyList<Evidence> mayLack, RuleReads reads, DiffResult? result, string? fingerprint, string? file = null)
    {
        RuleCount? count = result?.Rules.FirstOrDefault(row => row.Rule.Id == rule.Id);
        IReadOnlyList<EvidenceShare> lacking = result is null
            ? [.. mayLack.Select(evidence => new EvidenceShare(EvidenceTable.Of(evidence), 0))]
            : count?.Lacking ?? [];
        SeenOfRule? seen = result is null ? null : new SeenOfRule(result, count ?? new RuleCount(rule, 0, 0, 0, []),
        [
            .. result.Classes
                .Where(found => fingerprint is null ? found.Rule.Id == rule.Id || found.AlsoBroken.Any(other => other.Id == rule.Id) : found.Fingerprint == fingerprint),
        ])
        {
            File = file,
        };
        return new Explanation(rule, KnownBugs.Of(rule.Id), TracepointsOf(rule, mayLack), reads, lacking, seen);
    }

    private static string[] TracepointsOf(RuleInfo rule, IReadOnlyList<Evidence> mayLack)
    {
        string texts = string.Join(' ', mayLack.Select(evidence => EvidenceTable.Of(evidence).How).Prepend($"{rule.Statement} {rule.Evidence} {rule.Expected}"));
        return [.. Always.Concat(Name().Matches(texts).Select(match => match.Value).Except(Functions)).Distinct().Order(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"\bkvm_[a-z0-9_]+\*?")]
    private static partial Regex Name();
}

/// <summary>What a recording shows of a rule.</summary>
/// <param name="Result">The recording.</param>
/// <param name="Count">How often the rule had something to say.</param>
/// <param name="Classes">The ways in which it is broken, known departures last.</param>
public sealed record SeenOfRule(DiffResult Result, RuleCount Count, IReadOnlyList<DivergenceClass> Classes)
{
    /// <summary>The recording as the user named it, for commands that lead on; null where it cannot be read again.</summary>
    public string? File { get; init; }
}
