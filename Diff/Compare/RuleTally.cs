using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>Counts, per rule, what came of it. Arrays: several rules speak at every exit of L2.</summary>
internal sealed class RuleTally(IReadOnlyList<RuleInfo> rules)
{
    private static readonly int Kinds = EvidenceTable.All.Count;

    private readonly ulong[] _conforms = new ulong[rules.Count];
    private readonly ulong[] _departs = new ulong[rules.Count];

    // A row of evidence for each rule, and a last one for what concerns a whole exit.
    private readonly ulong[] _undecided = new ulong[(rules.Count + 1) * Kinds];
    private readonly Missing[] _missing = new Missing[Kinds];

    /// <summary>A rule was kept.</summary>
    public void AddConforms(int rule) => _conforms[rule]++;

    /// <summary>A rule was broken.</summary>
    public void AddDeparts(int rule) => _departs[rule]++;

    /// <summary>A rule could not be decided.</summary>
    /// <param name="rule">The rule; null when it is the whole exit.</param>
    /// <param name="missing">What would decide it.</param>
    /// <param name="record">The exit.</param>
    public void AddUndecided(int? rule, Evidence missing, in ExitRecord record)
    {
        _undecided[((rule ?? rules.Count) * Kinds) + (int)missing]++;
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

    /// <summary>A broken rule is withdrawn: what it rests on was perhaps not recorded.</summary>
    public void Withdraw(int rule, ulong count, KeptExit first)
    {
        _departs[rule] -= count;
        _undecided[(rule * Kinds) + (int)Evidence.Tracepoint] += count;
        ref Missing seen = ref _missing[(int)Evidence.Tracepoint];
        if (seen.Exits == 0)
        {
            seen.First = new ExitPlace(first.Stream, first.Index);
        }

        seen.Exits += count;
    }

    /// <summary>Every rule with its counts.</summary>
    public IReadOnlyList<RuleCount> Counts() => [.. rules.Select((rule, i) =>
    {
        List<EvidenceShare> lacking = Lacking(i);
        return new RuleCount(rule, _conforms[i], lacking.Aggregate(0UL, (sum, share) => sum + share.Count), _departs[i], lacking);
    })];

    /// <summary>What could not be decided, by what is missing, the most frequent first.</summary>
    public IReadOnlyList<UndecidedClass> Undecided() =>
    [
        .. EvidenceTable.All.Where(row => _missing[(int)row.Evidence].Exits > 0)
            .Select(row => new UndecidedClass(
                row, RulesLacking(row.Evidence), _missing[(int)row.Evidence].Exits,
                _missing[(int)row.Evidence].First))
            .OrderByDescending(undecided => undecided.Exits).ThenBy(undecided => undecided.Missing.Evidence),
    ];

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

    private struct Missing
    {
        public ulong Exits;
        public ExitPlace First;
        public ExitPlace Last;
    }
}
