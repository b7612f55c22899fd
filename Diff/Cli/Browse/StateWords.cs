using System.Globalization;
using System.Numerics;
using Differ.Diff.Naming;
using Differ.Replay.State;
using Differ.Schemas.Run;

namespace Differ.Cli.Browse;

/// <summary>Puts what a replay knew into words, each bit with where it came from.</summary>
internal static class StateWords
{
    private const int NameWidth = 24, ValueWidth = 18;

    /// <summary>A line for each source of each item. Statements about the virtual CPU that have one source share one.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<KnownItem> known)
    {
        foreach (IGrouping<string, KnownItem> owner in known.GroupBy(static item => item.Owner))
        {
            yield return owner.Key;
            ILookup<bool, KnownItem> items = owner.ToLookup(static item => item is { Owner: "virtual CPU", Size: 1 });
            foreach (KnownItem item in items[false])
            {
                for (int i = 0; i < item.From.Count; i++)
                {
                    yield return $"  {(i == 0 ? item.Name : ""),-NameWidth}  {(i == 0 ? Value(item) : ""),-ValueWidth}  {(item.From.Count > 1 ? $"{Bits(item.From[i].Bits)}: " : "")}{Source(item.From[i].Since)}";
                }
            }

            foreach (IGrouping<KnownSince, KnownItem> together in items[true].GroupBy(static item => item.From[0].Since))
            {
                foreach (IGrouping<bool, KnownItem> alike in together.GroupBy(static item => item.Value[0].IsYes))
                {
                    yield return $"  {(alike.Key ? "has" : "lacks")} {string.Join(", ", alike.Select(static item => item.Name))}  {Source(together.Key)}";
                }
            }
        }
    }

    private static string Value(KnownItem item)
    {
        if (item.Size == 1)
        {
            return item.Value[0].IsYes ? "yes" : "no";
        }

        ulong all = item.Size >= 64 ? ulong.MaxValue : (1UL << item.Size) - 1;
        bool isWhole = (item.Value.Known & all) == all;
        return string.Create(CultureInfo.InvariantCulture, $"0x{item.Value.Value:x}{(isWhole ? "" : $" of {Bits(item.Value.Known & all)}")}");
    }

    // Runs of bits, as the manual writes them: 63:12, 8, 0.
    private static string Bits(ulong mask)
    {
        var runs = new List<string>();
        for (int high = 63; high >= 0; high--)
        {
            if (((mask >> high) & 1) == 0)
            {
                continue;
            }

            int low = high - BitOperations.LeadingZeroCount(~(mask << (63 - high))) + 1;
            runs.Add(string.Create(CultureInfo.InvariantCulture, $"{(low == high ? "" : $"{high}:")}{low}"));
            high = low;
        }

        return $"bit{(BitOperations.IsPow2(mask) ? "" : "s")} {string.Join(", ", runs)}";
    }

    private static string Source(KnownSince since)
    {
        string events = string.Join(", ", Names(since.Events));
        string at = string.Create(CultureInfo.InvariantCulture, $", exit {since.Exit}");
        return since.By switch
        {
            KnownBy.Event => events + at,
            KnownBy.Dump => $"dump by a probe{at}",
            KnownBy.Reset => $"the reset of the vCPU{at}",
            KnownBy.User => "the CPU file",
            _ => $"follows from {(events.Length > 0 ? events : "the exit")}{at}",
        };
    }

    private static IEnumerable<string> Names(TracepointSet events) =>
        (events.Covers(TracepointSet.Exit) ? [KernelEvents.Exit] : Array.Empty<string>())
            .Concat(Enum.GetValues<KvmEventKind>().Where(kind => kind != KvmEventKind.None && events.Has(kind)).Select(KernelEvents.NameOf))
            .Concat(events.Covers(TracepointSet.Entry) ? [KernelEvents.Entry] : []);
}
