using System.Globalization;
using System.Text.RegularExpressions;

namespace Differ.Alterations;

/// <summary>What becomes of a text that is quoted, sorted, or put together with another.</summary>
internal static partial class PasteAlterations
{
    private const long Grain = 1000, NearlyEqual = 50_000;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Alteration> Told { get; } =
    [
        new TextAlteration("text quoted", true, Quoted),
        new TextAlteration("text and its quotation", true, QuotedTwice),
        new TextAlteration("two parts of a text", true, TwoParts),
        new TextAlteration("neighbours of different threads swapped in a text", true, static (lines, _, random) => Swap(lines, random, Grain, sameThread: false)),
        new TextAlteration("neighbours of a thread with equal times swapped in a text", true, static (lines, _, random) => Swap(lines, random, 0, sameThread: true)),
        new TextAlteration("neighbours of a thread with nearly equal times swapped in a text", true, static (lines, _, random) => Swap(lines, random, NearlyEqual, sameThread: true)),
        new TextAlteration("text sorted by time and then by letters", true, Sorted),
        new TextAlteration("texts of two hosts, one after the other", true, TwoHosts) { TakesOther = true },
        new TextAlteration("texts of two hosts, as report -i a -i b prints them", true, TwoInputs) { TakesOther = true },
    ];

    private static (IEnumerable<string> Lines, string Parameters)? Quoted(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        string mark = Mark(random);
        IEnumerable<Line> part = PartOf(lines, random, out string range);
        return (["Hi,", "", "On Monday, A wrote:", .. part.Select(line => mark + line.Text)], $"'{mark}', {range}");
    }

    private static (IEnumerable<string> Lines, string Parameters)? QuotedTwice(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        string mark = Mark(random);
        List<Line> part = [.. PartOf(lines, random, out string range)];
        bool first = random.Next(2) == 0;
        IEnumerable<string> quotation = part.Select(line => mark + line.Text), original = part.Select(line => line.Text);
        return (
            first ? ["On Monday, A wrote:", .. quotation, "", "In full:", .. original] : [.. original, "", "Regards", "", "On Monday, A wrote:", .. quotation],
            $"'{mark}', the quotation {(first ? "first" : "behind")}, {range}");
    }

    private static (IEnumerable<string> Lines, string Parameters)? TwoParts(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        List<Line> one = [.. PartOf(lines, random, out string first)], two = [.. PartOf(lines, random, out string second)];
        return ([.. TextAlterations.Texts(one), "", "and", "", .. TextAlterations.Texts(two)], $"{first}, then {second}");
    }

    private static (IEnumerable<string> Lines, string Parameters)? Swap(IReadOnlyList<Line> lines, Random random, long most, bool sameThread)
    {
        Line[] text = [.. lines];
        int swapped = 0;
        int often = random.Next(2) == 0 ? 2 : 50;
        for (int i = 1; i < text.Length; i++)
        {
            long apart = text[i].Time - text[i - 1].Time;
            if (text[i].IsEvent && text[i - 1].IsEvent && (text[i].Thread == text[i - 1].Thread) == sameThread && apart >= 0 && apart <= most && random.Next(often) == 0)
            {
                (text[i], text[i - 1]) = (text[i - 1], text[i]);
                swapped++;
                i++;
            }
        }

        return swapped == 0 ? null : (TextAlterations.Texts(text), $"{swapped} pairs up to {most} ns apart");
    }

    // sort without --stable.
    private static (IEnumerable<string> Lines, string Parameters)? Sorted(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random) => (
        TextAlterations.Texts(lines.Where(line => line.IsEvent).OrderBy(line => line.Time).ThenBy(line => line.Text, StringComparer.Ordinal)), "sort -k by time");

    private static (IEnumerable<string> Lines, string Parameters)? TwoHosts(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        bool same = random.Next(2) == 0;
        string[] second = [.. same ? SameThreads(lines, other) : TextAlterations.Texts(other)];
        string[] between = !same && random.Next(2) == 0 ? [] : ["", "and of the other host:", ""];
        return ([.. TextAlterations.Texts(lines), .. between, .. second], $"{(same ? "the same threads" : "threads as they are")}, {between.Length} lines between");
    }

    private static (IEnumerable<string> Lines, string Parameters)? TwoInputs(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        if (!lines[0].Text.StartsWith("cpus=", StringComparison.Ordinal) || !lines.Any(IsTimed) || !other.Any(IsTimed))
        {
            return null;
        }

        // The second recording starts somewhere in the first.
        Line[] first = [.. lines.Where(line => line.IsEvent)], second = [.. Line.Split(string.Join('\n', SameThreads(lines, other))).Where(line => line.IsEvent)];
        long shift = first[random.Next(first.Length)].Time - second[0].Time;
        int digits = first[0].Text[(first[0].Text.IndexOf('.', first[0].Text.IndexOf(']', StringComparison.Ordinal)) + 1)..].IndexOf(':', StringComparison.Ordinal);
        IEnumerable<(long Time, string Text)> both = first.Select(line => (line.Time, " host.dat: " + line.Text.TrimStart()))
            .Concat(second.Select(line => (line.Time + shift, "guest.dat: " + Moved(line, shift, digits).TrimStart())));
        return ([" host.dat: " + lines[0].Text, "guest.dat: " + lines[0].Text, .. both.OrderBy(line => line.Time).Select(line => line.Text)], $"the second {shift} ns later");
    }

    private static bool IsTimed(Line line) => line.IsEvent && Time().IsMatch(line.Text);

    private static string Moved(Line line, long shift, int digits)
    {
        long time = line.Time + shift;
        string fraction = (time % 1_000_000_000).ToString("d9", CultureInfo.InvariantCulture)[..digits];
        return Time().Replace(line.Text, string.Create(CultureInfo.InvariantCulture, $"{time / 1_000_000_000}.{fraction}:"), 1);
    }

    // Threads of two hosts may have the same numbers.
    private static IEnumerable<string> SameThreads(IReadOnlyList<Line> lines, IReadOnlyList<Line> other)
    {
        int[] to = [.. lines.Where(line => line.Name == "kvm_exit").Select(line => line.Thread).Distinct()];
        int[] from = [.. other.Where(line => line.Name == "kvm_exit").Select(line => line.Thread).Distinct()];
        var names = from.Zip(to).ToDictionary(pair => pair.First, pair => pair.Second);
        return other.Select(line => names.TryGetValue(line.Thread, out int thread)
            ? Thread().Replace(line.Text, string.Create(CultureInfo.InvariantCulture, $"${{1}}{thread}$2"), 1)
            : line.Text);
    }

    private static IEnumerable<Line> PartOf(IReadOnlyList<Line> lines, Random random, out string range)
    {
        int one = random.Next(lines.Count), other = random.Next(lines.Count);
        (int from, int to) = random.Next(2) == 0 ? (0, lines.Count) : (Math.Min(one, other), Math.Max(one, other) + 1);
        range = $"lines {from + 1} to {to}";
        return lines.Take(to).Skip(from);
    }

    private static string Mark(Random random) => random.Next(3) switch { 0 => "> ", 1 => ">", _ => "> > " };

    [GeneratedRegex(@"\d+\.\d+:")]
    private static partial Regex Time();

    [GeneratedRegex(@"([- ])\d+(\s+\[)")]
    private static partial Regex Thread();
}
