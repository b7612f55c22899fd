namespace Differ.Diff.Results;

/// <summary>Verdicts of a recording that fail a check.</summary>
[Flags]
public enum FailOn : byte
{
    /// <summary>None: what is found is told and fails nothing.</summary>
    None = 0,

    /// <summary>A certain departure.</summary>
    Diverges = 1,

    /// <summary>A departure that holds under an assumption.</summary>
    Likely = 2,

    /// <summary>A recording that cannot say that all is well.</summary>
    Inconclusive = 4,

    /// <summary>Of a comparison: L0 behaves differently, and no rule names it.</summary>
    Behaviour = 8,
}

/// <summary>Whose departures count.</summary>
public enum CulpritChoice : byte
{
    /// <summary>Everybody's.</summary>
    Any,

    /// <summary>The hypervisor's.</summary>
    Hypervisor,

    /// <summary>The processor's.</summary>
    Processor,
}

/// <summary>A rule that a team told Differ to ignore.</summary>
/// <param name="Rule">Its id.</param>
/// <param name="Reason">Why.</param>
public sealed record IgnoredRule(string Rule, string Reason);

/// <summary>What recordings are judged by: what fails, and how much may be missing from one that is called good.</summary>
public sealed record Policy
{
    /// <summary>Unless a user says otherwise: a certain departure fails, and a tenth of a vCPU's events may be lost.</summary>
    public static Policy Default { get; } = new();

    /// <summary>What fails.</summary>
    public FailOn FailOn { get; init; } = FailOn.Diverges;

    /// <summary>The largest part of a vCPU's events, 0 to 1, that may be lost.</summary>
    public double MaxLost { get; init; } = 0.1;

    /// <summary>The largest part of the exits, 0 to 1, that may be undecided; null for no limit.</summary>
    public double? MaxUndecided { get; init; }

    /// <summary>Rules that must have been decided at least once, by their ids.</summary>
    public IReadOnlyList<string> Require { get; init; } = [];

    /// <summary>Whose departures count.</summary>
    public CulpritChoice Culprit { get; init; }

    /// <summary>Rules whose departures are told and are no findings.</summary>
    public IReadOnlyList<IgnoredRule> Ignored { get; init; } = [];

    /// <summary>Whether weak rules that are broken under their assumption are likely broken, not undecided.</summary>
    public bool Speculative { get; init; }

    /// <summary>The configuration file that it is from, in the user's words; empty for none.</summary>
    public string Source { get; init; } = "";

    /// <summary>The address of the folder of the documentation that reports lead to; empty where none is known.</summary>
    public string Docs { get; init; } = "";

    /// <summary>What fails, in the words of --fail-on.</summary>
    public IReadOnlyList<string> FailOnWords =>
        FailOn == FailOn.None ? [WordOf(FailOn.None)] : [.. Enum.GetValues<FailOn>().Where(one => one != FailOn.None && FailOn.HasFlag(one)).Select(WordOf)];

    /// <summary>One thing that may fail, in the word of --fail-on.</summary>
    public static string WordOf(FailOn one) => $"{one}".ToLowerInvariant();

    /// <summary>Whether a departure counts.</summary>
    public bool Counts(DivergenceClass found) => Culprit switch
    {
        CulpritChoice.Hypervisor => found.Culprit == Schemas.Model.Culprit.Hypervisor,
        CulpritChoice.Processor => found.Culprit == Schemas.Model.Culprit.Processor,
        _ => true,
    };

    /// <summary>Whether a recording fails.</summary>
    public bool Fails(RecordingVerdict verdict) => Fails(verdict.Outcome);

    /// <summary>Whether an outcome fails.</summary>
    public bool Fails(RecordingOutcome outcome) => outcome switch
    {
        RecordingOutcome.Diverges => FailOn.HasFlag(FailOn.Diverges),
        RecordingOutcome.Likely => FailOn.HasFlag(FailOn.Likely),
        RecordingOutcome.Inconclusive => FailOn.HasFlag(FailOn.Inconclusive),
        RecordingOutcome.Behaviour => FailOn.HasFlag(FailOn.Behaviour),
        _ => false,
    };
}
