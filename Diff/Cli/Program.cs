using System.CommandLine;
using System.CommandLine.Parsing;
using System.Runtime.CompilerServices;
using Differ.Capture.Diagnostics;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Cli.Help;
using Differ.Cli.Linux;
using Differ.Schemas.Files;

namespace Differ.Cli;

/// <summary>Words become a verb, and its outcome an exit status.</summary>
internal static class Program
{
    /// <summary>Environment: 1 adds to an internal error where in the program it is.</summary>
    public const string TraceVariable = "DIFFER_TRACE";

    private const ulong LeastAddresses = 128 << 20;

    public static int Main(string[] args)
    {
        try
        {
            return Start(args);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or OutOfMemoryException or TypeInitializationException)
        {
            // Not even a terminal could be had: too few files may be open, or there is no memory.
            StandardStreams.LastWords("differ: it cannot start: there is too little memory, or too many files are open (ulimit -n, ulimit -v)\n");
            return ExitStatus.Unusable;
        }
    }

    // Not a part of Main: what it needs is loaded when it is called.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Start(string[] args)
    {
        if (!OperatingSystem.IsWindows())
        {
            Libc.IgnoreFileTooLarge();
            if (Libc.AddressLimit() < LeastAddresses)
            {
                // The runtime would be ended by the first thread that it cannot start.
                StandardStreams.LastWords($"differ: it cannot start: it takes {LeastAddresses >> 10} kB of addresses, ulimit -v allows {Libc.AddressLimit() >> 10}\n");
                return ExitStatus.Unusable;
            }
        }

        // Neither is given back: a signal that comes at the very end would find nobody and end the process in its own way.
        var terminal = Terminal.OfProcess();
        var interruption = new Interruption(terminal);
        int status = Run(RawWords.Of(args), terminal, interruption.Token);
        GC.KeepAlive(interruption);
        return status;
    }

    /// <summary>The program on a given terminal.</summary>
    /// <param name="args">The words of the command.</param>
    /// <param name="terminal">Where results and remarks go.</param>
    /// <param name="cancel">Ends it as Ctrl-C does.</param>
    public static int Run(string[] args, Terminal terminal, CancellationToken cancel = default)
    {
        int status = Do(args, terminal, cancel);
        return args is [BisectVerb.Name, ..] ? ExitStatus.ForBisect(status) : status;
    }

    private static int Do(string[] args, Terminal terminal, CancellationToken cancel)
    {
        string[] inputs = [];
        try
        {
            RootCommand verbs = Verbs.Build(terminal);
            if (args.Length == 0)
            {
                HelpPage.Write(verbs, terminal.Error);
                return ExitStatus.Usage;
            }

            args = LeadingOptions.Behind(args, verbs);
            ParseResult words = verbs.Parse(args);
            if (FormatsPage.IsAsked(words))
            {
                FormatsPage.Write(terminal.Output);
                terminal.Output.Flush();
                return ExitStatus.Agrees;
            }

            if (words.Errors.Count > 0)
            {
                terminal.Tell(WordFaults.Line(args, words, verbs));
                return ExitStatus.Usage;
            }

            inputs = [.. words.CommandResult.Children.OfType<ArgumentResult>().SelectMany(one => one.Tokens).Select(token => token.Value)];
            terminal.IsQuiet = words.GetValue<bool>(Verbs.QuietOption);
            var wishes = new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                Output = terminal.Output,
                Error = terminal.Error,

                // Signals are taken before it looks at the words.
                ProcessTerminationTimeout = null,
            };
            int status = words.InvokeAsync(wishes, cancel).GetAwaiter().GetResult();
            terminal.Output.Flush();
            return status;
        }
        catch (Exception e)
        {
            return Explain(e, inputs, terminal);
        }
    }

    private static int Explain(Exception fault, string[] inputs, Terminal terminal)
    {
        switch (fault)
        {
            case OperationCanceledException:
                terminal.TellInterrupted();
                return ExitStatus.Interrupted;
            case IOException or OutputException when terminal.OutputIsClosed(fault.InnerException ?? fault):
                // The reader of a pipe has seen enough.
                terminal.ClearProgress();
                return ExitStatus.Agrees;
            case UsageException:
                terminal.Tell(fault.Message);
                return ExitStatus.Usage;
            case CaptureFormatException or RunFormatException when inputs is [var only]:
                terminal.Tell(UnusableInput.Line(only, fault));
                return ExitStatus.Unusable;
            case CaptureFormatException or RunFormatException or InputException or OutputException:
                terminal.Tell(fault.Message);
                return ExitStatus.Unusable;
            case IOException or UnauthorizedAccessException:
                terminal.Tell(UnusableInput.InWords(fault));
                return ExitStatus.Unusable;
            case OutOfMemoryException:
                terminal.Tell("there is not enough memory; allow more (ulimit -v), or take a smaller recording");
                return ExitStatus.Unusable;
            default:
                terminal.Tell($"internal error; please report it with the command, the version and what {TraceVariable}=1 adds");
                if (Environment.GetEnvironmentVariable(TraceVariable) == "1")
                {
                    terminal.Error.WriteLine(fault);
                }

                return ExitStatus.Fault;
        }
    }
}
