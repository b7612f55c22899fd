using Differ.Diff.Results;

namespace Differ.Diff.Bisect;

/// <summary>What is known of the class of divergences that a fingerprint names.</summary>
/// <param name="Rule">The id of the rule that it breaks.</param>
/// <param name="Like">The class as it was found somewhere; null where only its rule is known.</param>
public sealed record AskedClass(string Rule, DivergenceClass? Like);
