using System.Globalization;
using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>What is missing: events, tracepoints, the start and the end.</summary>
internal static class LossAlterations
{
    private static readonly double[] Shares = [0.001, 0.003, 0.01, 0.03, 0.1];

    /// <summary>Losses that are marked, tracepoints that the recording does not describe, recordings that start later and end earlier.</summary>
    public static IReadOnlyList<Alteration> Told { get; } =
    [
        new EventAlteration("events lost and marked", true, static (whole, random) => Marked(whole, random, Singly)),
        new EventAlteration("gaps lost and marked", true, static (whole, random) => Marked(whole, random, Gaps)),
        new EventAlteration("gaps beside nested events lost and marked", true, static (whole, random) => Marked(whole, random, NestedGaps)),
        new EventAlteration("one tracepoint neither recorded nor described", true, static (whole, random) => Absent(whole, random, 1)),
        new EventAlteration("several tracepoints neither recorded nor described", true, static (whole, random) => Absent(whole, random, random.Next(2, 8))),
        new EventAlteration("few tracepoints recorded and described", true, Few),
        new EventAlteration("cut at both ends", true, static (whole, random) => Cut(whole, random.Next(whole.Events.Count), random.Next(whole.Events.Count))),
        new EventAlteration("cut at both ends beside nested events", true, CutBesideNested),
        new EventAlteration("cut, tracepoints absent, gaps marked", true, Everything),
    ];

    /// <summary>Losses without a mark, tracepoints that are described and were off, CPUs whose data ends early.</summary>
    public static IReadOnlyList<Alteration> Unmarked { get; } =
    [
        new EventAlteration("events lost", false, static (whole, random) => Silently(whole, random, Singly)),
        new EventAlteration("gaps lost", false, static (whole, random) => Silently(whole, random, Gaps)),
        new EventAlteration("gaps beside nested events lost", false, static (whole, random) => Silently(whole, random, NestedGaps)),
        new EventAlteration("one tracepoint off and described", false, Off),
        new EventAlteration("data of one CPU ends early", false, EndsEarly),
    ];

    private delegate string Choice(RecordedEvents whole, Random random, bool[] lost);

    private static (RecordedEvents Events, string Parameters)? Marked(RecordedEvents whole, Random random, Choice choose)
    {
        bool[] lost = new bool[whole.Events.Count];
        bool counted = random.Next(2) == 0;
        string chosen = choose(whole, random, lost);
        return (whole.WithLoss(lost, counted), $"{chosen}, {(counted ? "counted" : "not counted")}");
    }

    private static (RecordedEvents Events, string Parameters)? Silently(RecordedEvents whole, Random random, Choice choose)
    {
        bool[] lost = new bool[whole.Events.Count];
        string chosen = choose(whole, random, lost);
        RecordedEvents holed = whole.WithLoss(lost, counted: false);
        return (holed with { Losses = [] }, chosen);
    }

    private static string Singly(RecordedEvents whole, Random random, bool[] lost)
    {
        double share = Shares[random.Next(Shares.Length)];
        for (int i = 0; i < lost.Length; i++)
        {
            lost[i] = random.NextDouble() < share;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{share * 100} % of all events");
    }

    private static string Gaps(RecordedEvents whole, Random random, bool[] lost)
    {
        int count = random.Next(1, 13);
        for (int i = 0; i < count; i++)
        {
            whole.MarkHole(lost, random.Next(lost.Length), random.Next(1, random.Next(2) == 0 ? 6 : 200));
        }

        return $"{count} gaps of up to 200 events";
    }

    private static string NestedGaps(RecordedEvents whole, Random random, bool[] lost)
    {
        int[] nested = whole.NestedPlaces();
        int count = random.Next(1, 9);
        for (int i = 0; i < count && nested.Length > 0; i++)
        {
            whole.MarkHole(lost, Math.Max(0, nested[random.Next(nested.Length)] - random.Next(0, 4)), random.Next(1, random.Next(2) == 0 ? 3 : 12));
        }

        return $"{count} gaps of up to 12 events beside nested ones";
    }

    private static (RecordedEvents Events, string Parameters)? Absent(RecordedEvents whole, Random random, int count)
    {
        string[] names = [.. whole.Names];
        random.Shuffle(names);
        string[] absent = names[..Math.Min(count, names.Length)];
        return (whole.Without(absent.ToHashSet(StringComparer.Ordinal)), $"without {string.Join(", ", absent)}");
    }

    private static (RecordedEvents Events, string Parameters)? Few(RecordedEvents whole, Random random)
    {
        string[] names = [.. whole.Names];
        string[] kept = [.. names.Where(name => name is "kvm_exit" || (name is "kvm_entry" or "kvm_nested_vmexit" ? random.Next(4) > 0 : random.Next(4) == 0))];
        return (whole.Without(names.Except(kept).ToHashSet(StringComparer.Ordinal)), $"only {string.Join(", ", kept)}");
    }

    private static (RecordedEvents Events, string Parameters)? Cut(RecordedEvents whole, int one, int other)
    {
        (int from, int to) = (Math.Min(one, other), Math.Max(one, other) + 1);
        return (whole.Cut(from, to), $"events {from} to {to} of {whole.Events.Count}");
    }

    private static (RecordedEvents Events, string Parameters)? CutBesideNested(RecordedEvents whole, Random random)
    {
        int[] nested = whole.NestedPlaces();
        return nested.Length == 0 ? null : Cut(whole, Beside(), Beside());
        int Beside() => Math.Clamp(nested[random.Next(nested.Length)] + random.Next(-4, 5), 0, whole.Events.Count - 1);
    }

    private static (RecordedEvents Events, string Parameters)? Everything(RecordedEvents whole, Random random)
    {
        (RecordedEvents cut, string range) = Cut(whole, random.Next(whole.Events.Count / 2), whole.Events.Count - 1 - random.Next(whole.Events.Count / 2))!.Value;
        (RecordedEvents less, string absent) = Absent(cut, random, random.Next(1, 4))!.Value;
        if (less.Events.Count == 0)
        {
            return null;
        }

        (RecordedEvents holed, string gaps) = Marked(less, random, random.Next(2) == 0 ? Gaps : NestedGaps)!.Value;
        return (holed, $"{range}; {absent}; {gaps}");
    }

    private static (RecordedEvents Events, string Parameters)? Off(RecordedEvents whole, Random random)
    {
        string[] names = [.. whole.Names];
        string off = names[random.Next(names.Length)];
        return (whole with { Events = [.. whole.Events.Where(one => one.Type.Layout.Name != off)] }, $"{off} off");
    }

    private static (RecordedEvents Events, string Parameters)? EndsEarly(RecordedEvents whole, Random random)
    {
        RecordedEvents spread = OrderAlterations.Spread(whole, random);
        int[] cpus = [.. spread.Events.Select(one => one.Cpu).Distinct().Order()];
        int cpu = cpus[random.Next(cpus.Length)], at = random.Next(spread.Events.Count);
        return cpus.Length < 2
            ? null
            : (spread with { Events = [.. spread.Events.Where((one, i) => one.Cpu != cpu || i < at)] }, $"CPU {cpu} ends at event {at}");
    }
}
