namespace Differ.Diff.Knowledge;

/// <summary>Who decides in KVM whether a rule is kept.</summary>
/// <param name="Rule">The rule's id.</param>
/// <param name="Functions">Functions of the kernel; empty where there is none to name.</param>
/// <param name="WhyNone">Why none is named; empty where some are.</param>
public sealed record Decider(string Rule, IReadOnlyList<string> Functions, string WhyNone);

/// <summary>A group of the rule catalogue.</summary>
/// <param name="Letter">A to L.</param>
/// <param name="Title">What its rules are about.</param>
/// <param name="Rules">The rules, in the catalogue's order, each with who decides it.</param>
public sealed record RuleGroup(char Letter, string Title, IReadOnlyList<Decider> Rules);
