using System.Globalization;
using System.Text;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Diff;
using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>The reports of one command. Their files are opened before the work begins and get their names together when all is written.</summary>
/// <typeparam name="T">What is reported.</typeparam>
internal sealed class Reports<T> : IDisposable
{
    private readonly Terminal _terminal;
    private readonly Ink _ink;
    private readonly List<(ReportWish Wish, IFormat<T> Format, OutputFile? File)> _texts = [];
    private readonly ExitReports _ofExits = new();

    // Where there are several captures: formats that have a page for each, and the file of the page of all.
    private readonly List<(IExitReportFormat Format, string Path)> _paged = [];
    private IReadOnlyList<string> _inputs = [];
    private LeaverStream? _leaver;
    private bool _finished;

    private Reports(Terminal terminal, Ink ink)
    {
        _terminal = terminal;
        _ink = ink;
    }

    /// <summary>Opens every file.</summary>
    /// <param name="wishes">What is asked for.</param>
    /// <param name="formats">The formats of what is reported.</param>
    /// <param name="ofExits">The formats of the exits themselves.</param>
    /// <param name="inputs">Files and folders that are read.</param>
    /// <param name="terminal">Where standard output is.</param>
    /// <param name="color">Whether the report on standard output has colours: auto, always or never.</param>
    /// <param name="several">Whether several captures are read, so that reports of exits are a page for each and one for all.</param>
    public static Reports<T> Open(
        IReadOnlyList<ReportWish> wishes, IReadOnlyList<IFormat<T>> formats, IReadOnlyList<IExitReportFormat> ofExits, IReadOnlyList<string> inputs, Terminal terminal,
        string color, bool several = false)
    {
        var reports = new Reports<T>(terminal, terminal.InkFor(color)) { _inputs = inputs };
        try
        {
            foreach (ReportWish wish in wishes)
            {
                if (wish.IsOnOutput)
                {
                    OutputFile.RefuseInput("standard output", terminal.OutputNode, inputs, terminal);
                }

                if (formats.FirstOrDefault(format => format.Name == wish.Format) is { } text)
                {
                    reports._texts.Add((wish, text, wish.IsOnOutput ? null : OutputFile.Create(wish.Path, inputs, terminal)));
                }
                else
                {
                    terminal.RefuseBinary(wish.Path);
                    IExitReportFormat one = ofExits.First(format => format.Name == wish.Format);
                    OutputFile file = wish.IsOnOutput && wishes.Count > 1 ? reports.OnOutput(inputs) : OutputFile.Create(wish.Path, inputs, terminal);
                    if (several && one.Index is IFormat<T> index)
                    {
                        RefuseDevice(wish, file);
                        reports._texts.Add((wish, index, file));
                        reports._paged.Add((one, wish.Path));
                    }
                    else
                    {
                        reports._ofExits.Add(one, file);
                    }
                }
            }

            reports.RefuseTwins();
        }
        catch
        {
            reports.Dispose();
            throw;
        }

        return reports;
    }

    /// <summary>Whether reports of exits are asked for.</summary>
    public bool HasOfExits => _ofExits.Files.Any() || _paged.Count > 0;

    /// <summary>Opens the pages of one capture of several; none where there is one. Several may be open at once, each on a thread of its own.</summary>
    /// <param name="number">Its number, from 1.</param>
    public ExitReports OpenPages(int number)
    {
        var pages = new ExitReports();
        lock (_paged)
        {
            foreach ((IExitReportFormat format, string path) in _paged)
            {
                pages.Add(format, OutputFile.Create(PageOf(path, number), _inputs, _terminal));
            }
        }

        return pages;
    }

    /// <summary>The name of the page of a capture, beside the page of all; null where there is none.</summary>
    /// <param name="number">Its number, from 1.</param>
    public string? PageOf(int number) => _paged.Count == 0 ? null : Path.GetFileName(PageOf(_paged[0].Path, number));

    /// <summary>Writes the page of one capture, where pages are asked for, as it was kept.</summary>
    /// <param name="write">Writes it.</param>
    /// <param name="number">The number of the capture, from 1.</param>
    /// <returns>The name of its page, beside the page of all; null where there is none.</returns>
    public string? WritePage(Action<Stream> write, int number)
    {
        if (_paged.Count == 0)
        {
            foreach (OutputFile file in _ofExits.Files)
            {
                write(file.Stream);
            }

            _finished = true;
            return null;
        }

        using ExitReports pages = OpenPages(number);
        foreach (OutputFile file in pages.Files)
        {
            write(file.Stream);
        }

        pages.Complete();
        return PageOf(number);
    }

    /// <summary>Begins the reports of exits; called once for each capture at most.</summary>
    /// <param name="header">The recorded run.</param>
    /// <returns>Who wants to be told of each exit; null for nobody.</returns>
    public IJudgedSink? Begin(RunHeader header) => _ofExits.Begin(header);

    /// <summary>Ends the reports of exits that were begun.</summary>
    public void Finish(DiffResult result)
    {
        _ofExits.Finish(result);
        _finished = true;
    }

    /// <summary>Writes everything else, and gives all files their names.</summary>
    /// <param name="content">What is reported.</param>
    /// <param name="withUsual">Whether the usual report on standard output is written too.</param>
    public void Write(T content, bool withUsual = true)
    {
        foreach ((_, IFormat<T> format, OutputFile? file) in _texts.Where(text => text.File is not null))
        {
            using var text = new StreamWriter(file!.Stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
            using var plain = new PlainWriter(text);
            format.Write(content, plain, Ink.None);
            plain.Flush();
        }

        foreach (OutputFile file in _texts.Select(text => text.File).OfType<OutputFile>().Concat(_ofExits.Files.Where(_ => _finished)))
        {
            file.Complete();
        }

        // Standard output last: whoever reads it may have seen enough, and the files are wanted all the same.
        _leaver?.ThrowIfGone();
        foreach ((_, IFormat<T> format, _) in _texts.Where(text => text.File is null && (withUsual || !text.Wish.IsUsual)))
        {
            Write(content, format);
        }
    }

    // Where little is to be said, the first line of the text report is the verdict.
    private void Write(T content, IFormat<T> format)
    {
        if (!_terminal.IsQuiet || format.Name != ReportFormats.UsualName)
        {
            format.Write(content, _terminal.Output, _ink);
            return;
        }

        using var text = new StringWriter();
        format.Write(content, text, _ink);
        _terminal.Output.Write($"{text.ToString().Split('\n')[0]}\n");
    }

    // With other reports beside it, a reader that goes away must not end the work.
    private OutputFile OnOutput(IReadOnlyList<string> inputs)
    {
        _leaver = new LeaverStream(_terminal.BinaryOutput, _terminal.OutputIsClosed);
        return OutputFile.OnOutput(_leaver, inputs, _terminal);
    }

    private static string PageOf(string path, int number) => Path.Combine(
        Path.GetDirectoryName(path) ?? "", string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(path)}-{number}{Path.GetExtension(path)}"));

    // The pages of the captures lie beside the page of all.
    private static void RefuseDevice(ReportWish wish, OutputFile file)
    {
        if (file.Target is { IsReplaced: false })
        {
            file.Dispose();
            throw new UsageException($"--report {wish.Format}={wish.Path}: of several captures it is a page and others beside it; name a file in a folder");
        }
    }

    // Two names may be one file. What is no ordinary file takes one report after the other.
    private void RefuseTwins()
    {
        OutputTarget[] replaced =
        [
            .. _texts.Select(text => text.File).OfType<OutputFile>().Concat(_ofExits.Files)
                .Select(file => file.Target).OfType<OutputTarget>().Where(target => target.IsReplaced),
        ];
        if (replaced.CountBy(target => target.Place).FirstOrDefault(count => count.Value > 1) is { Value: > 1 } twice)
        {
            throw new UsageException($"two reports cannot be one file: {replaced.First(target => target.Place == twice.Key).Path}");
        }
    }

    public void Dispose()
    {
        foreach (OutputFile file in _texts.Select(text => text.File).OfType<OutputFile>())
        {
            file.Dispose();
        }

        _ofExits.Dispose();
    }
}
