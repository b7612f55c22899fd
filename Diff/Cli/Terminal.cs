using System.Diagnostics;
using System.Globalization;
using System.Text;
using Differ.Capture.Disk;
using Differ.Cli.Faults;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>Where results and remarks go: results to standard output, everything else to standard error, and both through <see cref="PlainWriter"/>.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error, Stream input, Stream binaryOutput, bool outputIsTerminal, bool errorIsTerminal)
{
    private const int BrokenPipe = 32;
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _since = Stopwatch.StartNew();

    // Jobs show progress while others tell.
    private readonly Lock _screen = new();
    private TimeSpan _told;
    private bool _progressShown;
    private int _interrupted;
    private Action<ulong, double>? _ofAll;

    /// <summary>Results.</summary>
    public TextWriter Output => Results;

    /// <summary>Everything else.</summary>
    public TextWriter Error { get; } = new PlainWriter(error);

    /// <summary>Standard input.</summary>
    public Stream Input { get; } = input;

    /// <summary>Results that are not text.</summary>
    public Stream BinaryOutput { get; } = binaryOutput;

    /// <summary>What standard input is; null where nobody can say.</summary>
    public FileNode? InputNode { get; private init; }

    /// <summary>What standard output is; null where nobody can say.</summary>
    public FileNode? OutputNode { get; private init; }

    /// <summary>Files that are not complete.</summary>
    public Leftovers Leftovers { get; private init; } = new();

    /// <summary>Whether a person reads the results.</summary>
    public bool IsForPerson => outputIsTerminal;

    /// <summary>Whether nothing is said but verdicts and errors.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>Whether an interruption ends a stream whose report is still to come, and not the work.</summary>
    public bool OwesReport { get; set; }

    /// <summary>Whether the first interruption ends what is recorded, and the work goes on from there for as long as it takes.</summary>
    public bool EndsByItself { get; set; }

    /// <summary>The day, for what expires.</summary>
    public DateOnly Today { get; init; } = DateOnly.FromDateTime(DateTime.Now);

    public static Terminal OfProcess()
    {
        Stream stdin = StandardStreams.OpenInput(), stdout = StandardStreams.OpenOutput(), stderr = StandardStreams.OpenError();
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal(
            new StreamWriter(new OutputStream(stdout, "standard output"), encoding, 1 << 15), new StreamWriter(new RemarkStream(stderr), encoding) { AutoFlush = true },
            stdin, stdout, StandardStreams.OutputIsTerminal, StandardStreams.ErrorIsTerminal)
        {
            InputNode = StandardStreams.InputNode,
            OutputNode = StandardStreams.OutputNode,
        };
    }

    /// <summary>The same for work on several threads: without progress, or with that of all.</summary>
    /// <param name="progress">Takes the progress of the work; null where nobody would see it.</param>
    public Terminal Quiet(Action<ulong, double>? progress = null) => new(output, error, Input, BinaryOutput, outputIsTerminal, errorIsTerminal: false)
    {
        _ofAll = progress,
        Today = Today,
        InputNode = InputNode,
        OutputNode = OutputNode,
        Leftovers = Leftovers,
        IsQuiet = IsQuiet,
    };

    /// <summary>Says one line about what goes on.</summary>
    /// <param name="text">What; in one line, whatever is in it.</param>
    public void Tell(string text)
    {
        lock (_screen)
        {
            ClearProgress();
            Error.Write($"differ: {PlainText.Of(text.Trim())}\n");
        }
    }

    /// <summary>The same of what is no error: nothing where little is to be said.</summary>
    public void Remark(string text)
    {
        if (!IsQuiet)
        {
            Tell(text);
        }
    }

    /// <summary>Says once that the work was interrupted.</summary>
    public void TellInterrupted()
    {
        if (Interlocked.Exchange(ref _interrupted, 1) == 0)
        {
            Tell("interrupted");
        }
    }

    /// <summary>Refuses to write on a screen what is not text: it would control it.</summary>
    /// <param name="path">Where it is to be written.</param>
    /// <exception cref="UsageException">That is a screen.</exception>
    public void RefuseBinary(string path)
    {
        if (path == RunInput.StandardInput && IsForPerson)
        {
            throw new UsageException("what is written is not for a screen; name a file with -o, or send standard output into one");
        }
    }

    /// <summary>Colours, when they are wanted or (with auto) when a person reads and NO_COLOR is not set.</summary>
    /// <param name="choice">auto, always or never.</param>
    public Ink InkFor(string choice)
    {
        Ink ink = choice switch
        {
            "always" => new Ink(enabled: true),
            "never" => Ink.None,
            _ => new Ink(outputIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") != "dumb"),
        };
        Results.HasColours = ink.IsEnabled;
        return ink;
    }

    /// <summary>What to call now and then while a capture is read; null where nobody would see it.</summary>
    public Action<ulong, double>? Progress => _ofAll ?? (ShowsProgress ? ShowProgress : null);

    /// <summary>Whether anybody would see progress.</summary>
    public bool ShowsProgress => errorIsTerminal && !IsQuiet;

    /// <summary>Shows progress now and then, where anybody sees it.</summary>
    /// <param name="text">Makes the line.</param>
    public void ShowProgress(Func<string> text)
    {
        lock (_screen)
        {
            TimeSpan now = _since.Elapsed;
            if (ShowsProgress && now - _told >= ProgressEvery)
            {
                _told = now;
                _progressShown = true;
                error.Write($"\r\u001b[K{text()}");
            }
        }
    }

    /// <summary>Wipes the progress off the terminal.</summary>
    public void ClearProgress()
    {
        lock (_screen)
        {
            if (_progressShown)
            {
                error.Write("\r\u001b[K");
                _progressShown = false;
            }
        }
    }

    /// <summary>Whether a fault is that nobody reads our output any more.</summary>
    public bool OutputIsClosed(Exception fault) => !outputIsTerminal && fault is IOException && (fault.HResult & 0xffff) == BrokenPipe;

    private PlainWriter Results { get; } = new(output);

    private void ShowProgress(ulong events, double part) => ShowProgress(() => string.Create(
        CultureInfo.InvariantCulture, $"{part * 100:f0} %  {events / Math.Max(_since.Elapsed.TotalSeconds, 0.001) / 1e6:f1} M events/s"));
}
