namespace Differ.Cli.Config;

/// <summary>Finds what the user may have meant.</summary>
internal static class NearestNames
{
    private const int Most = 3;

    /// <summary>The nearest names, the best first: by how many letters have to change; part of a name is as good as one change.</summary>
    public static IReadOnlyList<string> To(string word, IEnumerable<string> names) =>
        [.. names.OrderBy(name => Distance(word.ToUpperInvariant(), name.ToUpperInvariant())).ThenBy(name => name, StringComparer.Ordinal).Take(Most)];

    // Levenshtein's distance, a row at a time.
    private static int Distance(string word, string name)
    {
        if (word.Length > 0 && name.Contains(word, StringComparison.Ordinal))
        {
            return 1;
        }

        int[] row = [.. Enumerable.Range(0, name.Length + 1)];
        for (int i = 1; i <= word.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= name.Length; j++)
            {
                int changed = diagonal + (word[i - 1] == name[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[name.Length];
    }
}
