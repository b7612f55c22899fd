using System.Reflection;
using Differ.Replay;
using Differ.Schemas.Vocabulary;

namespace Differ.Cli;

/// <summary>What <c>differ --version</c> says: the program, the commit it was built from, the rules and the manual they follow.</summary>
internal static class VersionText
{
    private const int ShortCommit = 12;

    /// <summary>The version and, behind a plus, the commit.</summary>
    public static string Version => typeof(VersionText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "?";

    public static string Line
    {
        get
        {
            string[] parts = Version.Split('+', 2);
            string commit = parts.Length == 2 ? $"commit {parts[1][..Math.Min(ShortCommit, parts[1].Length)]}" : "commit unknown";
            return $"differ {parts[0]} ({commit}; {RuleBook.Statements.Count} rules; AMD64 APM volume 2, {Apm.Revision})";
        }
    }
}
