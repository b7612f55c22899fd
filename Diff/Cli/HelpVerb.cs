using System.CommandLine;
using Differ.Cli.Config;
using Differ.Cli.Faults;
using Differ.Cli.Help;

namespace Differ.Cli;

/// <summary><c>differ help</c>: the help of the program, of a command, or the list of formats.</summary>
internal sealed class HelpVerb : IVerb
{
    public Command Build(Terminal terminal)
    {
        var topic = new Argument<string?>("command") { Description = $"A command, or {FormatsPage.Topic} for what is read and written", Arity = ArgumentArity.ZeroOrOne };
        topic.CompletionSources.Add(static context => context.ParseResult.RootCommandResult.Command.Subcommands.Select(one => one.Name).Append(FormatsPage.Topic));
        var command = new Command("help", "Show this help, that of a command, or the list of formats") { topic };
        command.SetAction(words => Show(words.GetValue(topic), words.RootCommandResult.Command, terminal.Output));
        return command;
    }

    private static int Show(string? topic, Command root, TextWriter output)
    {
        if (topic == FormatsPage.Topic)
        {
            FormatsPage.Write(output);
            return ExitStatus.Agrees;
        }

        Command asked = topic is null ? root : root.Subcommands.FirstOrDefault(one => one.Name == topic) ?? throw new UsageException(
            $"there is no command {topic}; nearest are {string.Join(", ", NearestNames.To(topic, root.Subcommands.Select(one => one.Name)))}; see differ --help");
        HelpPage.Write(asked, output);
        return ExitStatus.Agrees;
    }
}
