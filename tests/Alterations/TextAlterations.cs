namespace Differ.Alterations;

/// <summary>What people leave out of a text: tracepoints, lines of a pattern, its ends, its heading, a part in the middle.</summary>
internal static class TextAlterations
{
    private static readonly string[][] Gaps =
    [
        ["..."], ["[...]"], ["…"], ["[snip]"], ["", "...", ""], ["--"], ["and a while later:"], ["", "Then L2 runs for some time, and:", ""], ["[some lines left out]"],
        ["(the same again a few hundred times)"], ["<snip>"], ["[ 200 lines removed ]"],
    ];

    // What people grep for.
    private static readonly string[] Wanted = ["nested", "kvm_exit", "kvm_exit|kvm_entry", "kvm_exit|kvm_entry|nested", "nested|inj", "vmrun|nested", "exit", "kvm_nested_vmexit"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Alteration> Told { get; } =
    [
        new TextAlteration("text unaltered", true, static (lines, _, _) => (Texts(lines), "whole")),
        new TextAlteration("text without one tracepoint", true, WithoutOne),
        new TextAlteration("text without several tracepoints", true, WithoutSeveral),
        new TextAlteration("text with the lines of a pattern only", true, Only),
        new TextAlteration("text without the lines of a word", true, WithoutWord),
        new TextAlteration("text of one thread", true, OneThread),
        new TextAlteration("head or tail of a text", true, Ends),
        new TextAlteration("part of a text", true, static (lines, _, random) => Part(lines, random.Next(lines.Count), random.Next(lines.Count))),
        new TextAlteration("part of a text beside nested events", true, PartBesideNested),
        new TextAlteration("text without its heading", true, static (lines, _, _) => lines[0].IsEvent ? null : (Texts(lines.SkipWhile(line => !line.IsEvent)), "no heading")),
        new TextAlteration("text with parts left out and said so", true, Omitted),
        new TextAlteration("text with marked losses", true, Lost),
    ];

    /// <summary>The texts of lines.</summary>
    public static IEnumerable<string> Texts(IEnumerable<Line> lines) => lines.Select(line => line.Text);

    /// <summary>Where lines of nested events are.</summary>
    public static int[] NestedPlaces(IReadOnlyList<Line> lines) => [.. Enumerable.Range(0, lines.Count).Where(at => lines[at].IsNested)];

    private static string[] Names(IReadOnlyList<Line> lines) => [.. lines.Where(line => line.IsOfKvm).Select(line => line.Name).Distinct().Order(StringComparer.Ordinal)];

    private static (IEnumerable<string> Lines, string Parameters)? WithoutOne(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        string[] names = Names(lines);
        if (names.Length == 0)
        {
            return null;
        }

        string name = names[random.Next(names.Length)];
        return (Texts(lines.Where(line => line.Name != name)), $"without {name}");
    }

    private static (IEnumerable<string> Lines, string Parameters)? WithoutSeveral(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        string[] names = [.. Names(lines).Where(_ => random.Next(4) == 0)];
        return (Texts(lines.Where(line => !names.Contains(line.Name))), $"without {string.Join(", ", names)}");
    }

    private static (IEnumerable<string> Lines, string Parameters)? Only(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        string pattern = Wanted[random.Next(Wanted.Length)];
        string[] parts = pattern.Split('|');
        return (Texts(lines.Where(line => parts.Any(part => line.Text.Contains(part, StringComparison.Ordinal)))), $"grep -E '{pattern}'");
    }

    private static (IEnumerable<string> Lines, string Parameters)? WithoutWord(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        Line of = lines[random.Next(lines.Count)];
        string[] words = [.. of.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(4)];
        if (!of.IsEvent || words.Length == 0)
        {
            return null;
        }

        string word = words[random.Next(words.Length)];
        return (Texts(lines.Where(line => !line.Text.Contains(word, StringComparison.Ordinal))), $"grep -v '{word}'");
    }

    private static (IEnumerable<string> Lines, string Parameters)? OneThread(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        int[] threads = [.. lines.Where(line => line.Name == "kvm_exit").Select(line => line.Thread).Distinct()];
        if (threads.Length == 0)
        {
            return null;
        }

        int thread = threads[random.Next(threads.Length)];
        return (Texts(lines.Where(line => line.Thread == thread)), $"grep {thread}");
    }

    private static (IEnumerable<string> Lines, string Parameters)? Ends(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        int count = random.Next(1, lines.Count + 1);
        return random.Next(2) == 0 ? (Texts(lines.Take(count)), $"head -n {count}") : (Texts(lines.TakeLast(count)), $"tail -n {count}");
    }

    private static (IEnumerable<string> Lines, string Parameters)? Part(IReadOnlyList<Line> lines, int one, int other)
    {
        (int from, int to) = (Math.Min(one, other), Math.Max(one, other) + 1);
        return (Texts(lines.Take(to).Skip(from)), $"sed -n {from + 1},{to}p");
    }

    private static (IEnumerable<string> Lines, string Parameters)? PartBesideNested(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        int[] nested = NestedPlaces(lines);
        return nested.Length == 0 ? null : Part(lines, Beside(), Beside());
        int Beside() => Math.Clamp(nested[random.Next(nested.Length)] + random.Next(-4, 5), 0, lines.Count - 1);
    }

    private static (IEnumerable<string> Lines, string Parameters)? Omitted(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        int[] nested = NestedPlaces(lines);
        var text = new List<string>(Texts(lines));
        var what = new List<string>();
        int places = random.Next(1, 4);
        foreach (int from in Enumerable.Range(0, places)
            .Select(_ => nested.Length > 0 && random.Next(3) > 0 ? Math.Max(0, nested[random.Next(nested.Length)] - random.Next(4)) : random.Next(lines.Count)).Distinct().OrderDescending())
        {
            int length = Math.Min(text.Count - from, random.Next(1, random.Next(2) == 0 ? 5 : 200));
            string[] gap = Gaps[random.Next(Gaps.Length)];
            text.RemoveRange(from, length);
            text.InsertRange(from, gap);
            what.Add($"lines {from + 1} to {from + length}: {string.Join(" / ", gap)}");
        }

        return (text, string.Join("; ", what));
    }

    private static (IEnumerable<string> Lines, string Parameters)? Lost(IReadOnlyList<Line> lines, IReadOnlyList<Line> other, Random random)
    {
        int[] nested = NestedPlaces(lines);
        var text = new List<string>(Texts(lines));
        int places = random.Next(1, 6);
        foreach (int from in Enumerable.Range(0, places)
            .Select(_ => nested.Length > 0 && random.Next(3) > 0 ? Math.Max(0, nested[random.Next(nested.Length)] - random.Next(4)) : random.Next(lines.Count)).Distinct().OrderDescending())
        {
            int length = Math.Min(text.Count - from, random.Next(1, random.Next(2) == 0 ? 5 : 200));
            if (lines[from].IsEvent && from + length < lines.Count && lines.Skip(from).Take(length).All(line => line.Cpu == lines[from].Cpu))
            {
                text.RemoveRange(from, length);
                text.Insert(from, random.Next(2) == 0 ? $"CPU:{lines[from].Cpu} [LOST {length} EVENTS]" : $"CPU:{lines[from].Cpu} [{length} EVENTS DROPPED]");
            }
        }

        return (text, $"up to {places} losses");
    }
}
