namespace Differ.Diff.Writing;

/// <summary>Rows of comma-separated values, as RFC 4180 has them.</summary>
internal static class CsvText
{
    /// <summary>A row without its line end; a cell that needs quotes gets them.</summary>
    public static string Row(params IEnumerable<string> cells) => string.Join(',', cells.Select(Cell));

    private static string Cell(string text) => text.AsSpan().IndexOfAny(",\"\n\r") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
