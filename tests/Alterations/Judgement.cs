using Differ.Capture;
using Differ.Capture.Diagnostics;
using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Run;

namespace Differ.Alterations;

/// <summary>One class of divergences that a recording shows.</summary>
/// <param name="Fingerprint">The class.</param>
/// <param name="Rules">The rule that leads, and those beside it.</param>
/// <param name="Words">What it is, for a person.</param>
internal sealed record Finding(string Fingerprint, IReadOnlyList<string> Rules, string Words);

/// <summary>What Differ says of a recording.</summary>
internal sealed class Judgement : IJudgedSink
{
    private readonly List<(string Fingerprint, ulong Time, ulong Code, ulong Rip)> _exits = [];

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
            var comparison = new Comparison(session.Header, RuleBook.Statements, session.Texts, exits: judgement) { Alone = new LoneReplay(session.Header, session.Texts) };
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
    /// <remarks>What the same instruction of the guest departs in may have another name where less is known of it.</remarks>
    /// <param name="wholes">The whole recordings.</param>
    /// <param name="keepsTimes">Whether an exit has the same time in both, so that each exit must diverge in the whole recording too.</param>
    public IEnumerable<Finding> Beyond(IReadOnlyList<Judgement> wholes, bool keepsTimes)
    {
        HashSet<ulong> times = [.. wholes.SelectMany(whole => whole._exits.Select(exit => exit.Time))];
        HashSet<(ulong, ulong)> places = [.. wholes.SelectMany(whole => whole._exits.Select(exit => (exit.Code, exit.Rip)))];
        ILookup<string, (string Fingerprint, ulong Time, ulong Code, ulong Rip)> exits = _exits.ToLookup(exit => exit.Fingerprint, StringComparer.Ordinal);
        HashSet<Finding> unknown = [.. Unknown(Certain, [.. wholes.SelectMany(whole => whole.Certain)])];
        return Certain.Where(finding => exits[finding.Fingerprint] is var own && (
            !own.Any() ? unknown.Contains(finding)
            : keepsTimes ? own.Any(exit => !times.Contains(exit.Time))
            : unknown.Contains(finding) && own.Any(exit => !places.Contains((exit.Code, exit.Rip)))));
    }

    /// <summary>Findings under an assumption that the whole recordings do not have, neither so nor certain.</summary>
    public IEnumerable<Finding> LikelyBeyond(IReadOnlyList<Judgement> wholes) =>
        Unknown(Likely, [.. wholes.SelectMany(whole => whole.Certain.Concat(whole.Likely))]);

    /// <inheritdoc/>
    public void Take(in ExitRecord record, Verdict verdict, Departure? departure)
    {
        if (verdict == Verdict.Diverges && departure is { IsLikely: false })
        {
            _exits.Add(record.HasExit
                ? (departure.Fingerprint, record.Exit.Time.Value, record.Exit.Code.Value, record.Exit.Rip)
                : (departure.Fingerprint, record.Entry.Time.Value, 0, 0));
        }
    }

    private static IEnumerable<Finding> Unknown(IEnumerable<Finding> found, IReadOnlyList<Finding> known)
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
