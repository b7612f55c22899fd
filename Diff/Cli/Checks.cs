using Differ.Capture.Disk;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>What came of one capture that was named.</summary>
/// <param name="Input">The capture.</param>
/// <param name="Capture">What was found; null where it cannot be used.</param>
/// <param name="Fault">Why it cannot be used; null where it can.</param>
/// <param name="Page">Its page for the result file, from the start; null where none is wanted. Closed by whoever takes it.</param>
internal sealed record CheckedInput(NamedInput Input, CheckedCapture? Capture, Exception? Fault, Stream? Page);

/// <summary>Checks captures, several at once.</summary>
/// <param name="how">What they are judged by.</param>
/// <param name="reports">The reports.</param>
/// <param name="cache">Results of earlier checks; null for none.</param>
/// <param name="keepsPages">Whether the result file gets pages.</param>
internal sealed class Checks(Judging how, Reports<FindingSet> reports, ResultCache? cache, bool keepsPages)
{
    /// <summary>Checks the only capture; the reports of its exits are ended by the caller.</summary>
    public CheckedInput Only(NamedInput input, Terminal terminal, CancellationToken cancel) =>
        Usable(input, page => CheckedCapture.Of(input.Name, input.File, Judge(input, reports.HasOfExits ? reports.Begin : null, page, terminal, cancel)));

    /// <summary>Checks one of several, with its pages.</summary>
    /// <param name="input">The capture.</param>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="terminal">Where its progress is told.</param>
    /// <param name="cancel">Stops it.</param>
    public CheckedInput Of(NamedInput input, int number, Terminal terminal, CancellationToken cancel)
    {
        using ExitReports pages = reports.OpenPages(number);
        return Usable(input, page =>
        {
            DiffResult result = Judge(input, reports.HasOfExits ? pages.Begin : null, page, terminal, cancel);
            pages.Finish(result);
            pages.Complete();
            return CheckedCapture.Of(input.Name, input.File, result) with { Page = reports.PageOf(number) };
        });
    }

    private CheckedInput Usable(NamedInput input, Func<Stream?, CheckedCapture> check)
    {
        Stream? page = keepsPages ? new FileStream(DiskFile.OpenTemporary(), FileAccess.ReadWrite) : null;
        try
        {
            CheckedCapture found = check(page);
            if (page is not null)
            {
                page.Position = 0;
            }

            return new CheckedInput(input, found, null, page);
        }
        catch (Exception fault) when (UnusableInput.Is(fault))
        {
            page?.Dispose();
            return new CheckedInput(input, null, fault, null);
        }
        catch
        {
            page?.Dispose();
            throw;
        }
    }

    private DiffResult Judge(NamedInput named, Func<RunHeader, IJudgedSink?>? exits, Stream? page, Terminal terminal, CancellationToken cancel)
    {
        // Reports of the exits need the exits.
        using CachedResult? cached = cache?.Of(named);
        if (exits is null && cached?.Read(how.Policy, page) is { } known)
        {
            return how.Accepted.Apply(known, terminal.Today);
        }

        using RunInput input = named.Open(terminal);
        terminal.OwesReport = input.IsStream;
        Stream? pages = cached?.Begin() is { } kept && page is not null ? new TeeStream(page, kept) : page;
        IExitReport? written = null;
        try
        {
            DiffResult found = CheckVerb.Check(
                input, how.Policy, how.Cpu, input.IsStream ? CancellationToken.None : cancel, input.IsStream ? new LiveFindings(terminal) : null,
                exits is not null || page is not null ? Begin : null);
            DiffResult judged = how.Accepted.Apply(found, terminal.Today);
            written?.Finish(judged);
            cached?.Keep(found);
            return judged;
        }
        finally
        {
            written?.Dispose();
        }

        IJudgedSink? Begin(RunHeader header)
        {
            written = pages is null ? null : ReportFormats.Page.Begin(header, pages);
            return JudgedSinks.Of([exits?.Invoke(header), written]);
        }
    }
}
