namespace Differ.Mutants;

/// <summary>The mutants that no test can kill, with the reason: a line each of file, operator, line of source, text after, reason, apart by tabs.</summary>
internal sealed class Equivalents
{
    private readonly HashSet<(string File, string Kind, string Line, string After)> _rows = [];

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">A line has not five columns.</exception>
    public Equivalents(string path)
    {
        foreach (string line in File.ReadLines(path).Where(static line => line.Length > 0 && !line.StartsWith('#')))
        {
            string[] parts = line.Split('\t');
            if (parts.Length != 5 || parts.Any(string.IsNullOrWhiteSpace))
            {
                throw new InvalidDataException($"{path}: five columns wanted, file, operator, line, after, reason: {line}");
            }

            _rows.Add((parts[0], parts[1], parts[2], parts[3]));
        }
    }

    /// <summary>Whether a mutant is listed.</summary>
    public bool Has(Mutant mutant) => _rows.Contains(Key(mutant));

    /// <summary>Rows to which no mutant belongs.</summary>
    public IEnumerable<string> Stale(IEnumerable<Mutant> all)
    {
        HashSet<(string, string, string, string)> known = [.. all.Select(Key)];
        return _rows.Where(row => !known.Contains(row)).Select(static row => $"{row.File}: {row.Kind}: {row.Line}");
    }

    private static (string File, string Kind, string Line, string After) Key(Mutant mutant) =>
        (mutant.File, mutant.Kind, mutant.LineText.Replace('\t', ' '), Mutant.OneLine(mutant.After) is { Length: > 0 } after ? after : "(nothing)");
}
