using Differ.Diff.Shards;
using Differ.Replay;

namespace Differ.Cli;

/// <summary>The rules of this program.</summary>
internal static class OwnRules
{
    /// <summary>The rules, with the version of the program.</summary>
    public static RuleSet Set { get; } = new(RuleBook.Statements, $"differ {VersionText.Version}");
}
