using Differ.Diff.Results;
using Differ.Schemas.Model;

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

    /// <summary>Whether a person wants every detail: rule ids of what is undecided, remarks on the files, reasons of the grade.</summary>
    public bool IsVerbose { get; init; }

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
    /// <param name="result">What came of it.</param>
    /// <param name="file">The file that was read; null for the one that the recording names.</param>
    public static FindingSet Of(DiffResult result, string? file = null) => new([CheckedCapture.Of(NameOf(result), file ?? result.Header.Capture, result)], []) { Policy = result.Policy };

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

/// <summary>A capture that cannot be used. Of a comparison, a pair of which one cannot.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="File">The file, as it can be named from the folder the command ran in.</param>
/// <param name="Code">The number of the diagnostic, as in README.md; empty where the system refuses the file.</param>
/// <param name="Message">One line: what, where and what to do. It begins with the code, where there is one.</param>
public sealed record UnreadCapture(string Name, string File, string Code, string Message);

/// <summary>A recording, or what may hold one, that was found in a folder and not judged.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="File">The file or folder, as it can be named from the folder the command ran in.</param>
/// <param name="Reason">Why, for a person.</param>
public sealed record LeftOutCapture(string Name, string File, string Reason);

/// <summary>What the captures of a set leave undecided for lack of one kind of evidence.</summary>
/// <param name="Missing">The evidence.</param>
/// <param name="Exits">How many exits of all captures.</param>
/// <param name="Captures">How many captures have such exits.</param>
public sealed record UndecidedShare(EvidenceRow Missing, ulong Exits, int Captures);
