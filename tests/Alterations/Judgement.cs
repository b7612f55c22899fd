using Differ.Capture;
using Differ.Capture.Diagnostics;
using Differ.Diff;
using Differ.Diff.Compare;
using Differ.Replay;
using Differ.Replay.Svm;
using Differ.Schemas.Run;

namespace Differ.Alterations;

/// <summary>One class of departures that a recording shows.</summary>
/// <param name="Fingerprint">The class.</param>
/// <param name="Rules">The rule that leads, and those beside it.</param>
/// <param name="Words">What it is, for a person.</param>
internal sealed record Finding(string Fingerprint, IReadOnlyList<string> Rules, string Words);

/// <summary>What Differ says of a recording.</summary>
internal sealed class Judgement : IJudgedSink
{
    private readonly HashSet<ulong> _exits = [];

    /// <summary>The number of the diagnostic with which it was refused; null where it was read.</summary>
    public string? Refusal { get; private init; }

    /// <summary>Findings that nothing unseen explains.</summary>
    public IReadOnlyList<Finding> Certain { get; private set; } = [];

    /// <summary>Findings under an assumption.</summary>
    public IReadOnlyList<Finding> Likely { get; private set; } = [];

    /// <summary>Judges a recording.</summary>
    public static Judgement Of(Func<CaptureSession> open)
    {
        try
        {
            using CaptureSession session = open();
            var judgement = new Judgement();
            var comparison = new Comparison(session.Header, RuleBook.Statements, session.Texts, exits: judgement);
            DiffResult result = comparison.Finish(session.ReadExits(new Replayer(session.Header, session.Texts, comparison)));
            judgement.Certain = [.. result.Divergences.Select(found => Of(found, found.AlsoBroken.Concat(found.AlsoLikely)))];
            judgement.Likely = [.. result.Likely.Select(found => Of(found, found.AlsoLikely))];
            return judgement;
        }
        catch (CaptureFormatException e)
        {
            return new Judgement { Refusal = e.Code };
        }
    }

    /// <summary>Certain findings that the whole recordings do not have.</summary>
    /// <param name="wholes">The whole recordings.</param>
    /// <param name="keepsTimes">Whether an exit has the same time in both, so that each exit must diverge in the whole recording too.</param>
    public IEnumerable<Finding> Beyond(IReadOnlyList<Judgement> wholes, bool keepsTimes)
    {
        List<Finding> beyond = [.. Beyond(Certain, [.. wholes.SelectMany(whole => whole.Certain)])];
        ulong[] exits = keepsTimes ? [.. _exits.Except(wholes.SelectMany(whole => whole._exits)).Order()] : [];
        return beyond.Count == 0 && exits.Length > 0 && Certain.Count > 0
            ? [Certain[0] with { Words = $"{Certain[0].Words}; not in the whole recording: the exits at {string.Join(", ", exits.Take(3))}" }]
            : beyond;
    }

    /// <summary>Findings under an assumption that the whole recordings do not have, neither so nor certain.</summary>
    public IEnumerable<Finding> LikelyBeyond(IReadOnlyList<Judgement> wholes) => Beyond(Likely, [.. wholes.SelectMany(whole => whole.Certain.Concat(whole.Likely))]);

    /// <inheritdoc/>
    public void Take(in ExitRecord record, Verdict verdict, Departure? departure)
    {
        if (verdict == Verdict.Diverges)
        {
            _exits.Add(record.HasExit ? record.Exit.Time.Value : record.Entry.Time.Value);
        }
    }

    private static IEnumerable<Finding> Beyond(IEnumerable<Finding> found, IReadOnlyCollection<Finding> known)
    {
        var fingerprints = known.Select(one => one.Fingerprint).ToHashSet(StringComparer.Ordinal);
        var rules = known.SelectMany(one => one.Rules).ToHashSet(StringComparer.Ordinal);
        return found.Where(one => !fingerprints.Contains(one.Fingerprint) && !rules.Contains(one.Rules[0]));
    }

    private static Finding Of(DivergenceClass found, IEnumerable<Differ.Schemas.Vocabulary.RuleInfo> beside)
    {
        KeptExit exit = found.First.Exit;
        string recorded = string.Join(", ", found.First.Recorded.Select(field => field.Text));
        return new Finding(
            found.Fingerprint, [found.Rule.Id, .. beside.Select(rule => rule.Id)],
            $"{found.Rule.Id} {found.Fingerprint}, {found.Count} times, first stream {exit.Stream.Value} exit {exit.Index}: {recorded}; expected {string.Join(" | ", found.First.Expected)}");
    }
}
