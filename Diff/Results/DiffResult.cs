using Differ.Schemas.Run;

namespace Differ.Diff.Results;

/// <summary>The outcome of comparing a recorded run with the computed one.</summary>
/// <param name="Header">The recorded run before its first exit.</param>
/// <param name="Summary">The recorded run after its last exit.</param>
/// <param name="Verdicts">Exits by verdict.</param>
/// <param name="Divergences">Findings that nothing unseen explains, the gravest first.</param>
/// <param name="KnownDepartures">Documented departures.</param>
/// <param name="Undecided">What could not be decided.</param>
/// <param name="Rules">Every rule of the run.</param>
/// <param name="Texts">Texts that kept exits refer to.</param>
public sealed record DiffResult(
    RunHeader Header, RunSummary Summary, IReadOnlyDictionary<Verdict, ulong> Verdicts, IReadOnlyList<DivergenceClass> Divergences,
    IReadOnlyList<DivergenceClass> KnownDepartures, IReadOnlyList<UndecidedClass> Undecided, IReadOnlyList<RuleCount> Rules, TextTable Texts)
{
    /// <summary>Findings that hold under an assumption, the gravest first; each names what it assumes.</summary>
    public IReadOnlyList<DivergenceClass> Likely { get; init; } = [];

    /// <summary>Departures that the baseline accepts, certain or likely.</summary>
    public IReadOnlyList<DivergenceClass> Accepted { get; init; } = [];

    /// <summary>Departures from rules that the configuration ignores.</summary>
    public IReadOnlyList<DivergenceClass> Ignored { get; init; } = [];

    /// <summary>Every class: findings first, then what is none.</summary>
    public IEnumerable<DivergenceClass> Classes => Divergences.Concat(Likely).Concat(Accepted).Concat(Ignored).Concat(KnownDepartures);

    /// <summary>Returns to the VMM that end a virtual machine or reset it, by kind, in the order they were met.</summary>
    public IReadOnlyList<VmEnding> Endings { get; init; } = [];

    /// <summary>How much of the recording could be examined at all.</summary>
    public ExaminedExits Examined { get; init; } = new(0, 0, 0);

    /// <summary>How much of each vCPU was lost, the worst first; vCPUs of which nothing was lost are not in it.</summary>
    public IReadOnlyList<StreamLoss> Losses { get; init; } = [];

    /// <summary>How much was lost since L1 enabled SVM, by vCPU, the worst first; vCPUs of which nothing was lost then are not in it.</summary>
    public IReadOnlyList<NestedLoss> NestedLosses { get; init; } = [];

    /// <summary>What the recording is judged by.</summary>
    public Policy Policy { get; init; } = Policy.Default;

    /// <summary>What is said of the recording as a whole, by <see cref="Policy"/>.</summary>
    public RecordingVerdict Verdict => RecordingVerdict.Of(this);

    /// <summary>Whether there is a certain finding, whoever is at fault.</summary>
    public bool Diverges => Divergences.Count > 0;

    /// <summary>How many exits have a verdict.</summary>
    public ulong CountOf(Verdict verdict) => Verdicts.GetValueOrDefault(verdict);
}
