using System.Diagnostics;
using System.Globalization;
using System.Text;
using Differ.Diff.Report;

namespace Differ.Cli;

/// <summary>Where results and remarks go: results to standard output, everything else to standard error.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error, Stream input, Stream binaryOutput, bool outputIsTerminal, bool errorIsTerminal)
{
    private const int BrokenPipe = 32;
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _since = Stopwatch.StartNew();
    private TimeSpan _told;
    private bool _progressShown;

    /// <summary>Results.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Everything else.</summary>
    public TextWriter Error { get; } = error;

    /// <summary>Standard input.</summary>
    public Stream Input { get; } = input;

    /// <summary>Results that are not text.</summary>
    public Stream BinaryOutput { get; } = binaryOutput;

    /// <summary>The day, for what expires.</summary>
    public DateOnly Today { get; init; } = DateOnly.FromDateTime(DateTime.Now);

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess()
    {
        Stream stdout = Console.OpenStandardOutput();
        var encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal(
            new StreamWriter(stdout, encoding, 1 << 15), new StreamWriter(Console.OpenStandardError(), encoding) { AutoFlush = true },
            Console.OpenStandardInput(), stdout, !Console.IsOutputRedirected, !Console.IsErrorRedirected);
    }

    /// <summary>The same without progress, for work on several threads.</summary>
    public Terminal Quiet() => new(Output, Error, Input, BinaryOutput, outputIsTerminal, errorIsTerminal: false) { Today = Today };

    /// <summary>Colours, when they are wanted or (with auto) when a person reads and NO_COLOR is not set.</summary>
    /// <param name="choice">auto, always or never.</param>
    public Ink InkFor(string choice) => choice switch
    {
        "always" => new Ink(enabled: true),
        "never" => Ink.None,
        _ => new Ink(outputIsTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") != "dumb"),
    };

    /// <summary>What to call now and then while a capture is read; null where nobody would see it.</summary>
    public Action<ulong, double>? Progress => errorIsTerminal ? ShowProgress : null;

    /// <summary>Wipes the progress off the terminal.</summary>
    public void ClearProgress()
    {
        if (_progressShown)
        {
            Error.Write("\r\u001b[K");
            _progressShown = false;
        }
    }

    /// <summary>Whether a fault is that nobody reads our output any more.</summary>
    public bool OutputIsClosed(Exception fault) => !outputIsTerminal && fault is IOException && (fault.HResult & 0xffff) == BrokenPipe;

    private void ShowProgress(ulong events, double part)
    {
        TimeSpan now = _since.Elapsed;
        if (now - _told < ProgressEvery)
        {
            return;
        }

        _told = now;
        _progressShown = true;
        Error.Write(string.Create(
            CultureInfo.InvariantCulture, $"\r\u001b[K{part * 100:f0} %  {events / Math.Max(now.TotalSeconds, 0.001) / 1e6:f1} M events/s"));
    }
}
