using System.CommandLine;
using System.CommandLine.Parsing;

namespace Differ.Cli.Config;

/// <summary>What is wrong with the words of a command, in the words of this program.</summary>
internal static class WordFaults
{
    private static readonly (string Says, Func<ParseError, string> Words)[] Known =
    [
        ("Required argument missing", static error => error.SymbolResult is OptionResult option ? $"{option.Option.Name} needs a value" : $"{NameOf(error)} is missing"),
        ("Required argument '", static error => $"{NameOf(error)} is missing"),
        ("Required command was not provided", static _ => "a command is missing"),
        ("Unrecognized command or argument", static error => error.Message.Split('\'') is [_, { Length: > 0 } word, ..] ? word[0] == '-' ? $"there is no option {word}" : $"{word} is one word too many" : ""),
        ("Cannot parse argument", static error => $"{(error.Message.Split('\'') is [_, var word, ..] ? word : "")} is no value of {NameOf(error)}: {Expected(error)}"),
        ("not recognized. Must be one of", static error =>
            $"{(error.Message.Split('\'') is [_, var word, ..] ? word : "")} is no value of {NameOf(error)}; there are {string.Join(", ", error.Message.Split('\'').Skip(3).Where((_, i) => i % 2 == 0))}"),
        ("expects a single argument but", static error => $"{NameOf(error)} takes one value"),
    ];

    /// <summary>One line: all that is wrong, and where help is.</summary>
    /// <param name="words">The words as they were given.</param>
    /// <param name="parsed">What was understood of them.</param>
    /// <param name="root">The commands.</param>
    public static string Line(string[] words, ParseResult parsed, RootCommand root)
    {
        bool isRoot = parsed.CommandResult.Command == root;
        if (isRoot && words.FirstOrDefault(word => !word.StartsWith('-')) is { } verb)
        {
            return $"there is no command {verb}; nearest are {string.Join(", ", NearestNames.To(verb, root.Subcommands.Select(one => one.Name)))}; see differ --help";
        }

        return $"{Problems(parsed)}; see differ{(isRoot ? "" : $" {parsed.CommandResult.Command.Name}")} --help";
    }

    /// <summary>All that is wrong, without the way to help.</summary>
    public static string Problems(ParseResult parsed)
    {
        // That an argument is missing follows from an option that is none.
        return string.Join("; ", parsed.Errors.Select(Of).Where(text => text.Length > 0).Distinct(StringComparer.Ordinal));
    }

    private static string Of(ParseError error)
    {
        foreach ((string says, Func<ParseError, string> text) in Known)
        {
            if (error.Message.Contains(says, StringComparison.Ordinal))
            {
                return text(error);
            }
        }

        return OneLine(error.Message).TrimEnd('.');
    }

    private static string NameOf(ParseError error) => error.SymbolResult switch
    {
        OptionResult option => option.Option.Name,
        ArgumentResult { Parent: OptionResult option } => option.Option.Name,
        ArgumentResult argument => argument.Argument.HelpName ?? argument.Argument.Name.ToUpperInvariant(),
        CommandResult command => command.Command.Arguments.FirstOrDefault() is { } first ? first.HelpName ?? first.Name.ToUpperInvariant() : "an argument",
        _ => "a value",
    };

    private static string Expected(ParseError error)
    {
        Type? type = error.SymbolResult switch
        {
            OptionResult option => option.Option.ValueType,
            ArgumentResult { Parent: OptionResult option } => option.Option.ValueType,
            ArgumentResult argument => argument.Argument.ValueType,
            _ => null,
        };
        type = type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(double) ? "it takes a number, as 10 or 0.5" : type == typeof(bool) ? "it takes none" : "it takes a whole number";
    }

    // The parser lists the words it knows one a line.
    private static string OneLine(string message) =>
        string.Join(' ', message.Split(['\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
