using System.CommandLine;
using System.CommandLine.Help;

namespace Differ.Cli.Help;

/// <summary>The help of the program, which fits 80 columns and 40 lines, and of each command, which fits one screen of that size.</summary>
/// <remarks>The first line of a command's description is its summary; the rest is shown in its own help only.</remarks>
internal static class HelpPage
{
    /// <summary>Columns of a line at most.</summary>
    public const int Width = 80;

    private const int Indent = 2;
    private const int WidestLeft = 22;

    /// <summary>Writes the help of the program, or of one command.</summary>
    /// <param name="command">The command; the root command for the program.</param>
    /// <param name="output">Where to.</param>
    public static void Write(Command command, TextWriter output)
    {
        if (command is RootCommand root)
        {
            WriteRoot(root, output);
        }
        else
        {
            WriteCommand(command, output);
        }
    }

    /// <summary>What a command does, in one line.</summary>
    public static string Summary(Command command) => (command.Description ?? "").Split('\n')[0];

    /// <summary>Puts a text into lines; breaks that it has stay.</summary>
    /// <param name="text">The text.</param>
    /// <param name="width">Columns of a line at most; a longer word has a line of its own.</param>
    public static IEnumerable<string> Lines(string text, int width)
    {
        foreach (string paragraph in text.Split('\n'))
        {
            string line = "";
            foreach (string word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length > width)
                {
                    yield return line;
                    line = word;
                }
                else
                {
                    line = line.Length > 0 ? $"{line} {word}" : word;
                }
            }

            yield return line;
        }
    }

    private static void WriteRoot(RootCommand root, TextWriter output)
    {
        WriteText(root.Description ?? "", output);
        output.Write("\nUsage: differ COMMAND [ARGUMENTS] [OPTIONS]\n\nCommands:\n");
        WriteRows([.. root.Subcommands.Where(one => !one.Hidden).Select(one => (one.Name, Summary(one)))], output);
        output.Write("\nOptions:\n");
        WriteRows([.. Shown(root).Select(one => (Left(one), one.Description ?? ""))], output);
        output.Write("\n");
        WriteText("Exit status: 0 conforms, 1 diverges, 2 unusable input, 3 internal error, 4 inconclusive, 64 usage.", output);
        WriteText("differ help COMMAND says more, differ help formats lists what is read and written. Start with: differ check trace.dat", output);
    }

    private static void WriteCommand(Command command, TextWriter output)
    {
        string arguments = string.Concat(command.Arguments.Where(one => !one.Hidden).Select(one => $" {Usage(one)}"));
        string within = command.Parents.OfType<Command>().FirstOrDefault(one => one is not RootCommand) is { } parent ? $"{parent.Name} " : "";
        output.Write($"Usage: differ {within}{command.Name}{(command.Subcommands.Count > 0 ? " COMMAND" : "")}{arguments} [OPTIONS]\n\n");
        WriteText(command.Description ?? "", output);
        (string, string)[] below = [.. command.Subcommands.Select(one => ($"{one.Name}{string.Concat(one.Arguments.Select(argument => $" {Usage(argument)}"))}", Summary(one)))];
        WriteSection("Commands", below, output);
        WriteSection("Arguments", [.. command.Arguments.Where(one => !one.Hidden).Select(one => (NameOf(one), one.Description ?? ""))], output);
        WriteSection("Options", [.. Shown(command).Select(one => (Left(one), Described(one)))], output);
    }

    private static void WriteSection(string title, (string Left, string Right)[] rows, TextWriter output)
    {
        if (rows.Length > 0)
        {
            output.Write($"\n{title}:\n");
            WriteRows(rows, output);
        }
    }

    private static void WriteRows((string Left, string Right)[] rows, TextWriter output)
    {
        int left = Math.Min(rows.Max(row => row.Left.Length), WidestLeft);
        string margin = new(' ', Indent);
        foreach ((string name, string text) in rows)
        {
            string[] lines = [.. Lines(text, Width - (2 * Indent) - left)];
            bool fits = name.Length <= left;
            output.Write(fits ? $"{margin}{name.PadRight(left)}{margin}{lines[0]}".TrimEnd() + "\n" : $"{margin}{name}\n");
            foreach (string line in lines.Skip(fits ? 1 : 0))
            {
                output.Write($"{margin}{new string(' ', left)}{margin}{line}\n");
            }
        }
    }

    private static void WriteText(string text, TextWriter output)
    {
        foreach (string line in Lines(text, Width))
        {
            output.Write($"{line}\n");
        }
    }

    // Those of the root command are for every command, and its help has them.
    private static IEnumerable<Option> Shown(Command command) => command.Options.Where(one => !one.Hidden && (command is RootCommand || one is not (HelpOption or VersionOption)));

    private static string NameOf(Argument argument) => argument.HelpName ?? argument.Name.ToUpperInvariant();

    private static string Usage(Argument argument)
    {
        string name = NameOf(argument) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
    }

    private static string Left(Option option)
    {
        string brief = option.Aliases.FirstOrDefault(one => one.Length == 2) is { } letter ? $"{letter}, " : "";
        return $"{brief}{option.Name}{(option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? "" : $" {option.HelpName ?? "VALUE"}")}";
    }

    private static string Described(Option option) =>
        option is { HasDefaultValue: true, ValueType: { } type } && type != typeof(bool) && option.GetDefaultValue()?.ToString() is { Length: > 0 } usual
            ? $"{option.Description} [{usual}]" : option.Description ?? "";
}
