using System.CommandLine;
using System.Globalization;
using Differ.Cli.Config;

namespace Differ.Cli;

/// <summary><c>differ man</c>: the manual page, made from the words themselves, so that it cannot say anything else.</summary>
internal sealed class ManVerb : IVerb
{
    /// <summary>Commands to copy, and what each does.</summary>
    internal static readonly (string Words, string What)[] Examples =
    [
        ("differ check trace.dat", "where the recording diverges from the manual"),
        ("differ record -o trace.dat --for 30s", "record this host for half a minute, and check it"),
        ("differ show trace.dat --verdict diverges --context 3", "the exits that diverge, each with its neighbours"),
        ("differ browse trace.dat", "the same on the whole terminal; ? lists the keys"),
        ("differ explain SVM-15.18-VMMCALL-UNINT-UD", "a rule: the manual, the function of KVM, known bugs"),
        ("cat /sys/kernel/tracing/trace_pipe | differ check -", "tell of divergences as they come, until Ctrl-C"),
        ("differ compare 6.1/trace.dat 6.12/trace.dat", "what is new or fixed from one kernel to another"),
        ("differ check captures --report html=out.html --report junit=out.xml", "a folder of recordings, for people and for CI"),
        ("differ baseline update trace.dat -o known.json", "accept what a recording shows; differ check --baseline known.json then fails for other divergences only"),
        ("git bisect run differ bisect --rule SVM-15.18-VMMCALL-UNINT-UD trace.dat", "judge a revision whose recording is in trace.dat"),
        ("differ export --parquet tables trace.dat", "tables for SQL"),
        ("differ conform", "where the KVM of this host departs from the manual, without a recording"),
    ];

    private static readonly (string File, string What)[] Files =
    [
        (Options.DefaultRecording, "what differ record writes, unless -o names another file"),
        ("*.difr", "runs, which differ convert, differ redact and differ replay write"),
        ("known.json", "a baseline: accepted divergences, which differ baseline update writes and --baseline reads"),
        ("FOLDER/*.parquet", "tables, which differ export writes"),
        ("/sys/kernel/tracing", "where differ record asks the kernel for its events"),
        ("/dev/kvm", "what differ conform runs its scenarios on"),
    ];

    public Command Build(Terminal terminal)
    {
        var command = new Command("man", "Print the manual page\nUse it as: differ man | man -l -");
        command.SetAction(words =>
        {
            Write(words.RootCommandResult.Command, terminal.Output);
            return ExitStatus.Agrees;
        });
        return command;
    }

    private static void Write(Command root, TextWriter output)
    {
        output.Write(".TH DIFFER 1\n.SH NAME\ndiffer \\- finds where KVM diverges from AMD's manual in recordings of nested guests\n");
        output.Write(".SH SYNOPSIS\n.B differ\n.I command\n[\\fIarguments\\fR] [\\fIoptions\\fR]\n.SH DESCRIPTION\n");
        output.Write($"{Roff(root.Description)}\n.SH COMMANDS\n");
        foreach ((Command command, string name) in root.Subcommands.SelectMany(command => command.Subcommands.Select(below => (below, $"{command.Name} {below.Name}")).Prepend((command, command.Name))))
        {
            output.Write($".SS differ {name} {Roff(string.Join(' ', command.Arguments.Select(argument => argument.HelpName ?? argument.Name.ToUpperInvariant())))}\n{Roff(command.Description)}\n");
            foreach (Argument argument in command.Arguments)
            {
                output.Write($".TP\n.I {Roff(argument.HelpName ?? argument.Name.ToUpperInvariant())}\n{Roff(argument.Description)}\n");
            }

            foreach (Option option in command.Options.Where(option => !option.Hidden && option.Name != "--help"))
            {
                output.Write($".TP\n.B {Roff(string.Join(", ", option.Aliases.Prepend(option.Name)))}{(option.HelpName is { } value ? $" {Roff(value)}" : "")}\n{Roff(option.Description)}\n");
            }
        }

        output.Write(".SH EXAMPLES\n");
        foreach ((string words, string what) in Examples)
        {
            output.Write($".TP\n.B {Roff(words)}\n{Roff(what)}\n");
        }

        output.Write(".SH EXIT STATUS\n");
        foreach ((int status, string meaning) in ExitStatus.Meanings)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture, $".TP\n{status}\n{Roff(meaning)}\n"));
        }

        output.Write($".SH FILES\n.TP\n.B {ConfigFile.Name}\npolicy, baseline, cpu and ignored rules; in the current folder, else in the one folder that is named\n");
        foreach ((string file, string what) in Files)
        {
            output.Write($".TP\n.B {Roff(file)}\n{Roff(what)}\n");
        }

        output.Write(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colours, whatever it holds\n.TP\n.B TMPDIR\nthe folder for what does not fit into memory\n");
        output.Write($".TP\n.B {Program.TraceVariable}\n1 adds to an internal error where in the program it is\n.SH SEE ALSO\n.BR trace\\-cmd (1),\n.BR perf\\-record (1)\n");
    }

    private static string Roff(string? text) =>
        (text ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal)
            .Replace("\n.", "\n\\&.", StringComparison.Ordinal).Replace("\n", "\n.br\n", StringComparison.Ordinal);
}
