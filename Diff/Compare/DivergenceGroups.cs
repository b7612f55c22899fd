using System.Runtime.InteropServices;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>
/// Groups equal departures. Several rules that one exit breaks make one finding: a certain one leads before one that assumes something,
/// then <see cref="RuleRanks"/> decides. Documented departures of an exit, and those from ignored rules, are grouped apart.
/// </summary>
/// <param name="rules">The rules.</param>
/// <param name="comparer">Reads fields.</param>
/// <param name="ignored">Rules whose departures are no findings.</param>
/// <param name="watcher">Is told of findings while the run goes on; null for nobody.</param>
/// <param name="watched">Whether somebody wants to know of each exit what it departs in.</param>
/// <param name="byStream">Whether what was recorded is known of each vCPU by itself.</param>
internal sealed class DivergenceGroups(
    IReadOnlyList<RuleInfo> rules, FieldComparer comparer, IReadOnlyList<IgnoredRule> ignored, IFindingWatcher? watcher = null, bool watched = false,
    bool byStream = false)
{
    /// <summary>A hostile or hopeless run may break every rule in every way; further ways to break a rule are counted as one class.</summary>
    internal const int MostClasses = 4096;

    private readonly Dictionary<ClassKey, DivergenceGroup> _groups = [];
    private readonly List<BrokenExpectation> _broken = [];
    private readonly ClassIdentity _identity = new(comparer);
    private readonly int[] _ranks = RuleRanks.Of(rules);
    private readonly ILookup<string, KvmDeviation> _deviations = KvmDeviations.All.ToLookup(deviation => deviation.Rule, StringComparer.Ordinal);
    private readonly Dictionary<string, string> _ignored = ignored.ToDictionary(one => one.Rule, one => one.Reason, StringComparer.Ordinal);
    private int _made;

    /// <summary>Tracepoints that occurred so far, where that proves that they were on at the exit at hand.</summary>
    public TracepointSet Heard { get; set; }

    /// <summary>Tracepoints that are said to be on, so that what rests on their silence is told at once; the end may take it back.</summary>
    public TracepointSet SaidToBeOn { get; set; }

    /// <summary>What the exit at hand departs in, for whoever watches; null when it does not.</summary>
    public Departure? Departure { get; private set; }

    /// <summary>Fingerprint of the finding that the exit at hand belongs to; null for none.</summary>
    public string? Finding { get; private set; }

    /// <summary>Starts an exit.</summary>
    public void Begin()
    {
        Finding = null;
        Departure = null;
        _broken.Clear();
    }

    /// <summary>Adds a rule that the exit breaks.</summary>
    /// <param name="record">The exit.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="computed">What the rules say.</param>
    /// <param name="position">Which of the expectations is not met.</param>
    /// <param name="missed">Tracepoints on whose silence that rests.</param>
    /// <param name="isAlone">Whether one event shows it, whatever is missing around it.</param>
    /// <returns>What that makes of the exit.</returns>
    public Verdict Add(in ExitRecord record, RecordDigest digest, in ComputedExit computed, int position, TracepointSet missed, bool isAlone)
    {
        ref readonly Expectation expectation = ref computed.Expectations[position];
        RuleInfo rule = rules[expectation.Rule];
        string? known = KnownReason(record, digest, rule), reason = known ?? (_ignored.TryGetValue(rule.Id, out string? why) ? $"ignored: {why}" : null);
        ClassKind kind = known is not null ? ClassKind.Known : reason is not null ? ClassKind.Ignored
            : expectation.Standing == Standing.Assumed ? ClassKind.Likely : ClassKind.Certain;
        _broken.Add(new BrokenExpectation(
            (kind, expectation.Culprit == Culprit.Processor ? 0 : 1, rule.Severity == Severity.Info ? 1 : 0, _ranks[expectation.Rule]),
            position, expectation.Rule, known is null ? missed - Heard : default, reason, isAlone));
        return VerdictOf(kind);
    }

    public void End(in ExitRecord record, RecordDigest digest, in ComputedExit computed, ExitHistory history, RuleTally tally)
    {
        if (_broken.Count == 0)
        {
            return;
        }

        _broken.Sort(static (left, right) => (left.Order, left.Position).CompareTo((right.Order, right.Position)));
        ReadOnlySpan<BrokenExpectation> broken = CollectionsMarshal.AsSpan(_broken);
        foreach (BrokenExpectation one in broken)
        {
            tally.AddBroken(one.Rule, one.Kind == ClassKind.Likely);
        }

        for (int from = 0; from < broken.Length;)
        {
            int to = from;
            while (to < broken.Length && IsTogether(broken[from].Kind, broken[to].Kind))
            {
                to++;
            }

            DivergenceGroup found = Place(_groups, broken[from..to], record, digest, computed, history);
            if (found.Key.Kind <= ClassKind.Likely)
            {
                Finding = found.Fingerprint;
                Tell(found, record, digest, computed, computed.Expectations[broken[from].Position]);
            }

            from = to;
        }
    }

    /// <summary>The classes, once the run has ended.</summary>
    /// <param name="silentIn">
    /// Tracepoints that were perhaps not recorded of a vCPU: what rests on their silence is taken back. An exit whose finding goes is told under
    /// what else it breaks; where there is nothing, it is undecided.
    /// </param>
    /// <param name="trust">What of the recording can be trusted; what rests on anything else is likely at most.</param>
    /// <param name="tally">The rules' counts.</param>
    /// <param name="moved">Is told how many exits change their verdict, from which to which.</param>
    public FoundClasses Finish(Func<StreamId, TracepointSet> silentIn, Trust trust, RuleTally tally, Action<Verdict, Verdict, ulong> moved)
    {
        var left = new List<DivergenceGroup>();
        foreach (DivergenceGroup group in _groups.Values)
        {
            Dictionary<BrokenRule, Dictionary<StreamId, ulong>> before = group.Broken.ToDictionary(
                static rule => rule.Key, static rule => rule.Key.Silence.IsEmpty ? rule.Value : new Dictionary<StreamId, ulong>(rule.Value));
            IReadOnlyList<DivergenceGroup> instead = group.Without(silentIn);
            left.AddRange(instead);
            if (!Stays(group, instead) || Places(group.Broken) < Places(before))
            {
                Withdraw(group, before, instead, tally, moved);
            }
        }

        if (trust != Trust.Everything)
        {
            left = [.. left.Select(group => Softened(group, trust, tally, moved))];
        }

        ILookup<ClassKind, DivergenceClass> classes = left.GroupBy(group => (group.Key.Kind, group.Fingerprint))
            .ToLookup(same => same.Key.Kind, same => DivergenceGroup.ClassOf([.. same.OrderBy(group => group.Number)], rules, _ranks));
        return new FoundClasses(
            InOrder(classes[ClassKind.Certain]), InOrder(classes[ClassKind.Likely]), InOrder(classes[ClassKind.Ignored]), InOrder(classes[ClassKind.Known]));
    }

    private static DivergenceGroup Softened(DivergenceGroup group, Trust trust, RuleTally tally, Action<Verdict, Verdict, ulong> moved)
    {
        if (group.Key.Kind != ClassKind.Certain)
        {
            return group;
        }

        DivergenceGroup left = group.Trusting(trust, tally.Soften);
        moved(Verdict.Diverges, VerdictOf(left.Key.Kind), group.Count);
        return left;
    }

    // A certain and a likely rule that one exit breaks make one finding.
    private static bool IsTogether(ClassKind left, ClassKind right) => left == right || (left <= ClassKind.Likely && right <= ClassKind.Likely);

    private static Verdict VerdictOf(ClassKind kind) => kind switch
    {
        ClassKind.Certain => Verdict.Diverges,
        ClassKind.Likely => Verdict.Likely,
        ClassKind.Ignored => Verdict.Ignored,
        _ => Verdict.KnownDeparture,
    };

    private static IReadOnlyList<DivergenceClass> InOrder(IEnumerable<DivergenceClass> classes) =>
    [
        .. classes.OrderByDescending(found => found.Rule.Severity).ThenByDescending(found => found.Count).ThenBy(found => found.Fingerprint, StringComparer.Ordinal),
    ];

    private static int Places(Dictionary<BrokenRule, Dictionary<StreamId, ulong>> broken) => broken.Values.Sum(static streams => streams.Count);

    private static bool Stays(DivergenceGroup group, IReadOnlyList<DivergenceGroup> left) => left is [var one] && ReferenceEquals(one, group);

    private static void Withdraw(
        DivergenceGroup group, Dictionary<BrokenRule, Dictionary<StreamId, ulong>> before, IReadOnlyList<DivergenceGroup> left, RuleTally tally,
        Action<Verdict, Verdict, ulong> moved)
    {
        var withdrawn = new Dictionary<(int Rule, bool IsLikely, StreamId Stream), ulong>();
        foreach ((BrokenRule rule, Dictionary<StreamId, ulong> streams) in before)
        {
            foreach ((StreamId stream, ulong count) in streams)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(withdrawn, (rule.Rule, rule.IsLikely, stream), out _) += count;
            }
        }

        foreach ((BrokenRule rule, Dictionary<StreamId, ulong> streams) in left.SelectMany(one => one.Broken))
        {
            foreach ((StreamId stream, ulong count) in streams)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(withdrawn, (rule.Rule, rule.IsLikely, stream), out _) -= count;
            }
        }

        // Of a finding that stays, only exits at which a rule beside it goes lack something.
        bool stays = Stays(group, left);
        ulong most = withdrawn.GroupBy(item => item.Key.Rule).Max(rule => rule.Aggregate(0UL, static (sum, item) => sum + item.Value));
        tally.Withdraw(withdrawn, stays ? Math.Min(group.Count, most) : group.Count, group.First.Exit);
        if (stays)
        {
            return;
        }

        ulong kept = 0;
        foreach (DivergenceGroup one in left)
        {
            moved(VerdictOf(group.Key.Kind), VerdictOf(one.Key.Kind), one.Count);
            kept += one.Count;
        }

        moved(VerdictOf(group.Key.Kind), Verdict.Undecided, group.Count - kept);
    }

    private string? KnownReason(in ExitRecord record, RecordDigest digest, RuleInfo rule)
    {
        foreach (KvmDeviation deviation in _deviations[rule.Id])
        {
            Truth applies = Truth.Yes;
            foreach (Constraint constraint in deviation.When)
            {
                applies &= comparer.Holds(record, digest, constraint, out _);
            }

            if (applies.IsYes)
            {
                return $"{deviation.Reason} ({deviation.Source})";
            }
        }

        return null;
    }

    // The first of the broken rules leads. Where that rests on a silence, the exit is also kept under what it breaks otherwise.
    private DivergenceGroup Place(
        Dictionary<ClassKey, DivergenceGroup> groups, ReadOnlySpan<BrokenExpectation> broken, in ExitRecord record, RecordDigest digest, in ComputedExit computed,
        ExitHistory history)
    {
        DivergenceGroup group = GroupOf(groups, broken[0], IsAlone(broken), record, digest, computed, history);
        group.Add(record, broken);
        if (!broken[0].Silence.IsEmpty && Without(broken, broken[0].Silence) is { Length: > 0 } rest)
        {
            Place(group.Instead, rest, record, digest, computed, history);
        }

        return group;
    }

    private static BrokenExpectation[] Without(ReadOnlySpan<BrokenExpectation> broken, TracepointSet silent)
    {
        var left = new List<BrokenExpectation>();
        foreach (BrokenExpectation one in broken)
        {
            if ((one.Silence & silent).IsEmpty)
            {
                left.Add(one);
            }
        }

        return [.. left];
    }

    private static bool IsAlone(ReadOnlySpan<BrokenExpectation> broken)
    {
        foreach (ref readonly BrokenExpectation one in broken)
        {
            if (one.IsAlone && one.Kind == broken[0].Kind)
            {
                return true;
            }
        }

        return false;
    }

    private DivergenceGroup GroupOf(
        Dictionary<ClassKey, DivergenceGroup> groups, in BrokenExpectation lead, bool isAlone, in ExitRecord record, RecordDigest digest, in ComputedExit computed,
        ExitHistory history)
    {
        ref readonly Expectation expectation = ref computed.Expectations[lead.Position];
        bool isOfDelivery = ClassIdentity.IsOfDelivery(computed, expectation);
        var key = new ClassKey(
            lead.Rule, lead.Kind, record.Level, record.HasExit && !isOfDelivery ? record.Exit.Code.Value : 0, isOfDelivery ? 0 : InstructionOf(record, computed),
            _identity.Signature(record, digest, computed, expectation), lead.Silence, StreamOf(record, lead), isAlone);
        if (!groups.ContainsKey(key) && _made >= MostClasses)
        {
            key = new ClassKey(lead.Rule, lead.Kind, GuestLevel.Unknown, 0, 0, 0, lead.Silence, StreamOf(record, lead), isAlone);
        }

        if (!groups.TryGetValue(key, out DivergenceGroup? group))
        {
            string instruction = InstructionOf(record, computed) is var code and not ulong.MaxValue ? SvmExitTable.NameOf(code) : "";
            group = new DivergenceGroup(
                key, _made++, _identity.Fingerprint(rules[lead.Rule], record, digest, computed, expectation, instruction), expectation.Culprit,
                expectation.Missing, instruction, lead.Known,
                new Occurrence(
                    KeptExit.Of(record), history.Previous(), history.Following(), Recorded(record, digest, computed, expectation), Expected(computed, expectation)));
            groups.Add(key, group);
        }

        return group;
    }

    private int StreamOf(in ExitRecord record, in BrokenExpectation lead) => byStream && !lead.Silence.IsEmpty ? record.Stream.Value : -1;

    // The exit's own code says nothing more.
    private static ulong InstructionOf(in ExitRecord record, in ComputedExit computed) =>
        computed.Instruction == record.Exit.Code.Value ? ulong.MaxValue : computed.Instruction;

    // What rests on the silence of a tracepoint that never spoke may yet be withdrawn: it is told at the end.
    private void Tell(DivergenceGroup found, in ExitRecord record, RecordDigest digest, in ComputedExit computed, in Expectation expectation)
    {
        if (watched)
        {
            Departure = new Departure(
                found.Fingerprint, rules[expectation.Rule], Recorded(record, digest, computed, expectation), Expected(computed, expectation),
                found.Key.Kind == ClassKind.Likely);
        }

        if (watcher is not null && (found.Key.Silence - SaidToBeOn).IsEmpty && watcher.Wants(found.Fingerprint))
        {
            watcher.Take(DivergenceGroup.ClassOf([found], rules, _ranks));
        }
    }

    private List<FieldText> Recorded(in ExitRecord record, RecordDigest digest, in ComputedExit computed, in Expectation expectation)
    {
        var texts = new List<FieldText>();
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                FieldRow row = Fields.Of(constraint.Field);
                if (texts.TrueForAll(text => text.Name != row.Name))
                {
                    Observed<ulong> value = comparer.Read(record, digest, row);
                    texts.Add(new FieldText(row.Name, FieldWords.Recorded(row, value, record), value.IsKnown ? value.Value : null));
                }
            }
        }

        return texts;
    }

    private static List<string> Expected(in ComputedExit computed, in Expectation expectation)
    {
        var outcomes = new List<string>();
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            var parts = new List<string>();
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                parts.Add(FieldWords.Expected(constraint));
            }

            outcomes.Add(string.Join(", ", parts));
        }

        return outcomes;
    }
}

/// <summary>The classes of a run.</summary>
/// <param name="Certain">Findings that nothing unseen explains, the gravest first, then the most frequent.</param>
/// <param name="Likely">Findings that hold under an assumption, in the same order.</param>
/// <param name="Ignored">Departures from ignored rules in the same order.</param>
/// <param name="Known">Documented departures in the same order.</param>
internal sealed record FoundClasses(
    IReadOnlyList<DivergenceClass> Certain, IReadOnlyList<DivergenceClass> Likely, IReadOnlyList<DivergenceClass> Ignored, IReadOnlyList<DivergenceClass> Known);
