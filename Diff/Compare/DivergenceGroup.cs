using System.Runtime.InteropServices;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Compare;

/// <summary>What of a recording proves something.</summary>
internal enum Trust : byte
{
    /// <summary>Whatever is missing is marked.</summary>
    Everything,

    /// <summary>Events are missing without a mark: only what one event shows is certain.</summary>
    OneEvent,

    /// <summary>Not even whose exit an exit is.</summary>
    Nothing,
}

/// <summary>What a class of divergences is, from the gravest on.</summary>
internal enum ClassKind : byte
{
    /// <summary>No value of what is not seen explains it.</summary>
    Certain,

    /// <summary>It holds under an assumption.</summary>
    Likely,

    /// <summary>The configuration ignores its rule.</summary>
    Ignored,

    /// <summary>KVM documents it.</summary>
    Known,
}

/// <summary>One rule that an exit breaks.</summary>
/// <param name="Order">The lowest leads: certain before likely, the processor's fault before what the hypervisor made of it, then the more specific rule.</param>
/// <param name="Position">Which of the expectations.</param>
/// <param name="Rule">The rule.</param>
/// <param name="Silence">Tracepoints, not heard of so far, on whose silence that rests.</param>
/// <param name="Known">Why it is documented or ignored; null for a finding.</param>
/// <param name="IsAlone">Whether one event shows it, whatever is missing around it.</param>
internal readonly record struct BrokenExpectation(
    (ClassKind Kind, int Fault, int Severity, int Rank) Order, int Position, int Rule, TracepointSet Silence, string? Known, bool IsAlone)
{
    public ClassKind Kind => Order.Kind;
}

/// <summary>What tells one group of departures from another.</summary>
/// <param name="Rule">The rule that leads.</param>
/// <param name="Kind">What the departures are.</param>
/// <param name="Level">Who was running.</param>
/// <param name="Code">The exit; 0 where that does not matter.</param>
/// <param name="Instruction">The instruction; 0 where that does not matter.</param>
/// <param name="Signature">Which conditions fail how.</param>
/// <param name="Silence">Tracepoints, not heard of when it was seen, on whose silence the leading rule rests: such exits may yet be withdrawn, others not.</param>
/// <param name="Stream">Number of the vCPU, where exits of one may be withdrawn and of another not; else -1.</param>
/// <param name="IsAlone">Whether one event shows that its exits depart, whatever is missing around it.</param>
internal readonly record struct ClassKey(
    int Rule, ClassKind Kind, GuestLevel Level, ulong Code, ulong Instruction, ulong Signature, TracepointSet Silence, int Stream, bool IsAlone);

/// <summary>A rule that is broken at exits of a group.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="IsLikely">Whether under an assumption only.</param>
/// <param name="Silence">Tracepoints, not heard of when it was seen, on whose silence that rests.</param>
/// <param name="IsAlone">Whether one event shows it, whatever is missing around it.</param>
internal readonly record struct BrokenRule(int Rule, bool IsLikely, TracepointSet Silence, bool IsAlone);

/// <summary>Equal departures that rest on the same silence.</summary>
/// <param name="Key">What tells it from others.</param>
/// <param name="Number">Groups are numbered as they are met.</param>
/// <param name="Fingerprint">The name of the class.</param>
/// <param name="Culprit">Who is at fault.</param>
/// <param name="Assumed">What it assumes.</param>
/// <param name="Instruction">The instruction the guest was at; empty when it is not known.</param>
/// <param name="Known">Why it is documented or ignored; null for a finding.</param>
/// <param name="First">The first of its exits.</param>
internal sealed record DivergenceGroup(
    ClassKey Key, int Number, string Fingerprint, Culprit Culprit, Evidence Assumed, string Instruction, string? Known, Occurrence First)
{
    /// <summary>How many exits.</summary>
    public ulong Count { get; private set; }

    /// <summary>Where the last one is.</summary>
    public ExitPlace Last { get; private set; }

    /// <summary>How many exits of each stream.</summary>
    public Dictionary<StreamId, ulong> Streams { get; } = [];

    /// <summary>Every rule that its exits break, the leading one among them, and how often in each stream.</summary>
    public Dictionary<BrokenRule, Dictionary<StreamId, ulong>> Broken { get; } = [];

    /// <summary>What its exits are if the leading rule is withdrawn.</summary>
    public Dictionary<ClassKey, DivergenceGroup> Instead { get; } = [];

    public void Add(in ExitRecord record, ReadOnlySpan<BrokenExpectation> broken)
    {
        Count++;
        Last = new ExitPlace(record.Stream, record.Index);
        CollectionsMarshal.GetValueRefOrAddDefault(Streams, record.Stream, out _)++;
        foreach (BrokenExpectation one in broken)
        {
            ref Dictionary<StreamId, ulong>? streams = ref CollectionsMarshal.GetValueRefOrAddDefault(
                Broken, new BrokenRule(one.Rule, one.Kind == ClassKind.Likely, one.Silence, one.IsAlone), out _);
            streams ??= [];
            CollectionsMarshal.GetValueRefOrAddDefault(streams, record.Stream, out _)++;
        }
    }

    /// <summary>Takes out what rests on a silence.</summary>
    /// <param name="silentIn">Tracepoints that were perhaps not recorded of a vCPU.</param>
    /// <returns>The groups that its exits are in afterwards: itself, or what there is instead of it.</returns>
    public IReadOnlyList<DivergenceGroup> Without(Func<StreamId, TracepointSet> silentIn)
    {
        foreach ((BrokenRule rule, Dictionary<StreamId, ulong> streams) in Broken.Where(static one => !one.Key.Silence.IsEmpty).ToList())
        {
            foreach (StreamId stream in streams.Keys.Where(stream => !(rule.Silence & silentIn(stream)).IsEmpty).ToList())
            {
                streams.Remove(stream);
            }

            if (streams.Count == 0)
            {
                Broken.Remove(rule);
            }
        }

        // All its exits are of one vCPU, or nothing depends on which.
        return (Key.Silence & silentIn(First.Exit.Stream)).IsEmpty ? [this] : [.. Instead.Values.SelectMany(one => one.Without(silentIn))];
    }

    /// <summary>What is left of it where the recording cannot be trusted.</summary>
    /// <param name="trust">What of it can.</param>
    /// <param name="softened">Is told which rules are likely broken now, and how often in each stream.</param>
    public DivergenceGroup Trusting(Trust trust, Action<int, IReadOnlyDictionary<StreamId, ulong>> softened)
    {
        foreach (BrokenRule rule in Broken.Keys.Where(rule => !rule.IsLikely && !(rule.IsAlone && trust == Trust.OneEvent)).ToList())
        {
            Broken.Remove(rule, out Dictionary<StreamId, ulong>? streams);
            softened(rule.Rule, streams!);
            ref Dictionary<StreamId, ulong>? likely = ref CollectionsMarshal.GetValueRefOrAddDefault(Broken, rule with { IsLikely = true }, out _);
            likely ??= [];
            foreach ((StreamId stream, ulong count) in streams!)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(likely, stream, out _) += count;
            }
        }

        return Key.IsAlone && trust == Trust.OneEvent ? this : this with { Key = Key with { Kind = ClassKind.Likely }, Assumed = Evidence.UnmarkedLoss };
    }

    /// <summary>The class of several groups that differ only in what they rest on.</summary>
    /// <param name="groups">The groups, by their numbers.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="ranks">Their ranks.</param>
    public static DivergenceClass ClassOf(IReadOnlyList<DivergenceGroup> groups, IReadOnlyList<RuleInfo> rules, int[] ranks)
    {
        DivergenceGroup first = groups[0];
        bool isLikely = first.Key.Kind == ClassKind.Likely;
        ILookup<int, BrokenRule> broken = groups.SelectMany(group => group.Broken.Keys).Where(rule => rule.Rule != first.Key.Rule).OrderBy(rule => ranks[rule.Rule])
            .ToLookup(rule => rule.Rule);
        bool IsCertain(IGrouping<int, BrokenRule> rule) => isLikely || rule.Any(one => !one.IsLikely);
        return new DivergenceClass(
            first.Fingerprint, rules[first.Key.Rule], [.. broken.Where(IsCertain).Select(rule => rules[rule.Key])], first.Culprit,
            isLikely ? first.Assumed : Evidence.None, first.Instruction, groups.Aggregate(0UL, static (sum, group) => sum + group.Count),
            [
                .. groups.SelectMany(group => group.Streams).GroupBy(share => share.Key.Value).OrderBy(shares => shares.Key)
                    .Select(shares => new StreamShare(new StreamId(shares.Key), shares.Aggregate(0UL, static (sum, share) => sum + share.Value))),
            ],
            first.Known, first.First, groups[^1].Last)
        {
            IsLikely = isLikely,
            IsIgnored = first.Key.Kind == ClassKind.Ignored,
            AlsoLikely = [.. broken.Where(rule => !IsCertain(rule)).Select(rule => rules[rule.Key])],
        };
    }
}
