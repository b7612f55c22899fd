namespace Differ.Schemas.Model;

/// <summary>What the condition of a rule reads.</summary>
/// <param name="Names">Fields and registers, by the manual's names; empty where the rule has no condition of its own.</param>
/// <param name="Owner">Whose they are.</param>
public sealed record RuleReads(IReadOnlyList<string> Names, string Owner);
