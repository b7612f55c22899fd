using System.CommandLine;
using System.Runtime.InteropServices;
using Differ.Capture.Diagnostics;
using Differ.Schemas.Files;

namespace Differ.Cli;

/// <summary>Words become a verb, and its outcome an exit status.</summary>
internal static class Program
{
    // SIGXFSZ of Linux and macOS: without a handler, a file that grows beyond what ulimit -f allows ends the process and leaves a part of it.
    private const PosixSignal FileTooLarge = (PosixSignal)25;

    /// <summary>The program.</summary>
    public static int Main(string[] args)
    {
        using PosixSignalRegistration? registration =
            OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(FileTooLarge, static signal => signal.Cancel = true);
        return Run(args, Terminal.OfProcess());
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
        try
        {
            RootCommand verbs = Verbs.Build(terminal);
            ParseResult words = verbs.Parse(args);
            if (words.Errors.Count > 0)
            {
                terminal.Error.WriteLine($"differ: {WhatIsWrong(args, words, verbs)}");
                return ExitStatus.Usage;
            }

            var wishes = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = terminal.Output, Error = terminal.Error };
            int status = words.InvokeAsync(wishes, cancel).GetAwaiter().GetResult();
            terminal.Output.Flush();
            return status;
        }
        catch (Exception e)
        {
            return Explain(e, terminal);
        }
    }

    private static string WhatIsWrong(string[] args, ParseResult words, RootCommand verbs)
    {
        if (args is [var verb, ..] && words.CommandResult.Command == verbs && !verb.StartsWith('-'))
        {
            return $"there is no command {verb}; nearest are {string.Join(", ", NearestNames.To(verb, verbs.Subcommands.Select(one => one.Name)))}; see differ --help";
        }

        IEnumerable<string> problems = words.Errors.Select(error => OneLine(error.Message).TrimEnd('.')).Distinct(StringComparer.Ordinal);
        return $"{string.Join("; ", problems)}; see differ{(words.CommandResult.Command == verbs ? "" : $" {words.CommandResult.Command.Name}")} --help";
    }

    // The parser lists the words it knows one a line.
    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static int Explain(Exception fault, Terminal terminal)
    {
        terminal.ClearProgress();
        switch (fault)
        {
            case OperationCanceledException:
                terminal.Error.WriteLine("differ: interrupted");
                return ExitStatus.Interrupted;
            case IOException or OutputException when terminal.OutputIsClosed(fault.InnerException ?? fault):
                // The reader of a pipe has seen enough.
                return ExitStatus.Agrees;
            case UsageException:
                terminal.Error.WriteLine($"differ: {fault.Message}");
                return ExitStatus.Usage;
            case CaptureFormatException or RunFormatException or InputException or OutputException:
                terminal.Error.WriteLine($"differ: {fault.Message}");
                return ExitStatus.Unusable;
            case IOException or UnauthorizedAccessException:
                terminal.Error.WriteLine($"differ: {fault.Message}");
                return ExitStatus.Unusable;
            default:
                terminal.Error.WriteLine($"differ: fault in Differ, please report it: {fault.GetType().Name}: {fault.Message}");
                terminal.Error.WriteLine(fault.StackTrace);
                return ExitStatus.Fault;
        }
    }
}
