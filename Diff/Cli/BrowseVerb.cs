using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Differ.Cli.Browse;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Cli.Linux;
using Differ.Diff.View;
using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary><c>differ browse</c>: the exits of a capture or run on the whole terminal, also while they come.</summary>
internal sealed class BrowseVerb : IVerb
{
    private const int Keyboard = 0;
    private const string Only = "browse needs a terminal; differ show prints the exits where there is none";

    // The wait for keys, and what comes behind the ESC of a key.
    private const int Tick = 100, BehindEscape = 25;
    private static readonly TimeSpan GrowthEvery = TimeSpan.FromSeconds(1);

    public Command Build(Terminal terminal)
    {
        var input = new Argument<string>("capture")
        {
            Description = "A capture, or a run that differ convert made; - for standard input, which is the usual one",
            Arity = ArgumentArity.ZeroOrOne,
            DefaultValueFactory = _ => RunInput.StandardInput,
        };
        input.Validators.Add(Options.RefuseOptions);
        var options = new ShowOptions();
        Option<string?> filter = new("--filter", "-f") { Description = "Show only some exits, in the words of differ show: '--reason NPF --level L2'", HelpName = "WORDS" };
        Option<string> color = Options.Color();
        Option<string?> cpu = Options.Cpu();
        var command = new Command("browse",
            "Browse the exits on the whole terminal, also while a pipe brings them\n"
            + "Keys: arrows move, Enter shows an exit with the state that the replay knew and the rules that spoke, / filters, n and p go to the next and "
            + "the previous finding, t counts by reason, ? shows all keys, q quits.")
        {
            input, filter, color, cpu,
        };
        options.AddSymbolsTo(command);
        command.SetAction((words, cancel) => Task.FromResult(Run(
            words.GetRequiredValue(input), words.GetValue(filter) ?? "", options.ReadSymbols(words), words.GetRequiredValue(color), Options.ReadCpu(words.GetValue(cpu)), terminal, cancel)));
        return command;
    }

    private static int Run(
        string path, string filter, Diff.Naming.SymbolTables symbols, string color, CpuDescription? cpu, Terminal terminal, CancellationToken cancel)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new UsageException("browse runs on Linux only; differ show prints the exits");
        }

        using Tty? tty = terminal.IsForPerson ? Tty.Open() : null;
        if (tty is null || Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb")
        {
            throw new UsageException(Only);
        }

        if (path == RunInput.StandardInput && Libc.IsTerminal(Keyboard))
        {
            throw new UsageException("name a capture, or send one into standard input: trace-cmd record -e kvm -o - | differ browse");
        }

        _ = ReadFilter(filter, null);
        using var reading = new LiveReading(path, cpu, terminal.Quiet(), cancel);
        reading.Start();
        using var stories = new Stories(cpu);
        var since = Stopwatch.StartNew();
        var browser = new Browser(new BrowserNeeds(
            path == RunInput.StandardInput ? "(pipe)" : path, ReadFilter, stories.Tell, symbols, reading.EndPipe, RunInput.IsReadOnce(path) ? null : reading.Start, () => since.Elapsed))
        {
            FirstFilter = filter,
        };
        Show(browser, reading, new Screen(tty, terminal.InkFor(color)), tty, terminal, cancel);
        reading.Fault?.Throw();
        cancel.ThrowIfCancellationRequested();
        return browser.IsInterrupted ? throw new OperationCanceledException() : ExitStatus.Agrees;
    }

    [SupportedOSPlatform("linux")]
    private static void Show(Browser browser, LiveReading reading, Screen screen, Tty tty, Terminal terminal, CancellationToken cancel)
    {
        bool isResized = false, isBack = false;
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Volatile.Write(ref isResized, true));
        using var back = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => Volatile.Write(ref isBack, true));
        var keys = new KeyReader();
        var since = Stopwatch.StartNew();
        bool isPressed = true, isStill = false;

        // However the process ends, the terminal is given back.
        terminal.Leftovers.Remember(screen, screen.Leave);
        try
        {
            screen.Enter();
            while (!browser.HasQuit && !cancel.IsCancellationRequested && !(reading.Fault is not null && reading.Current is null))
            {
                if (Interlocked.Exchange(ref isBack, false))
                {
                    screen.Enter();
                    isPressed = true;
                }

                if (Interlocked.Exchange(ref isResized, false))
                {
                    screen.Forget();
                    isPressed = true;
                }

                if (since.Elapsed > GrowthEvery)
                {
                    since.Restart();
                    isPressed |= browser.Notice != reading.Notice;
                    browser.Notice = reading.Notice;
                }

                // What came since the last time is drawn once more.
                bool wasStill = isStill && !isPressed;
                bool isNew = browser.Look(reading.Current);
                isStill = browser.IsStill && !isNew;
                bool isMore = browser.GoOn();
                if (!wasStill || !isStill)
                {
                    (int width, int height) = tty.Size;
                    screen.Show(browser.Draw(width, height), width);
                }

                int read = PressAll(browser, screen, keys, tty, isMore ? 0 : Tick);
                if (read < 0)
                {
                    // The terminal is gone.
                    return;
                }

                isPressed = read > 0;
            }
        }
        finally
        {
            screen.Leave();
            terminal.Leftovers.Forget(screen);
        }
    }

    private static int PressAll(Browser browser, Screen screen, KeyReader keys, Tty tty, int wait)
    {
        Span<byte> bytes = stackalloc byte[256];
        int read = tty.Read(wait, bytes), all = read;
        while (read > 0)
        {
            keys.Add(bytes[..read]);
            Press(browser, screen, keys, isAll: false);
            read = keys.IsWaiting ? tty.Read(BehindEscape, bytes) : 0;
        }

        Press(browser, screen, keys, isAll: true);
        return read < 0 ? read : all;
    }

    private static void Press(Browser browser, Screen screen, KeyReader keys, bool isAll)
    {
        while (keys.Next(isAll, out Key key))
        {
            if (key.Kind == KeyKind.Redraw)
            {
                screen.Forget();
            }

            browser.Press(key);
        }
    }

    /// <summary>Reads a filter: the words of <c>differ show</c>, of which an option may stand without its hyphens.</summary>
    /// <param name="text">The words.</param>
    /// <param name="header">The recording; null where only the words are looked at.</param>
    /// <exception cref="UsageException">They make no sense.</exception>
    internal static ExitFilter ReadFilter(string text, RunHeader? header)
    {
        var options = new ShowOptions();
        var command = new Command("filter");
        options.AddFiltersTo(command);
        HashSet<string> names = [.. command.Options.Select(option => option.Name)];
        string[] words = [.. System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(text)];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = names.Contains($"--{words[i]}") && (i == 0 || !names.Contains(words[i - 1])) ? $"--{words[i]}" : words[i];
        }

        ParseResult parsed = command.Parse(words);
        return parsed.Errors.Count > 0 ? throw new UsageException(WordFaults.Problems(parsed)) : options.Read(parsed).FilterOf(header?.ClockUnit != ClockUnit.Ticks);
    }

    // One exit is replayed at a time: the one that was asked for last.
    private sealed class Stories(CpuDescription? cpu) : IDisposable
    {
        private CancellationTokenSource _last = new();

        public Task<ExitStory> Tell(BrowsedRun run, long row, Diff.Results.ExitPlace place)
        {
            Dispose();
            _last = new CancellationTokenSource();
            CancellationToken cancel = _last.Token;
            return Task.Run(() => ExitStory.Of(run, row, place, cpu, cancel), cancel);
        }

        public void Dispose()
        {
            _last.Cancel();
            _last.Dispose();
        }
    }
}
