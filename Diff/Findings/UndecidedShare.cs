using Differ.Schemas.Model;

namespace Differ.Diff.Findings;

/// <summary>What the captures of a set leave undecided for lack of one kind of evidence.</summary>
/// <param name="Missing">The evidence.</param>
/// <param name="Exits">How many exits of all captures.</param>
/// <param name="Captures">How many captures have such exits.</param>
public sealed record UndecidedShare(EvidenceRow Missing, ulong Exits, int Captures);
