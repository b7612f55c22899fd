using System.Text.RegularExpressions;

namespace Differ.Cli;

/// <summary>The numbers that Differ puts before what it says of an input, with meaning and cure: the tables of docs/diagnostics.md.</summary>
internal static partial class Diagnostics
{
    private const string Table = "Differ.Cli.diagnostics.md";

    /// <summary>Whether a word has the form of such a number, in whatever case.</summary>
    public static bool IsNumber(string word) => Number().IsMatch(word);

    /// <summary>Meaning and cure; null where there is no such number.</summary>
    public static string? MeaningOf(string number)
    {
        using Stream table = typeof(Diagnostics).Assembly.GetManifestResourceStream(Table)!;
        using var text = new StreamReader(table);
        return Row().Matches(text.ReadToEnd()).Where(row => string.Equals(row.Groups[1].Value, number, StringComparison.OrdinalIgnoreCase))
            .Select(row => row.Groups[2].Value.Trim().Replace("`", "", StringComparison.Ordinal)).FirstOrDefault();
    }

    [GeneratedRegex("^DIF[0-9]{4}$", RegexOptions.IgnoreCase)]
    private static partial Regex Number();

    [GeneratedRegex(@"^\| (DIF[0-9]{4}) \|([^|\n]*(?:\\\|[^|\n]*)*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
