using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff;

/// <summary>Two runs become verdicts: each recorded exit is held against what the reference says of it, and equal departures are grouped.</summary>
public sealed class Comparison : INamingSink
{
    private readonly RunHeader _header;
    private readonly TextTable _texts;
    private readonly IReadOnlyList<RuleInfo> _rules;
    private readonly Policy _policy;
    private readonly VmEndings _endings = new();
    private readonly IJudgedSink? _exits;
    private readonly KeptCounter? _kept;
    private readonly FieldComparer _comparer;
    private readonly RecordDigest _digest = new();
    private readonly OwnGrounds? _grounds;
    private readonly StreamTable<ExitHistory> _histories = new(static () => new ExitHistory());
    private readonly ulong[] _verdicts = new ulong[Enum.GetValues<Verdict>().Length];
    private readonly Examination _examination = new();
    private readonly RuleTally _tally;
    private readonly DivergenceGroups _groups;
    private bool _decided;

    /// <summary>A comparison of one run.</summary>
    /// <param name="header">The recorded run.</param>
    /// <param name="rules">The rules the computed run was computed with.</param>
    /// <param name="texts">Texts of the recorded run.</param>
    /// <param name="policy">What the recording is judged by; null for the usual policy.</param>
    /// <param name="watcher">Is told of findings while the run goes on; null for nobody.</param>
    /// <param name="exits">Is told what is said of each exit; null for nobody.</param>
    /// <param name="kept">Counts where each rule is kept; null for nobody.</param>
    public Comparison(
        RunHeader header, IReadOnlyList<RuleInfo> rules, TextTable texts, Policy? policy = null, IFindingWatcher? watcher = null, IJudgedSink? exits = null,
        KeptCounter? kept = null)
    {
        _header = header;
        _texts = texts;
        _rules = rules;
        _policy = policy ?? Policy.Default;
        _exits = exits;
        _kept = kept;
        _comparer = new FieldComparer(header.Listed);
        _tally = new RuleTally(rules);
        _groups = new DivergenceGroups(rules, _comparer, _policy.Ignored, watcher, exits is not null, header.MayBeEdited);
    }

    /// <summary>Tracepoints that are known to be on before they speak. None of a file that may describe more than was recorded: what rests on their silence waits for the end.</summary>
    public TracepointSet KnownOn
    {
        init
        {
            _groups.Heard = value;
            _groups.SaidToBeOn = value;
        }
    }

    /// <summary>
    /// Replays exits by themselves, so that what one event shows stays certain where events are missing without a mark. Without it nothing does.
    /// </summary>
    public ILoneReplay? Alone { init => _grounds = value is null ? null : new OwnGrounds(value, _comparer); }

    /// <summary>Is told what each rule says of an exit; null for nobody.</summary>
    public IRuleWatcher? Rules { private get; init; }

    /// <inheritdoc/>
    public string? Finding { get; private set; }

    /// <inheritdoc/>
    public void Take(in ExitRecord recorded, in ComputedExit computed)
    {
        ExitHistory history = _histories[recorded.Stream];
        _tally.Begin(recorded.Stream);
        _endings.Take(recorded);
        _groups.Heard = _header.MayBeEdited ? history.Hear(recorded) : _groups.Heard | recorded.Kinds;
        Verdict verdict = IsBlind(recorded) ? Blind(recorded) : Verdict.Conforms;
        Departure? departure = null;
        Finding = null;
        _decided = false;
        if (computed.Expectations.Length > 0)
        {
            Verdict judged = Judge(recorded, computed, history);
            verdict = judged > verdict ? judged : verdict;
            departure = _groups.Departure;
            Finding = _groups.Finding;
        }

        _verdicts[(int)verdict]++;
        _examination.Take(recorded, computed, _decided && verdict != Verdict.Undecided);
        history.Add(recorded);
        _exits?.Take(recorded, verdict, departure);
    }

    /// <summary>The outcome, once the run has ended.</summary>
    /// <param name="summary">What is known of the recorded run after its last exit.</param>
    public DiffResult Finish(RunSummary summary)
    {
        // What the file describes but never shows was perhaps not recorded: nothing may rest on its silence.
        TracepointSet silent = summary.ListIsSelective ? summary.Off : _header.Listed - summary.Seen;
        Dictionary<StreamId, TracepointSet> silentIn = summary.Streams.Where(static stream => stream.Heard is not null)
            .ToDictionary(static stream => stream.Id, stream => silent | (_header.Listed - stream.Heard!.Value));
        FoundClasses found = _groups.Finish(
            stream => silentIn.GetValueOrDefault(stream, silent), TrustIn(summary), _tally, Move);
        return new DiffResult(
            _header, summary, Enum.GetValues<Verdict>().ToDictionary(verdict => verdict, verdict => _verdicts[(int)verdict]),
            found.Certain, found.Known, _tally.Undecided(), _tally.Counts(), _texts)
        {
            Likely = found.Likely,
            Ignored = found.Ignored,
            Endings = _endings.All,
            Policy = _policy,
            Examined = _examination.Examined,
            Losses = _examination.Losses(summary),
            NestedLosses = _examination.NestedLosses(summary),
        };
    }

    private static Trust TrustIn(RunSummary summary) =>
        summary.Off.Has(KvmEventKind.NestedVmexit) ? Trust.Nothing
        : summary.Notes.Any(static note => note.Cost == NoteCost.Unmarked) ? Trust.OneEvent
        : Trust.Everything;

    private void Move(Verdict from, Verdict to, ulong exits)
    {
        _verdicts[(int)from] -= exits;
        _verdicts[(int)to] += exits;
        if (to == Verdict.Undecided)
        {
            _examination.TakeBack(exits);
        }
    }

    // A record with a hole, or of a guest that cannot be told, may hide anything.
    private static bool IsBlind(in ExitRecord record) => record.HasHole || (record.HasExit && record.Level == GuestLevel.Unknown);

    private Verdict Blind(in ExitRecord record)
    {
        _tally.AddUndecided(null, record.HasHole ? Evidence.LostEvents : Evidence.Level, record);
        return Verdict.Undecided;
    }

    private Verdict Judge(in ExitRecord recorded, in ComputedExit computed, ExitHistory history)
    {
        Verdict verdict = Verdict.Conforms;
        RecordDigest? digest = computed.Digest;
        bool looked = false;
        _groups.Begin();
        for (int i = 0; i < computed.Expectations.Length; i++)
        {
            ref readonly Expectation expectation = ref computed.Expectations[i];
            if (expectation.Standing == Standing.Undecided)
            {
                _tally.AddUndecided(expectation.Rule, expectation.Missing, recorded);
                Rules?.Take(recorded, _rules[expectation.Rule], Verdict.Undecided, expectation.Missing);
                verdict = verdict < Verdict.Undecided ? Verdict.Undecided : verdict;
                continue;
            }

            digest ??= DigestOf(recorded);
            Truth met = _comparer.IsMet(recorded, digest, computed, expectation, out TracepointSet missed);
            if (met.IsNo && !looked && expectation.Standing == Standing.Decided)
            {
                _grounds?.Read(recorded);
                looked = true;
            }

            Verdict judged = met.Answer switch
            {
                Answer.Yes => Conforms(recorded, computed, expectation),
                Answer.Unknown => Undecided(recorded, expectation),
                _ when IsGuess(expectation) => Guessed(recorded, expectation),
                _ => _groups.Add(recorded, digest, computed, i, missed, looked && _grounds?.Break(_rules[expectation.Rule].Id) == true),
            };
            Rules?.Take(recorded, _rules[expectation.Rule], judged, met.IsUnknown ? MissingIn(recorded) : expectation.Missing);
            verdict = judged > verdict ? judged : verdict;
            _decided |= met.IsYes || (met.IsNo && judged != Verdict.Undecided);
        }

        _groups.End(recorded, digest ?? _digest, computed, history, _tally);
        return verdict;
    }

    private RecordDigest DigestOf(in ExitRecord recorded)
    {
        _digest.Read(recorded);
        return _digest;
    }

    // A weak rule assumes what is often not so: alone it is no reason to accuse anyone.
    private bool IsGuess(in Expectation expectation) =>
        !_policy.Speculative && expectation.Standing == Standing.Assumed && _rules[expectation.Rule].Confidence == Confidence.Weak;

    private Verdict Guessed(in ExitRecord recorded, in Expectation expectation)
    {
        _tally.AddUndecided(expectation.Rule, expectation.Missing, recorded);
        return Verdict.Undecided;
    }

    private Verdict Conforms(in ExitRecord recorded, in ComputedExit computed, in Expectation expectation)
    {
        _kept?.Add(expectation.Rule, recorded, computed);
        _tally.AddConforms(expectation.Rule);
        return Verdict.Conforms;
    }

    private Verdict Undecided(in ExitRecord recorded, in Expectation expectation)
    {
        _tally.AddUndecided(expectation.Rule, MissingIn(recorded), recorded);
        return Verdict.Undecided;
    }

    // Where entries are recorded, a record without one and without a hole is the last of its vCPU.
    private Evidence MissingIn(in ExitRecord recorded) =>
        recorded.HasHole ? Evidence.LostEvents
        : !recorded.HasEntry && _header.Listed.Covers(TracepointSet.Entry) ? Evidence.RecordingEnd
        : Evidence.Tracepoint;
}
