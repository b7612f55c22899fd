using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Differ.Diff.Baseline;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Groups equal departures. Several rules that one exit breaks make one finding under the most specific of them.</summary>
/// <param name="rules">The rules.</param>
/// <param name="comparer">Reads fields.</param>
/// <param name="watcher">Is told of findings while the run goes on; null for nobody.</param>
/// <param name="watched">Whether somebody wants to know of each exit what it departs in.</param>
internal sealed class DivergenceGroups(
    IReadOnlyList<RuleInfo> rules, FieldComparer comparer, IFindingWatcher? watcher = null, bool watched = false)
{
    /// <summary>A hostile or hopeless run may break every rule in every way; further ways to break a rule are counted as one class.</summary>
    internal const int MostClasses = 4096;

    private readonly Dictionary<Key, Group> _groups = [];
    private readonly List<(int Expectation, TracepointSet Missed)> _broken = [];
    private readonly ILookup<string, KvmDeviation> _deviations = KvmDeviations.All.ToLookup(deviation => deviation.Rule, StringComparer.Ordinal);

    /// <summary>Tracepoints that occurred so far.</summary>
    public TracepointSet Heard { get; set; }

    /// <summary>What the exit at hand departs in, for whoever watches; null when it does not.</summary>
    public Departure? Departure { get; private set; }

    /// <summary>Starts an exit.</summary>
    public void Begin()
    {
        Departure = null;
        _broken.Clear();
    }

    /// <summary>Adds a rule that the exit breaks.</summary>
    public Verdict Add(in ExitRecord record, RecordDigest digest, in ComputedExit computed, int expectation, TracepointSet missed)
    {
        if (KnownReason(record, digest, rules[computed.Expectations[expectation].Rule]) is not null)
        {
            _broken.Add((expectation, default));
            return Verdict.KnownDeparture;
        }

        _broken.Add((expectation, missed));
        return Verdict.Diverges;
    }

    /// <summary>Ends an exit.</summary>
    public void End(in ExitRecord record, RecordDigest digest, in ComputedExit computed, ExitHistory history, RuleTally tally)
    {
        if (_broken.Count == 0)
        {
            return;
        }

        foreach (bool known in (ReadOnlySpan<bool>)[false, true])
        {
            int lead = -1;
            foreach ((int expectation, _) in _broken)
            {
                bool isKnown = KnownReason(record, digest, rules[computed.Expectations[expectation].Rule]) is not null;
                if (isKnown == known && (lead < 0 || Precedes(computed.Expectations[expectation], computed.Expectations[lead])))
                {
                    lead = expectation;
                }
            }

            if (lead >= 0)
            {
                Count(record, digest, computed, lead, known, history);
            }
        }

        foreach ((int expectation, _) in _broken)
        {
            tally.AddDeparts(computed.Expectations[expectation].Rule);
        }
    }

    /// <summary>Takes back what rests on the silence of tracepoints that were perhaps not recorded: a finding with its leading rule, else a rule beside it.</summary>
    /// <returns>How many exits no longer diverge.</returns>
    public ulong Withdraw(TracepointSet silent, RuleTally tally)
    {
        ulong exits = 0;
        foreach ((Key key, Group group) in _groups.Where(item => item.Value.Known is null).ToList())
        {
            bool whole = !(group.Lead.Missed & silent).IsEmpty;
            BrokenRule[] withdrawn = [.. group.Broken.Values.Where(rule => whole || !(rule.Missed & silent).IsEmpty)];
            if (withdrawn.Length == 0)
            {
                continue;
            }

            tally.Withdraw(withdrawn, whole ? group.Count : Math.Min(group.Count, withdrawn.Max(rule => rule.Count)), group.First.Exit);
            group.Also.RemoveAll(info => withdrawn.Any(rule => rules[rule.Rule] == info));
            if (whole)
            {
                exits += group.Count;
                _groups.Remove(key);
            }
        }

        return exits;
    }

    /// <summary>Findings, the gravest first, then the most frequent.</summary>
    public IReadOnlyList<DivergenceClass> Findings() => ToList(known: false);

    /// <summary>Documented departures in the same order.</summary>
    public IReadOnlyList<DivergenceClass> KnownDepartures() => ToList(known: true);

    // A processor's fault explains what the hypervisor made of it; a certain rule goes before a likely one; a specific
    // rule (they come first in the catalogue) before one of composition.
    private bool Precedes(in Expectation left, in Expectation right) =>
        Rank(left).CompareTo(Rank(right)) < 0;

    private (int Fault, int Standing, int Severity, int Rule) Rank(in Expectation expectation) => (
        expectation.Culprit == Culprit.Processor ? 0 : 1,
        (int)expectation.Standing,
        rules[expectation.Rule].Severity == Severity.Info ? 1 : 0,
        expectation.Rule);

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

    private void Count(in ExitRecord record, RecordDigest digest, in ComputedExit computed, int lead, bool known, ExitHistory history)
    {
        ref readonly Expectation expectation = ref computed.Expectations[lead];
        var key = new Key(
            expectation.Rule, known, record.Level, record.HasExit ? record.Exit.Code.Value : 0, computed.Instruction,
            Signature(record, digest, computed, expectation));
        if (!_groups.ContainsKey(key) && _groups.Count >= MostClasses)
        {
            key = new Key(expectation.Rule, known, GuestLevel.Unknown, 0, 0, 0);
        }

        if (!_groups.TryGetValue(key, out Group? group))
        {
            group = Describe(record, digest, computed, lead, known, history);
            _groups.Add(key, group);
        }

        group.Count++;
        group.Last = new ExitPlace(record.Stream, record.Index);
        CollectionsMarshal.GetValueRefOrAddDefault(group.Streams, record.Stream, out _)++;
        foreach ((int broken, TracepointSet missed) in _broken)
        {
            int rule = computed.Expectations[broken].Rule;
            if (KnownReason(record, digest, rules[rule]) is null != known)
            {
                BrokenOf(group, rule).Add(record.Stream, missed);
            }
        }

        if (watched && !known)
        {
            Departure = new Departure(group.Fingerprint, rules[expectation.Rule], Recorded(record, digest, computed, expectation), Expected(computed, expectation));
        }

        // What rests on the silence of a tracepoint that never spoke may yet be withdrawn: it is told at the end.
        if (watcher is not null && !known && Heard.Covers(group.Lead.Missed) && watcher.Wants(group.Fingerprint))
        {
            watcher.Take(ClassOf(group));
        }
    }

    private static BrokenRule BrokenOf(Group group, int rule)
    {
        ref BrokenRule? broken = ref CollectionsMarshal.GetValueRefOrAddDefault(group.Broken, rule, out _);
        return broken ??= new BrokenRule(rule);
    }

    private Group Describe(in ExitRecord record, RecordDigest digest, in ComputedExit computed, int lead, bool known, ExitHistory history)
    {
        ref readonly Expectation expectation = ref computed.Expectations[lead];
        RuleInfo rule = rules[expectation.Rule];
        string instruction = computed.Instruction == ulong.MaxValue || computed.Instruction == record.Exit.Code.Value
            ? "" : SvmExitTable.NameOf(computed.Instruction);
        List<FieldText> recorded = Recorded(record, digest, computed, expectation);
        string description = string.Create(CultureInfo.InvariantCulture, $"{rule.Id}|{record.Level}|{(record.HasExit ? record.Exit.Code.Name : "")}|{instruction}|")
            + Stable(record, digest, computed, expectation);
        var also = new List<RuleInfo>();
        foreach ((int other, _) in _broken)
        {
            RuleInfo info = rules[computed.Expectations[other].Rule];
            if (other != lead && !also.Contains(info) && KnownReason(record, digest, info) is null != known)
            {
                also.Add(info);
            }
        }

        return new Group(expectation.Rule, Fingerprint.Of(description), also, expectation.Culprit, expectation.Missing, instruction,
            known ? KnownReason(record, digest, rule) : null,
            new Occurrence(KeptExit.Of(record), history.Previous(), history.Following(), recorded, Expected(computed, expectation)));
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

    // Which constraints fail, with values only where they are the same on every machine.
    private string Stable(in ExitRecord record, RecordDigest digest, in ComputedExit computed, in Expectation expectation)
    {
        var text = new StringBuilder();
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                FieldRow row = Fields.Of(constraint.Field);
                Observed<ulong> value = comparer.Read(record, digest, row);
                string shown = value.IsKnown ? row.Stable ? row.Print(value.Value & StableMask(constraint)) : "other" : value.Sight.ToString();
                text.Append(CultureInfo.InvariantCulture, $"{row.Name} {constraint.Relation} {shown};");
            }
        }

        return text.ToString();
    }

    private ulong Signature(in ExitRecord record, RecordDigest digest, in ComputedExit computed, in Expectation expectation)
    {
        // FNV-1a over what Stable writes; the multiplication wraps on purpose.
        ulong hash = 14695981039346656037;
        foreach (Outcome outcome in computed.OutcomesOf(expectation))
        {
            foreach (Constraint constraint in computed.ConstraintsOf(outcome))
            {
                FieldRow row = Fields.Of(constraint.Field);
                Observed<ulong> value = comparer.Read(record, digest, row);
                ulong stable = value.IsKnown && row.Stable ? value.Value & StableMask(constraint) : 0;
                hash = unchecked((hash ^ (stable + ((ulong)constraint.Field << 48) + ((ulong)value.Sight << 40))) * 1099511628211);
            }
        }

        return hash;
    }

    // Bits that a constraint does not look at do not tell classes apart.
    private static ulong StableMask(in Constraint constraint) => constraint.Relation is Relation.Equal or Relation.NotEqual ? constraint.Mask : ulong.MaxValue;

    private List<DivergenceClass> ToList(bool known) =>
    [
        .. _groups.Values.Where(group => group.Known is not null == known)
            .OrderByDescending(group => rules[group.Rule].Severity).ThenByDescending(group => group.Count)
            .ThenBy(group => group.Fingerprint, StringComparer.Ordinal)
            .Select(ClassOf),
    ];

    private DivergenceClass ClassOf(Group group) => new(
        group.Fingerprint, rules[group.Rule], [.. group.Also], group.Culprit, group.Assumed, group.Instruction, group.Count,
        [.. group.Streams.OrderBy(share => share.Key.Value).Select(share => new StreamShare(share.Key, share.Value))],
        group.Known, group.First, group.Last);

    private readonly record struct Key(int Rule, bool Known, GuestLevel Level, ulong Code, ulong Instruction, ulong Signature);

    private sealed record Group(
        int Rule, string Fingerprint, List<RuleInfo> Also, Culprit Culprit, Evidence Assumed, string Instruction, string? Known, Occurrence First)
    {
        public ExitPlace Last { get; set; }

        /// <summary>Every rule that its exits break, the leading one among them.</summary>
        public Dictionary<int, BrokenRule> Broken { get; } = [];

        public BrokenRule Lead => Broken[Rule];

        public ulong Count { get; set; }

        public Dictionary<StreamId, ulong> Streams { get; } = [];
    }
}
