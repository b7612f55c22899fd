using System.CommandLine;

namespace Differ.Cli.Config;

/// <summary>Options of a command may stand before it: <c>differ --format json check trace.dat</c>.</summary>
internal static class LeadingOptions
{
    /// <summary>The words with the command first.</summary>
    /// <param name="words">The words as they were given.</param>
    /// <param name="root">The commands.</param>
    /// <remarks>A value of an option may be called as a command is: the first command that makes sense of all words is taken.</remarks>
    public static string[] Behind(string[] words, RootCommand root)
    {
        if (words is not [['-', ..], ..])
        {
            return words;
        }

        string[]? first = null;
        for (int at = 1; at < words.Length && words[at] != "--"; at++)
        {
            if (root.Subcommands.Any(one => one.Name == words[at]))
            {
                string[] turned = [words[at], .. words[..at], .. words[(at + 1)..]];
                first ??= turned;
                if (root.Parse(turned).Errors.Count == 0)
                {
                    return turned;
                }
            }
        }

        return first ?? words;
    }
}
