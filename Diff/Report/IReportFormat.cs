using Differ.Diff.Findings;
using Differ.Diff.Writing;

namespace Differ.Diff.Report;

/// <summary>One way to write a <see cref="FindingSet"/> down.</summary>
public interface IReportFormat : IFormat<FindingSet>
{
    /// <summary>Who reads it and what it is, in one line; docs/ci.md says the same.</summary>
    string Summary { get; }
}
