using Differ.Diff.Compare;

namespace Differ.Diff.Report;

/// <summary>One way to write a <see cref="DiffResult"/> down.</summary>
public interface IReportFormat : IFormat<DiffResult>;
