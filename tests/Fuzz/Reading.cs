using System.Text.RegularExpressions;
using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Ctf;
using Differ.Cli;
using Differ.Diff;
using Differ.Diff.Compare;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Files;
using Differ.Tests.Support;

namespace Differ.Fuzz;

/// <summary>What <c>differ check</c> says of an input, wherever its bytes come from.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Words">The report in JSON without name and size of the file; or the diagnostic.</param>
internal sealed partial record Reading(FuzzOutcome Outcome, string Words)
{
    private const int MostItems = 4;
    private const string DamagedStream = "DIF0316";

    /// <summary>Nobody looks at it.</summary>
    public static Terminal Nowhere => new(TextWriter.Null, TextWriter.Null, Stream.Null, Stream.Null, outputIsTerminal: false, errorIsTerminal: false);

    /// <summary>Of a file, or the files of a folder, that lie in memory.</summary>
    public static Reading Of(FuzzInput input) => input.IsFolder ? Of(new MemoryFolder(input.Files)) : Of(() => CaptureFile.Open(new MemorySource(input.File), ""));

    /// <summary>Of the files of a folder.</summary>
    public static Reading Of(ByteFolder folder) => Told(() => [Check(CaptureItem.Of(folder, new CtfFormat()), null)]);

    /// <summary>Of a file or pipe.</summary>
    /// <param name="open">Opens it.</param>
    /// <param name="watcher">Is told of findings as they come; null for nobody.</param>
    public static Reading Of(Func<CaptureFile> open, IFindingWatcher? watcher = null) => Told(() =>
    {
        using CaptureFile file = open();
        return [.. file.Items.Take(MostItems).Select(item => Check(item, watcher))];
    });

    /// <summary>Two readings of the same bytes say the same.</summary>
    /// <param name="other">The other one.</param>
    /// <param name="what">What is different about it.</param>
    /// <exception cref="BrokenPromiseException">They do not.</exception>
    public void MustBe(Reading other, string what)
    {
        if (Words == other.Words)
        {
            return;
        }

        int same = Words.AsSpan().CommonPrefixLength(other.Words);
        throw new BrokenPromiseException(Outcome.Code != other.Outcome.Code ? $"{what}: ends in {other.Outcome.Code}, and not in {Outcome.Code}"
            : Outcome.Code == FuzzOutcome.Verdict ? $"{what}: another \"{Name().Matches(Words[..same]).LastOrDefault()?.Groups[1].Value}\" in the report"
            : $"{what}: other words of {Outcome.Code}");
    }

    private static DiffResult Check(CaptureItem item, IFindingWatcher? watcher)
    {
        using RunInput input = RunInput.Of(item, Nowhere);
        DiffResult result = CheckVerb.Check(input, Policy.Default, cpu: null, CancellationToken.None, watcher);
        return result with { Header = result.Header with { Capture = "", CaptureSize = 0 } };
    }

    private static Reading Told(Func<IReadOnlyList<DiffResult>> read)
    {
        try
        {
            IReadOnlyList<DiffResult> results = read();
            using var report = new StringWriter();
            foreach (DiffResult result in results)
            {
                ReportFormats.Find("json")!.Write(FindingSet.Of(result), report, Ink.None);
            }

            return new Reading(
                results.Count == 1 ? FuzzWays.Tell(results[0]) : new FuzzOutcome(FuzzOutcome.Verdict, $"{results.Count} captures {string.Join('|', results.Select(FuzzWays.Tell))}"),
                report.ToString());
        }
        catch (CaptureFormatException e)
        {
            // Where a library noticed damage depends on the pieces that it was given.
            return new Reading(new FuzzOutcome(e.Code, FuzzWays.Place(e.Message)), e.Code == DamagedStream ? e.Code : e.Message);
        }
        catch (RunFormatException e)
        {
            return new Reading(new FuzzOutcome(e.Code, FuzzWays.Place(e.Message)), e.Message);
        }
    }

    [GeneratedRegex("\"(\\w+)\": ?")]
    private static partial Regex Name();
}
