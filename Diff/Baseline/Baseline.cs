using System.Globalization;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Baseline;

/// <summary>Accepted departures: they are told and do not fail; what is new fails.</summary>
/// <param name="Accepted">By rule, then by fingerprint.</param>
public sealed record Baseline(IReadOnlyList<AcceptedDeparture> Accepted)
{
    /// <summary>No accepted departures.</summary>
    public static Baseline Empty { get; } = new([]);

    /// <summary>Holds what a check found against the baseline.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="today">The day, for what has expired.</param>
    /// <returns>The same with accepted departures apart, and remarks on entries that expired or whose departure is gone.</returns>
    public DiffResult Apply(DiffResult result, DateOnly today)
    {
        var accepted = new List<DivergenceClass>();
        var left = new List<DivergenceClass>();
        foreach (DivergenceClass found in result.Divergences.Concat(result.Likely))
        {
            AcceptedDeparture? entry = Accepted.FirstOrDefault(one => one.Fingerprint == found.Fingerprint
                && one.Covers(result.Header.KernelRelease) && !one.HasExpired(today));
            if (entry is null)
            {
                left.Add(found);
            }
            else
            {
                accepted.Add(found with { Accepted = entry, Known = $"accepted: {PlainText.Of(entry.Reason)}{(entry.Expires is { } last ? $" (until {Day(last)})" : "")}" });
            }
        }

        ulong certain = Exits(accepted, isLikely: false), likely = Exits(accepted, isLikely: true);
        return result with
        {
            Divergences = [.. left.Where(found => !found.IsLikely)],
            Likely = [.. left.Where(found => found.IsLikely)],
            Accepted = [.. result.Accepted, .. accepted],
            Verdicts = new Dictionary<Verdict, ulong>(result.Verdicts)
            {
                [Verdict.Diverges] = result.CountOf(Verdict.Diverges) - Math.Min(result.CountOf(Verdict.Diverges), certain),
                [Verdict.Likely] = result.CountOf(Verdict.Likely) - Math.Min(result.CountOf(Verdict.Likely), likely),
                [Verdict.Accepted] = result.CountOf(Verdict.Accepted) + certain + likely,
            },
            Summary = result.Summary with { Notes = [.. result.Summary.Notes, .. Remarks(result, today)] },
        };
    }

    /// <summary>The baseline with every departure that a check found.</summary>
    /// <param name="found">Fingerprints and rules.</param>
    /// <param name="prune">Whether entries whose departure was not found go.</param>
    public Baseline With(IReadOnlyCollection<(string Fingerprint, string Rule)> found, bool prune)
    {
        HashSet<string> seen = [.. found.Select(one => one.Fingerprint)], listed = [.. Accepted.Select(entry => entry.Fingerprint)];
        return new Baseline(
        [
            .. Accepted.Where(entry => !prune || seen.Contains(entry.Fingerprint))
                .Concat(found.Where(one => listed.Add(one.Fingerprint)).Select(one => new AcceptedDeparture(one.Fingerprint, one.Rule, AcceptedDeparture.NoReason, "", "", null)))
                .OrderBy(entry => entry.Rule, StringComparer.Ordinal).ThenBy(entry => entry.Fingerprint, StringComparer.Ordinal),
        ]);
    }

    /// <summary>Entries for the kernel of a capture whose departure is gone although its rule was asked.</summary>
    public IEnumerable<AcceptedDeparture> VanishedFrom(DiffResult result) => Accepted.Where(entry =>
        entry.Covers(result.Header.KernelRelease)
        && !result.Classes.Any(found => found.Fingerprint == entry.Fingerprint)
        && result.Rules.Any(count => count.Rule.Id == entry.Rule && count.Decided > 0));

    /// <summary>Entries that a day is behind the end of.</summary>
    public IEnumerable<AcceptedDeparture> ExpiredOn(DateOnly today) => Accepted.Where(entry => entry.HasExpired(today));

    /// <summary>A day as the file has it.</summary>
    internal static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static ulong Exits(IEnumerable<DivergenceClass> classes, bool isLikely) =>
        classes.Where(found => found.IsLikely == isLikely).Aggregate(0UL, (sum, found) => sum + found.Count);

    // What becomes of a baseline says nothing of the recording.
    private IEnumerable<CaptureNote> Remarks(DiffResult result, DateOnly today) =>
        [
            .. ExpiredOn(today).Where(entry => entry.Covers(result.Header.KernelRelease)).Select(entry => new CaptureNote(
                "DIF0150", 1, $"accepted until {Day(entry.Expires!.Value)}, no longer: fix it, or give the entry of the baseline another date", Name(entry), NoteCost.Nothing)),
            .. VanishedFrom(result).Select(entry => new CaptureNote(
                "DIF0151", 1, "an accepted divergence is gone: take its entry out of the baseline (differ baseline update --prune)", Name(entry), NoteCost.Nothing)),
        ];

    private static string Name(AcceptedDeparture entry) => $"{entry.Fingerprint} {entry.Rule}";
}
