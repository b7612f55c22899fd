using Differ.Diff.Results;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Report;

/// <summary>Addresses of pages of the documentation, for reports that lead to them.</summary>
internal static class DocsLinks
{
    /// <summary>The page of a rule, seen from the folder of the documentation.</summary>
    public static string PageOf(string rule) => $"rules/{rule}.md";

    /// <summary>The address of a rule's page.</summary>
    /// <param name="policy">Names where the documentation is.</param>
    /// <param name="rule">The rule.</param>
    public static string Of(Policy policy, RuleInfo rule) => Of(policy, PageOf(rule.Id));

    /// <summary>The address of a page.</summary>
    /// <param name="policy">Names where the documentation is.</param>
    /// <param name="page">The page, seen from the folder of the documentation.</param>
    public static string Of(Policy policy, string page) => policy.Docs.Length == 0 ? $"urn:differ:docs:{page}" : $"{policy.Docs.TrimEnd('/')}/{page}";
}
