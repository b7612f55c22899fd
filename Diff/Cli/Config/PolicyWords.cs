using System.Globalization;
using Differ.Cli.Faults;
using Differ.Diff.Results;

namespace Differ.Cli.Config;

/// <summary>The words of a policy, which options and the configuration file share.</summary>
internal static class PolicyWords
{
    /// <summary>What --fail-on may name.</summary>
    public static IReadOnlyList<string> FailOnWords { get; } = [.. Enum.GetValues<FailOn>().Where(one => one != Differ.Diff.Results.FailOn.None).Select(Policy.WordOf), Policy.WordOf(Differ.Diff.Results.FailOn.None)];

    // Reports in JSON call KVM the hypervisor, and their word is taken too.
    private static readonly Dictionary<string, CulpritChoice> Culprits = new(StringComparer.Ordinal)
    {
        ["any"] = CulpritChoice.Any,
        ["kvm"] = CulpritChoice.Hypervisor,
        ["processor"] = CulpritChoice.Processor,
    };

    /// <summary>What --culprit may name.</summary>
    public static IReadOnlyList<string> CulpritWords { get; } = [.. Culprits.Keys];

    /// <summary>What fails. What diverges always does, unless nothing is to.</summary>
    /// <param name="words">The words, each of which may hold several with commas between.</param>
    /// <exception cref="UsageException">A word is unknown.</exception>
    public static FailOn FailOn(IEnumerable<string> words)
    {
        string[] each = [.. words.SelectMany(word => word.Split(',', StringSplitOptions.TrimEntries))];
        FailOn all = Differ.Diff.Results.FailOn.Diverges;
        foreach (string word in each)
        {
            if (!FailOnWords.Contains(word))
            {
                throw new UsageException($"a check cannot fail on {(word.Length > 0 ? word : "nothing")}; there are {string.Join(", ", FailOnWords)}");
            }

            all |= Enum.Parse<FailOn>(word, ignoreCase: true);
        }

        return !each.Contains(Policy.WordOf(Differ.Diff.Results.FailOn.None)) ? all
            : each.Length == 1 ? Differ.Diff.Results.FailOn.None
            : throw new UsageException("to fail on none goes with no other word");
    }

    /// <summary>A percentage, with or without the sign, as a part of one.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static double Share(string text)
    {
        string number = text.EndsWith('%') ? text[..^1].TrimEnd() : text;
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent) ? Share(percent)
            : throw new UsageException($"{text} is no percentage; write it as 10 or 0.5");
    }

    /// <summary>A percentage as a part of one.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static double Share(double percent) => percent is >= 0 and <= 100 ? percent / 100
        : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"{percent} is no percentage from 0 to 100"));

    /// <summary>Rules by their ids, in whatever case.</summary>
    /// <exception cref="UsageException">There is no such rule.</exception>
    public static IReadOnlyList<string> Rules(IEnumerable<string> ids) =>
    [
        .. ids.SelectMany(id => id.Split(',', StringSplitOptions.TrimEntries)).Select(id => Options.RuleIds.FirstOrDefault(one => string.Equals(one, id, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"there is no rule {id}; nearest are {string.Join(", ", NearestNames.To(id, Options.RuleIds))}")).Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Whose departures count.</summary>
    /// <exception cref="UsageException">The word is unknown.</exception>
    public static CulpritChoice Culprit(string word) => Culprits.TryGetValue(word, out CulpritChoice choice) || Enum.TryParse(word, ignoreCase: true, out choice) ? choice
        : throw new UsageException($"there is no culprit {word}; there are {string.Join(", ", CulpritWords)}");
}
