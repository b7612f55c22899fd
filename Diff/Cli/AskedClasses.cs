using System.Text.Json;
using Differ.Diff.Bisect;
using Differ.Diff.Compare;
using Differ.Diff.Report;

namespace Differ.Cli;

/// <summary>Finds out what a fingerprint names.</summary>
internal static class AskedClasses
{
    /// <summary>What is known of the class with a fingerprint.</summary>
    /// <param name="fingerprint">The fingerprint.</param>
    /// <param name="source">A report, baseline, capture or run that is said to have it; null for none.</param>
    /// <param name="before">A capture that may have it; null for none.</param>
    /// <param name="check">Checks a capture or run.</param>
    /// <returns>Null where nothing is known.</returns>
    /// <exception cref="UsageException">The source does not have it, or is none.</exception>
    public static AskedClass? Find(string fingerprint, string? source, DiffResult? before, Func<string, DiffResult> check)
    {
        AskedClass? known = before is null ? null : In([before], fingerprint);
        return source is null ? known
            : In(source, fingerprint, check) ?? known ?? throw new UsageException($"{source} has no divergence with fingerprint {fingerprint}");
    }

    private static AskedClass? In(string path, string fingerprint, Func<string, DiffResult> check) =>
        !BaselineVerb.IsJson(path) ? In([check(path)], fingerprint)
        : IsBaseline(path) ? BaselineVerb.Read(path).Accepted.FirstOrDefault(entry => entry.Fingerprint == fingerprint) is { } entry ? new AskedClass(entry.Rule, null) : null
        : In(Read(path), fingerprint);

    private static AskedClass? In(IEnumerable<DiffResult> results, string fingerprint) =>
        results.SelectMany(result => result.Classes).FirstOrDefault(found => found.Fingerprint == fingerprint)
            is { } found ? new AskedClass(found.Rule.Id, found) : null;

    private static bool IsBaseline(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.TryGetProperty("accepted", out _) && !document.RootElement.TryGetProperty("divergences", out _)
                && !document.RootElement.TryGetProperty("captures", out _);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UsageException($"{path} is no report, baseline, capture or run");
        }
    }

    private static IReadOnlyList<DiffResult> Read(string path)
    {
        using FileStream report = File.OpenRead(path);
        try
        {
            return JsonReportReader.ReadAll(report, RulesVerb.TryFind);
        }
        catch (FormatException problem)
        {
            throw new UsageException($"{path}: {problem.Message}");
        }
    }
}
