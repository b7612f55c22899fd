using System.Text.Json;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Conform;

namespace Differ.Cli.Conform;

/// <summary>The scenarios in which a processor diverges by itself, from a report of <c>--on tcg</c>.</summary>
internal static class ProcessorFaults
{
    /// <summary>Reads them.</summary>
    /// <param name="path">The report in JSON; null for none.</param>
    /// <exception cref="InputException">It cannot be read, or is no such report.</exception>
    public static IReadOnlySet<string> Read(string? path)
    {
        if (path is null)
        {
            return new HashSet<string>();
        }

        try
        {
            using var json = JsonDocument.Parse(DiskFile.ReadText(path));
            return json.RootElement.GetProperty("scenarios").EnumerateArray()
                .Where(static one => one.GetProperty("verdict").GetString() == ConformReport.DepartsWord)
                .Select(static one => ConformReport.NameOf(one.GetProperty("source").GetString()!, one.GetProperty("title").GetString()!))
                .ToHashSet(StringComparer.Ordinal);
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InputException($"{path} is no report of differ conform --format json");
        }
    }
}
