using System.CommandLine;
using System.Globalization;
using Differ.Cli.Config;

namespace Differ.Cli;

/// <summary><c>differ man</c>: the manual page, made from the words themselves, so that it cannot say anything else.</summary>
internal sealed class ManVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var command = new Command("man", "Prints the manual page: differ man | man -l -");
        command.SetAction(words =>
        {
            Write(words.RootCommandResult.Command, terminal.Output);
            return ExitStatus.Agrees;
        });
        return command;
    }

    private static void Write(Command root, TextWriter output)
    {
        output.Write(".TH DIFFER 1\n.SH NAME\ndiffer \\- finds where KVM departs from AMD's manual in recordings of nested guests\n");
        output.Write(".SH SYNOPSIS\n.B differ\n.I command\n[\\fIarguments\\fR] [\\fIoptions\\fR]\n.SH DESCRIPTION\n");
        output.Write($"{Roff(root.Description)}\n.SH COMMANDS\n");
        foreach (Command command in root.Subcommands)
        {
            output.Write($".SS differ {command.Name} {Roff(string.Join(' ', command.Arguments.Select(argument => $"<{argument.Name}>")))}\n{Roff(command.Description)}\n");
            foreach (Argument argument in command.Arguments)
            {
                output.Write($".TP\n<{Roff(argument.Name)}>\n{Roff(argument.Description)}\n");
            }

            foreach (Option option in command.Options.Where(option => !option.Hidden && option.Name != "--help"))
            {
                output.Write($".TP\n.B {Roff(string.Join(", ", option.Aliases.Prepend(option.Name)))}\n{Roff(option.Description)}\n");
            }
        }

        output.Write(".SH EXIT STATUS\n");
        foreach ((int status, string meaning) in ExitStatus.Meanings)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture, $".TP\n{status}\n{Roff(meaning)}\n"));
        }

        output.Write($".SH FILES\n.TP\n.B {ConfigFile.Name}\npolicy, baseline, cpu and ignored rules; in the current folder, else in the one folder that is named\n");
        output.Write(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colours, whatever it holds\n");
    }

    private static string Roff(string? text) =>
        (text ?? "").Replace("\\", "\\\\", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal)
            .Replace("\n.", "\n\\&.", StringComparison.Ordinal).Replace("\n", "\n.br\n", StringComparison.Ordinal);
}
