using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Shards;

/// <summary>What captures are judged with: the rules of one version of Differ.</summary>
public sealed class RuleSet
{
    private readonly Dictionary<string, RuleInfo> _byId;

    /// <summary>A set of rules.</summary>
    /// <param name="rules">The rules, in rule-book order.</param>
    /// <param name="version">The version of Differ with its commit, for a person.</param>
    public RuleSet(IReadOnlyList<RuleInfo> rules, string version)
    {
        Version = version;
        _byId = rules.ToDictionary(rule => rule.Id, StringComparer.Ordinal);
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rules.Select(Line).Prepend(version)))));
    }

    /// <summary>The version of Differ.</summary>
    public string Version { get; }

    /// <summary>64 hexadecimal digits of the version and of everything that the rules say.</summary>
    public string Hash { get; }

    /// <summary>A rule by its id; null where there is none.</summary>
    public RuleInfo? Find(string id) => _byId.GetValueOrDefault(id);

    private static string Line(RuleInfo rule) => string.Create(
        CultureInfo.InvariantCulture,
        $"{rule.Id}\t{rule.Sections}\t{rule.Scope}\t{rule.Visibility}\t{rule.Confidence}\t{rule.Severity}\t{rule.Rank}\t{rule.Statement}\t{rule.Evidence}\t{rule.Expected}");
}
