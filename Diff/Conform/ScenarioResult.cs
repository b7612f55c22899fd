namespace Differ.Diff.Conform;

/// <summary>What came of one scenario on a host.</summary>
public enum ScenarioVerdict : byte
{
    /// <summary>The end state is the reference's.</summary>
    Agrees,

    /// <summary>It is not.</summary>
    Departs,

    /// <summary>The host lacks the feature that the scenario is about.</summary>
    NotApplicable,

    /// <summary>The host refuses the machine that the scenario starts from.</summary>
    CannotSetUp,

    /// <summary>The manual leaves open what happens.</summary>
    Undefined,

    /// <summary>The process that ran it died, or did not answer in time.</summary>
    Lost,
}

/// <summary>One part of an end state that differs.</summary>
/// <param name="Place">A register, a field of vmcb12, an address, or <c>end</c>.</param>
/// <param name="Expected">What the reference has.</param>
/// <param name="Seen">What the host has.</param>
public sealed record StateDifference(string Place, string Expected, string Seen);

/// <summary>What came of one scenario on a host.</summary>
/// <param name="Title">The scenario.</param>
/// <param name="Source">The file it stands in.</param>
/// <param name="Line">Where it starts.</param>
/// <param name="Rules">The rules that it shows, the one it is about first.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Note">Why it says nothing: the features that the host lacks, what KVM refuses; empty otherwise.</param>
/// <param name="Differences">What differs.</param>
public sealed record ScenarioResult(
    string Title, string Source, int Line, IReadOnlyList<string> Rules, ScenarioVerdict Verdict, string Note, IReadOnlyList<StateDifference> Differences)
{
    /// <summary>The scenario itself, where it stands in no file: one that was generated; null for another.</summary>
    public string? Text { get; init; }
}

/// <summary>What came of generated scenarios.</summary>
/// <param name="Seed">What they were made from.</param>
/// <param name="Time">How long it took.</param>
/// <param name="Counts">How many have a verdict.</param>
/// <param name="Rules">The rules that they decided on the reference.</param>
/// <param name="Found">Those that depart, each kind once and as small as it gets, and those that were lost.</param>
public sealed record GeneratedResults(
    int Seed, TimeSpan Time, IReadOnlyDictionary<ScenarioVerdict, int> Counts, IReadOnlySet<string> Rules, IReadOnlyList<ScenarioResult> Found)
{
    /// <summary>How many were run.</summary>
    public int Count => Counts.Values.Sum();
}

/// <summary>What came of scenarios elsewhere: on another kernel, or on the processor below.</summary>
/// <param name="Kernel">The kernel's release; empty where there was none.</param>
/// <param name="Verdicts">The verdicts as programs read them, by <see cref="NameOf"/>.</param>
public sealed record EarlierResults(string Kernel, IReadOnlyDictionary<string, string> Verdicts)
{
    /// <summary>What a scenario is known by in every report.</summary>
    public static string NameOf(string source, string title) => $"{source}: {title}";

    /// <summary>What came of a scenario there; null where it was not run.</summary>
    public string? Of(ScenarioResult result) => Verdicts.GetValueOrDefault(NameOf(result.Source, result.Title));

    /// <summary>Whether a scenario departed there.</summary>
    public bool Departed(ScenarioResult result) => Of(result) == ConformWords.Of(ScenarioVerdict.Departs);
}
