using Differ.Schemas.Vocabulary;

namespace Differ.Diff.Knowledge;

/// <summary>What became of a bug.</summary>
public enum BugState : byte
{
    /// <summary>Fixed.</summary>
    Fixed,

    /// <summary>Not fixed in any kernel known to this table.</summary>
    Open,

    /// <summary>KVM means it so, or documents it.</summary>
    ByDesign,
}

/// <summary>A departure of KVM from the manual that is known outside this project too.</summary>
/// <param name="Id">Stable, opaque name.</param>
/// <param name="Visibility">How much of it stock tracepoints show.</param>
/// <param name="Statement">What went wrong, in our words.</param>
/// <param name="Rules">The rules it breaks, by id.</param>
/// <param name="State">What became of it.</param>
/// <param name="FixedIn">Kernel releases that fixed it, the mainline one first; empty while it is open.</param>
/// <param name="Commits">Mainline commits of the fix; a question mark stands after one that could not be confirmed; empty when none is known.</param>
public sealed record KnownBug(
    string Id, Visibility Visibility, string Statement, IReadOnlyList<string> Rules, BugState State, string FixedIn, string Commits)
{
    /// <summary>The release that brought it; empty when that is not known.</summary>
    public string Introduced { get; init; } = "";

    /// <summary>CVE numbers; empty when there is none.</summary>
    public string Cve { get; init; } = "";

    /// <summary>Its history in one phrase: since when, fixed where, by which commits, CVE.</summary>
    public string History => string.Join(", ", new[]
    {
        State switch { BugState.Fixed => $"fixed in {FixedIn}", BugState.Open => "not fixed", _ => "by design" },
        Commits.Length > 0 ? $"commit {Commits}" : "",
        Introduced.Length > 0 ? $"since {Introduced}" : "",
        Cve,
    }.Where(part => part.Length > 0));
}
