using Differ.Diff.Changes;
using Differ.Diff.Results;

namespace Differ.Diff.Findings;

/// <summary>What a comparison of captures gave.</summary>
/// <param name="Pairs">The pairs, by name.</param>
/// <param name="OnlyBase">Captures without a partner among the test captures.</param>
/// <param name="OnlyTest">Captures without a partner among the base captures.</param>
/// <param name="Unread">Pairs of which one capture cannot be used, each with why.</param>
public sealed record ChangeSet(
    IReadOnlyList<RunChanges> Pairs, IReadOnlyList<string> OnlyBase, IReadOnlyList<string> OnlyTest, IReadOnlyList<UnreadCapture> Unread)
{
    /// <summary>What the pairs are judged by.</summary>
    public Policy Policy => Pairs.Count > 0 ? Pairs[0].Test.Policy : Policy.Default;

    /// <summary>Whether a test capture has a class of divergences that its base capture lacks.</summary>
    public bool HasNew => Pairs.Any(pair => pair.HasNew);
}
