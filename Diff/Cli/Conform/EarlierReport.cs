using System.Text.Json;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Conform;

namespace Differ.Cli.Conform;

/// <summary>Reads what came of scenarios elsewhere: a report of <c>differ conform --format json</c>.</summary>
internal static class EarlierReport
{
    /// <summary>Reads it.</summary>
    /// <param name="path">The report; null for none.</param>
    /// <exception cref="InputException">It cannot be read, or is no such report.</exception>
    public static EarlierResults? Read(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(DiskFile.ReadText(path));
            var verdicts = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonElement one in json.RootElement.GetProperty("scenarios").EnumerateArray())
            {
                verdicts[EarlierResults.NameOf(one.GetProperty("source").GetString()!, one.GetProperty("title").GetString()!)] = one.GetProperty("verdict").GetString()!;
            }

            return new EarlierResults(json.RootElement.GetProperty("kernel").GetString()!, verdicts);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InputException($"{path} is no report of differ conform --format json");
        }
    }
}
