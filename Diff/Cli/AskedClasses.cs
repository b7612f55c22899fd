using System.Text;
using System.Text.Json;
using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff.Bisect;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Files;

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
        TextOf(path) is not { } text ? In([check(path)], fingerprint)
        : IsBaseline(text, path) ? BaselineReading.Parse(text, path).Accepted.FirstOrDefault(entry => entry.Fingerprint == fingerprint) is { } entry ? new AskedClass(entry.Rule, null) : null
        : In(Read(text, path), fingerprint);

    private static AskedClass? In(IEnumerable<DiffResult> results, string fingerprint) =>
        results.SelectMany(result => result.Classes).FirstOrDefault(found => found.Fingerprint == fingerprint)
            is { } found ? new AskedClass(found.Rule.Id, found) : null;

    // No capture begins as JSON does; what can be read only once is taken for JSON. Null for a capture or run.
    private static string? TextOf(string path)
    {
        if (FileNode.Of(path) is null or { Kind: FileKind.Folder })
        {
            return null;
        }

        using var file = new PeekStream(DiskFile.Read(path));
        return RunInput.IsReadOnce(path) || file.Peek(1) is [(byte)'{'] ? DiskFile.ReadText(file, path) : null;
    }

    private static bool IsBaseline(string text, string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.TryGetProperty("accepted", out _) && !document.RootElement.TryGetProperty("divergences", out _)
                && !document.RootElement.TryGetProperty("captures", out _);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UsageException($"{path} is no report, baseline, capture or run");
        }
    }

    private static IReadOnlyList<DiffResult> Read(string text, string path)
    {
        using var report = new MemoryStream(Encoding.UTF8.GetBytes(text));
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
