using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Alterations;

/// <summary>What stands in another order or at another time: clocks of CPUs that differ, further machines, events that come twice.</summary>
internal static class OrderAlterations
{
    private const ulong Grain = 1000, LeastToMove = 20_000, LeastStay = 300_000;
    private const int OtherThreads = 500_000, MostSkew = 100_000;

    /// <summary>What a recording of several CPUs or machines shows.</summary>
    public static IReadOnlyList<Alteration> Told { get; } =
    [
        new EventAlteration("neighbours of different threads swapped within a microsecond", true, Swap),
        new EventAlteration("one CPU's clock skewed by 1 to 100 us", true, static (whole, random) => Skew(whole, random, random.Next(1000, random.Next(2) == 0 ? 10_000 : MostSkew))) { KeepsTimes = false },
        new EventAlteration("vCPUs moved between two CPUs", true, static (whole, random) => (Spread(whole, random), "moved at pauses of 20 us")),
        new EventAlteration("a second machine on the host", true, TwoMachines) { KeepsTimes = false },
    ];

    /// <summary>What a recording does not show.</summary>
    public static IReadOnlyList<Alteration> Unmarked { get; } =
    [
        new EventAlteration("1 % of events twice", false, static (whole, random) =>
            (whole with { Events = [.. whole.Events.SelectMany(one => random.Next(100) == 0 ? (IEnumerable<RecordedEvent>)[one, one] : [one])], Losses = [] }, "")),
        new EventAlteration("0.1 % of neighbours of a CPU swapped, times in place", false, SwapInPlace),
        new EventAlteration("one CPU's clock off by 1 ms to 1 s", false, static (whole, random) => Skew(whole, random, random.Next(1_000_000, 1_000_000_000))) { KeepsTimes = false },
    ];

    /// <summary>The recording as it would be if the scheduler had moved its threads between two CPUs; one of several CPUs stays.</summary>
    /// <remarks>A thread is moved while it pauses, and not at once again.</remarks>
    public static RecordedEvents Spread(RecordedEvents whole, Random random)
    {
        if (whole.Events.Select(one => one.Cpu).Distinct().Count() > 1 || whole.Reader.Header.ClockUnit != ClockUnit.Nanoseconds)
        {
            return whole;
        }

        int often = random.Next(2) == 0 ? 3 : 100;
        var places = new Dictionary<int, (int Cpu, ulong Time, ulong Since)>();
        var events = new List<RecordedEvent>(whole.Events.Count);
        foreach (RecordedEvent one in whole.Events)
        {
            ulong now = one.Time.Value;
            (int cpu, ulong time, ulong since) = places.TryGetValue(one.Thread, out (int Cpu, ulong Time, ulong Since) known) ? known : (random.Next(2), now, now);
            bool moves = now > time + LeastToMove && now > since + LeastStay && random.Next(often) == 0;
            cpu = moves ? 1 - cpu : cpu;
            places[one.Thread] = (cpu, now, moves ? now : since);
            events.Add(one with { Cpu = cpu });
        }

        return whole with { Events = events };
    }

    private static (RecordedEvents Events, string Parameters)? Swap(RecordedEvents whole, Random random)
    {
        RecordedEvent[] events = [.. whole.Events];
        int swapped = 0;
        for (int i = 1; i < events.Length; i++)
        {
            if (events[i].Thread != events[i - 1].Thread && events[i].Time.Value - events[i - 1].Time.Value <= Grain && random.Next(2) == 0)
            {
                (events[i], events[i - 1]) = (events[i - 1], events[i]);
                swapped++;
                i++;
            }
        }

        return swapped == 0 ? null : (whole with { Events = events }, $"{swapped} pairs");
    }

    private static (RecordedEvents Events, string Parameters)? SwapInPlace(RecordedEvents whole, Random random)
    {
        RecordedEvent[] events = [.. whole.Events];
        for (int i = 1; i < events.Length; i++)
        {
            if (random.Next(1000) == 0 && events[i].Cpu == events[i - 1].Cpu)
            {
                (events[i], events[i - 1]) = (events[i - 1] with { Time = events[i].Time }, events[i] with { Time = events[i - 1].Time });
            }
        }

        return (whole with { Events = events }, "");
    }

    private static (RecordedEvents Events, string Parameters)? Skew(RecordedEvents whole, Random random, long by)
    {
        RecordedEvents spread = Spread(whole, random);
        int[] cpus = [.. spread.Events.Select(one => one.Cpu).Distinct().Order()];
        if (cpus.Length < 2 || whole.Reader.Header.ClockUnit != ClockUnit.Nanoseconds)
        {
            return null;
        }

        int cpu = cpus[random.Next(cpus.Length)];
        long skew = random.Next(2) == 0 ? by : -by;
        ulong Moved(ulong time) => unchecked(time + (ulong)skew);
        return (
            spread with
            {
                Events = [.. spread.Events.Select(one => one.Cpu == cpu ? one with { Time = new ClockTime(Moved(one.Time.Value)) } : one).OrderBy(one => one.Time.Value)],
                Losses = [],
            },
            $"CPU {cpu} by {skew} ns{(ReferenceEquals(spread, whole) ? "" : ", of a recording moved between two CPUs")}");
    }

    private static (RecordedEvents Events, string Parameters)? TwoMachines(RecordedEvents whole, Random random)
    {
        ulong later = (ulong)random.Next(1, 1_000_000);
        return (whole.MergedWith(whole, OtherThreads, later), $"the same again {later} ns later");
    }
}
