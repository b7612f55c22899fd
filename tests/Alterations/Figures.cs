using System.Globalization;

namespace Differ.Alterations;

/// <summary>What came of one alteration.</summary>
internal sealed class Figure
{
    /// <summary>Altered recordings.</summary>
    public int Variants { get; set; }

    /// <summary>Those that were refused.</summary>
    public int Refused { get; set; }

    /// <summary>Those that show a certain finding which the whole recording does not have.</summary>
    public int Alarms { get; set; }

    /// <summary>Those that show one under an assumption.</summary>
    public int Likely { get; set; }

    /// <summary>The rules that were said to be broken, with how many recordings.</summary>
    public SortedDictionary<string, int> Rules { get; } = new(StringComparer.Ordinal);
}

/// <summary>What came of all of them.</summary>
internal sealed class Figures
{
    private readonly Dictionary<string, Figure> _rows = new(StringComparer.Ordinal);

    /// <summary>How many altered recordings there were.</summary>
    public int Variants => _rows.Values.Sum(row => row.Variants);

    /// <summary>The row of an alteration.</summary>
    public Figure Of(Alteration alteration)
    {
        if (!_rows.TryGetValue(alteration.Name, out Figure? row))
        {
            _rows.Add(alteration.Name, row = new Figure());
        }

        return row;
    }

    /// <summary>Alarms of those that a recording tells of.</summary>
    public int ToldAlarms => Alterations.Told.Where(one => _rows.ContainsKey(one.Name)).Sum(one => _rows[one.Name].Alarms);

    /// <summary>Writes a table in Markdown.</summary>
    public void Write(TextWriter output)
    {
        Write(output, "What a recording tells of, or shows", [.. Alterations.Told.Where(one => _rows.ContainsKey(one.Name))]);
        Write(output, "What nothing marks", [.. Alterations.Unmarked.Where(one => _rows.ContainsKey(one.Name))]);
    }

    private void Write(TextWriter output, string title, IReadOnlyList<Alteration> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        output.WriteLine($"| {title} | variants | refused | likely | alarms | per 1 000 | rules |");
        output.WriteLine("|---|---:|---:|---:|---:|---:|---|");
        foreach (Alteration one in rows)
        {
            Write(output, one.Name, [_rows[one.Name]]);
        }

        Write(output, "all", [.. rows.Select(one => _rows[one.Name])]);
        output.WriteLine();
    }

    private static void Write(TextWriter output, string name, IReadOnlyList<Figure> rows)
    {
        int variants = rows.Sum(row => row.Variants), alarms = rows.Sum(row => row.Alarms);
        string rules = rows.Count > 1 ? "" : string.Join(", ", rows[0].Rules.OrderByDescending(rule => rule.Value).Select(rule => $"{rule.Key} {rule.Value}"));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {variants} | {rows.Sum(row => row.Refused)} | {rows.Sum(row => row.Likely)} | {alarms} | {1000.0 * alarms / Math.Max(1, variants):0.#} | {rules} |"));
    }
}
