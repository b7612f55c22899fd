using Differ.Diff.Knowledge;
using Differ.Diff.Results;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Conform;

/// <summary>What came of scenarios on one host.</summary>
/// <param name="Kernel">Release of its kernel.</param>
/// <param name="Processor">What its processor calls itself; empty where nobody says.</param>
/// <param name="Quirks">Whether KVM kept the departures that it documents as quirks.</param>
/// <param name="Results">The scenarios, in the order in which they were named.</param>
/// <param name="Rules">Every rule by its id.</param>
public sealed record ConformReport(
    string Kernel, string Processor, bool Quirks, IReadOnlyList<ScenarioResult> Results, IReadOnlyDictionary<string, RuleInfo> Rules)
{
    private const string Memory = "memory";

    /// <summary>Departures that a baseline accepts, by fingerprint, each with its reason.</summary>
    public IReadOnlyDictionary<string, string> Accepted { get; init; } = new Dictionary<string, string>();

    /// <summary>What came of them on the processor below KVM: what departs there is no finding. Null where nobody says.</summary>
    public EarlierResults? OnProcessor { get; init; }

    /// <summary>What came of them on another kernel: only what did not depart there is a finding. Null where nobody says.</summary>
    public EarlierResults? Against { get; init; }

    /// <summary>What was held against the manual, in a word.</summary>
    public string Subject { get; init; } = Kvm;

    /// <summary>Where the scenarios were generated: all that came of it; <see cref="Results"/> are then what it found. Null for scenarios from texts.</summary>
    public GeneratedResults? Generated { get; init; }

    /// <summary>How many scenarios were run.</summary>
    public int Count => Generated?.Count ?? Results.Count;

    /// <summary>How many scenarios have a verdict.</summary>
    public int CountOf(ScenarioVerdict verdict) => Generated is { } all ? all.Counts.GetValueOrDefault(verdict) : Results.Count(result => result.Verdict == verdict);

    /// <summary>Departures, equal ones together: the gravest first, then those that more scenarios show.</summary>
    public IReadOnlyList<ConformClass> Classes() =>
    [
        .. Results.Where(result => result.Verdict == ScenarioVerdict.Departs && !IsOfProcessor(result) && Against?.Departed(result) != true)
            .GroupBy(IdentityOf, StringComparer.Ordinal)
            .Select(group => new ConformClass(Fingerprint.Of(group.Key), Rules[group.First().Rules[0]], [.. group]))
            .OrderByDescending(one => one.Rule.Severity).ThenByDescending(one => one.Scenarios.Count).ThenBy(one => one.Fingerprint, StringComparer.Ordinal),
    ];

    /// <summary>The classes that no baseline accepts.</summary>
    public IReadOnlyList<ConformClass> Findings() => [.. Classes().Where(one => !Accepted.ContainsKey(one.Fingerprint))];

    /// <summary>What is said of the host as a whole: nothing is, where a scenario was lost or none could be decided.</summary>
    public RecordingOutcome Outcome => Findings().Count > 0 ? RecordingOutcome.Diverges
        : CountOf(ScenarioVerdict.Lost) > 0 || CountOf(ScenarioVerdict.Agrees) == 0 ? RecordingOutcome.Inconclusive : RecordingOutcome.Conforms;

    /// <summary>The rules that scenarios decided on this host: those that agree or depart.</summary>
    public IReadOnlySet<string> Decided() => Generated?.Rules ?? Results
        .Where(static result => result.Verdict is ScenarioVerdict.Agrees or ScenarioVerdict.Departs).SelectMany(static result => result.Rules).ToHashSet(StringComparer.Ordinal);

    /// <summary>What is held against the manual unless something else is said.</summary>
    public const string Kvm = "KVM";

    /// <summary>Whether a departure is the processor's.</summary>
    public bool IsOfProcessor(ScenarioResult result) => OnProcessor?.Departed(result) == true;

    /// <summary>The scenarios of which another verdict is known from the other kernel, with that verdict.</summary>
    public IEnumerable<(ScenarioResult Result, string Was)> Changed() =>
        from result in Results let was = Against?.Of(result) where was is not null && was != ConformWords.Of(result.Verdict) select (result, was);

    /// <summary>What makes departures equal: the rule and the places that differ, not their values. Garbage in a field is one fault, whatever it is.</summary>
    public static string IdentityOf(ScenarioResult result) => $"conform|{result.Rules[0]}|{string.Join('|', PlacesOf(result))}";

    /// <summary>The places that differ; all memory is one.</summary>
    public static SortedSet<string> PlacesOf(ScenarioResult result) => new(
        result.Differences.Select(static one => one.Place.StartsWith(Memory, StringComparison.Ordinal) ? Memory : one.Place == "end" ? $"end {one.Seen}" : one.Place),
        StringComparer.Ordinal);
}

/// <summary>Equal departures: the same rule, the same places.</summary>
/// <param name="Fingerprint">12 hexadecimal digits that name the class on every machine.</param>
/// <param name="Rule">The rule that the scenarios are about.</param>
/// <param name="Scenarios">The scenarios, at least one.</param>
public sealed record ConformClass(string Fingerprint, RuleInfo Rule, IReadOnlyList<ScenarioResult> Scenarios)
{
    /// <summary>Known departures of KVM from the same rule: what it may turn out to be.</summary>
    public IReadOnlyList<KnownBug> Known => [.. KnownBugs.Of(Rule.Id)];
}
