using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Counts, per rule and vCPU stream, what came of it. Arrays: several rules speak at every exit of L2.</summary>
internal sealed class RuleTally(IReadOnlyList<RuleInfo> rules)
{
    private static readonly int Kinds = EvidenceTable.All.Count;

    // By stream, where it was met; the last one that is kept stands for all further ones.
    private readonly List<StreamTally?> _streams = [];
    private StreamTally _stream = StreamTally.None;

    // A row of evidence for each rule, and a last one for what concerns a whole exit.
    private readonly ulong[] _undecided = new ulong[(rules.Count + 1) * Kinds];
    private readonly Missing[] _missing = new Missing[Kinds];

    /// <summary>Starts an exit of a stream: what is added next is of that exit.</summary>
    public void Begin(StreamId stream) => _stream = TallyOf(stream);

    /// <summary>A rule was kept.</summary>
    public void AddConforms(int rule) => _stream.Conforms[rule]++;

    /// <summary>A rule was broken.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="isLikely">Whether under an assumption only.</param>
    public void AddBroken(int rule, bool isLikely) => (isLikely ? _stream.Likely : _stream.Departs)[rule]++;

    /// <summary>A rule could not be decided.</summary>
    /// <param name="rule">The rule; null when it is the whole exit.</param>
    /// <param name="missing">What would decide it.</param>
    /// <param name="record">The exit.</param>
    public void AddUndecided(int? rule, Evidence missing, in ExitRecord record)
    {
        _undecided[((rule ?? rules.Count) * Kinds) + (int)missing]++;
        if (rule is { } one)
        {
            _stream.Undecided[one]++;
        }

        ref Missing seen = ref _missing[(int)missing];
        var place = new ExitPlace(record.Stream, record.Index);
        if (seen.Exits == 0)
        {
            seen.First = place;
        }
        else if (seen.Last == place)
        {
            // Several rules may lack the same evidence at one exit: it counts once.
            return;
        }

        seen.Exits++;
        seen.Last = place;
    }

    /// <summary>Broken rules are withdrawn: what they rest on was perhaps not recorded.</summary>
    /// <param name="broken">How often each in each stream.</param>
    /// <param name="exits">How many exits are concerned.</param>
    /// <param name="first">The first of them.</param>
    public void Withdraw(IReadOnlyDictionary<(int Rule, bool IsLikely, StreamId Stream), ulong> broken, ulong exits, KeptExit first)
    {
        ref Missing seen = ref _missing[(int)Evidence.Tracepoint];
        if (seen.Exits == 0)
        {
            seen.First = new ExitPlace(first.Stream, first.Index);
        }

        seen.Exits += exits;
        foreach (((int rule, bool isLikely, StreamId stream), ulong count) in broken)
        {
            StreamTally tally = TallyOf(stream);
            (isLikely ? tally.Likely : tally.Departs)[rule] -= count;
            tally.Undecided[rule] += count;
            _undecided[(rule * Kinds) + (int)Evidence.Tracepoint] += count;
        }
    }

    /// <summary>What counts as a broken rule is a likely one.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="streams">How often in each stream.</param>
    public void Soften(int rule, IReadOnlyDictionary<StreamId, ulong> streams)
    {
        foreach ((StreamId stream, ulong count) in streams)
        {
            StreamTally tally = TallyOf(stream);
            tally.Departs[rule] -= count;
            tally.Likely[rule] += count;
        }
    }

    public IReadOnlyList<RuleCount> Counts() => [.. rules.Select(CountOf)];

    /// <summary>What could not be decided, by what is missing, the most frequent first.</summary>
    public IReadOnlyList<UndecidedClass> Undecided() =>
    [
        .. EvidenceTable.All.Where(row => _missing[(int)row.Evidence].Exits > 0)
            .Select(row => new UndecidedClass(
                row, RulesLacking(row.Evidence), _missing[(int)row.Evidence].Exits,
                _missing[(int)row.Evidence].First))
            .OrderByDescending(undecided => undecided.Exits).ThenBy(undecided => undecided.Missing.Evidence),
    ];

    private RuleCount CountOf(RuleInfo rule, int number)
    {
        StreamRuleCount[] streams =
        [
            .. _streams.Select((tally, i) => tally is null ? new StreamRuleCount(new StreamId(i), 0, 0, 0)
                    : new StreamRuleCount(new StreamId(i), tally.Conforms[number], tally.Undecided[number], tally.Departs[number]) { Likely = tally.Likely[number] })
                .Where(count => (count.Conforms | count.Undecided | count.Likely | count.Departs) > 0),
        ];
        ulong Sum(Func<StreamRuleCount, ulong> part) => streams.Aggregate(0UL, (sum, count) => sum + part(count));
        return new RuleCount(rule, Sum(count => count.Conforms), Sum(count => count.Undecided), Sum(count => count.Departs), Lacking(number))
        {
            Likely = Sum(count => count.Likely),
            Streams = streams,
        };
    }

    private StreamTally TallyOf(StreamId stream)
    {
        int number = Math.Min(stream.Value, StreamRuleCount.MostStreams);
        while (_streams.Count <= number)
        {
            _streams.Add(null);
        }

        return _streams[number] ??= new StreamTally(new ulong[rules.Count], new ulong[rules.Count], new ulong[rules.Count], new ulong[rules.Count]);
    }

    private List<EvidenceShare> Lacking(int rule) =>
    [
        .. EvidenceTable.All.Select(row => new EvidenceShare(row, _undecided[(rule * Kinds) + (int)row.Evidence])).Where(share => share.Count > 0),
    ];

    private List<RuleShare> RulesLacking(Evidence evidence)
    {
        var shares = new List<RuleShare>();
        for (int i = 0; i < rules.Count; i++)
        {
            ulong count = _undecided[(i * Kinds) + (int)evidence];
            if (count > 0)
            {
                shares.Add(new RuleShare(rules[i], count));
            }
        }

        return shares;
    }

    private sealed record StreamTally(ulong[] Conforms, ulong[] Undecided, ulong[] Likely, ulong[] Departs)
    {
        public static StreamTally None { get; } = new([], [], [], []);
    }

    private struct Missing
    {
        public ulong Exits;
        public ExitPlace First;
        public ExitPlace Last;
    }
}
