using System.Globalization;
using Differ.Diff.Results;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report.Perfetto;

/// <summary>A class of divergences and its track.</summary>
/// <param name="Number">In the order of the first departures.</param>
/// <param name="Rule">The rule that is broken.</param>
/// <param name="RuleId">Its name.</param>
/// <param name="Section">Where the manual states it.</param>
/// <param name="Statement">The statement.</param>
/// <param name="Fingerprint">What names the class.</param>
internal sealed record FindingTrack(int Number, RuleInfo Rule, TraceText RuleId, TraceText Section, TraceText Statement, TraceText Fingerprint);

/// <summary>
/// Departures: on the vCPU's track an instant with what was recorded, and an arrow from it to an instant with what the manual expects on a
/// track of the class.
/// </summary>
/// <remarks>
/// A departure may be taken back when the recording has ended, or be accepted: so the vCPU's track tells what is so in any case, and the
/// track of the class is named last, by what became of it.
/// </remarks>
/// <param name="texts">The texts of the trace.</param>
internal sealed class FindingTracks(TraceTexts texts)
{
    private readonly Dictionary<string, FindingTrack> _tracks = new(StringComparer.Ordinal);
    private readonly TraceText
        _category = texts.Of("divergence"), _rule = texts.Of("rule"), _section = texts.Of("section"), _manual = texts.Of("manual"),
        _recorded = texts.Of("recorded"), _expected = texts.Of("expected"), _fingerprint = texts.Of("fingerprint"), _exit = texts.Of("exit");

    private ulong _flows;

    /// <summary>The classes, in the order of their first departures.</summary>
    public IEnumerable<FindingTrack> All => _tracks.Values.OrderBy(track => track.Number);

    public void Write(in ExitRecord record, Departure departure, ulong time, PacketSequence sequence)
    {
        FindingTrack track = TrackOf(departure);
        string recorded = string.Join("; ", departure.Recorded.Select(field => field.Text));
        string expected = string.Join("; or ", departure.Expected);
        _flows++;
        sequence.Open(TraceFields.Instant, time, _category, texts.Of($"recorded: {recorded}"));
        sequence.StartFlow(_flows);
        sequence.Words(_rule, track.RuleId);
        sequence.Words(_expected, texts.Of(expected));
        sequence.Words(_fingerprint, track.Fingerprint);
        sequence.Close();
        sequence.Open(TraceFields.Instant, time, _category, texts.Of($"expected: {expected}"));
        sequence.OnTrack(TrackUuids.OfFinding(track.Number));
        sequence.EndFlow(_flows);
        sequence.Words(_rule, track.RuleId);
        sequence.Words(_section, track.Section);
        sequence.Words(_manual, track.Statement);
        sequence.Words(_recorded, texts.Of(recorded));
        sequence.Words(_fingerprint, track.Fingerprint);
        sequence.Count(_exit, record.Index);
        sequence.Close();
    }

    /// <summary>What a track is called in the end.</summary>
    public static string NameOf(FindingTrack track, DiffResult result)
    {
        string name = $"{track.Rule.Id} {track.Fingerprint.Value}";
        return result.Divergences.Concat(result.Likely).FirstOrDefault(found => found.Fingerprint == track.Fingerprint.Value) is { } found
            ? string.Create(CultureInfo.InvariantCulture, $"{name}: {(found.IsLikely ? "likely diverges" : "diverges")} at {found.Count} {(found.Count == 1 ? "exit" : "exits")}")
            : result.Accepted.Any(known => known.Fingerprint == track.Fingerprint.Value) ? $"{name}: accepted"
            : $"{name}: withdrawn, a tracepoint it rests on was perhaps not recorded";
    }

    private FindingTrack TrackOf(Departure departure)
    {
        if (!_tracks.TryGetValue(departure.Fingerprint, out FindingTrack? track))
        {
            RuleInfo rule = departure.Rule;
            track = new FindingTrack(
                _tracks.Count, rule, texts.Of(rule.Id), texts.Of(rule.Citation), texts.Of(rule.Statement), texts.Of(departure.Fingerprint));
            _tracks.Add(departure.Fingerprint, track);
        }

        return track;
    }
}
