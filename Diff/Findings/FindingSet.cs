using Differ.Diff.Results;

namespace Differ.Diff.Findings;

/// <summary>What one command found, in one capture or many, by itself or against a base: the one thing every report is made of.</summary>
/// <param name="Checked">The captures that were checked, in the order they were named.</param>
/// <param name="Unread">Those that cannot be used, in the same order.</param>
public sealed record FindingSet(IReadOnlyList<CheckedCapture> Checked, IReadOnlyList<UnreadCapture> Unread)
{
    /// <summary>What was found in folders and not judged, with the reason.</summary>
    public IReadOnlyList<LeftOutCapture> LeftOut { get; init; } = [];

    /// <summary>Captures of the base that have no partner; none where nothing is compared.</summary>
    public IReadOnlyList<string> OnlyBase { get; init; } = [];

    /// <summary>Captures of the test that have no partner; none where nothing is compared.</summary>
    public IReadOnlyList<string> OnlyTest { get; init; } = [];

    /// <summary>Whether captures are held against others, and only what is new fails.</summary>
    public bool Compares { get; init; }

    /// <summary>What the captures are judged by.</summary>
    public Policy Policy { get; init; } = Policy.Default;

    /// <summary>The worst verdict on a capture; inconclusive where there is none, or one has no partner.</summary>
    public RecordingOutcome Outcome =>
        Checked.Select(capture => capture.Verdict.Outcome).Append(HasUnpaired ? RecordingOutcome.Inconclusive : RecordingOutcome.Conforms)
            .Max() is var worst && Checked.Count == 0 ? RecordingOutcome.Inconclusive : worst;

    /// <summary>Whether a capture fails the check.</summary>
    public bool Fails => Checked.Any(capture => capture.Fails) || (HasUnpaired && Policy.Fails(RecordingOutcome.Inconclusive));

    /// <summary>Whether too little is known of a capture to call it good.</summary>
    public bool IsInconclusive => HasUnpaired || Checked.Any(capture => capture.IsInconclusive);

    // Nothing is known of what a guest did that was recorded once.
    private bool HasUnpaired => OnlyBase.Count + OnlyTest.Count > 0;

    /// <summary>The only capture, where the set is of one that could be read; else null.</summary>
    public CheckedCapture? Single => Checked.Count == 1 && Unread.Count == 0 ? Checked[0] : null;

    /// <summary>A check of one capture.</summary>
    public static FindingSet Of(DiffResult result) => new([CheckedCapture.Of(NameOf(result), result.Header.Capture, result)], []) { Policy = result.Policy };

    /// <summary>A comparison.</summary>
    public static FindingSet Of(ChangeSet changes) =>
        new([.. changes.Pairs.Select(pair => CheckedCapture.Of(pair.Name.Length > 0 ? pair.Name : pair.TestFile, pair))], changes.Unread)
        {
            OnlyBase = changes.OnlyBase,
            OnlyTest = changes.OnlyTest,
            Compares = true,
            Policy = changes.Policy,
        };

    /// <summary>
    /// Every class over all captures, each once: by how it stands, then by severity, by how many exits and by fingerprint. A class may
    /// fail in one capture and be accepted in another, whose kernel the baseline names.
    /// </summary>
    public IReadOnlyList<FindingClass> Classes() =>
    [
        .. Checked.SelectMany(capture => capture.Findings, (capture, finding) => new PlacedFinding(capture, finding))
            .GroupBy(place => place.Finding.Class.Fingerprint, StringComparer.Ordinal)
            .Select(group => new FindingClass([.. group.OrderBy(place => place.Finding.State)]))
            .OrderBy(one => one.State).ThenByDescending(one => one.Class.Rule.Severity).ThenByDescending(one => one.Count)
            .ThenBy(one => one.Class.Fingerprint, StringComparer.Ordinal),
    ];

    /// <summary>What all captures leave undecided, what most exits lack first.</summary>
    public IReadOnlyList<UndecidedShare> Undecided() =>
    [
        .. Checked.SelectMany(capture => capture.Result.Undecided).GroupBy(undecided => undecided.Missing.Evidence)
            .Select(group => new UndecidedShare(group.First().Missing, group.Aggregate(0UL, (sum, undecided) => sum + undecided.Exits), group.Count()))
            .OrderByDescending(share => share.Exits).ThenBy(share => share.Missing.Evidence),
    ];

    private static string NameOf(DiffResult result) => result.Header.Capture.Length > 0 ? result.Header.Capture : "(pipe)";
}
