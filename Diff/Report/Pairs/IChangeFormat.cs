using Differ.Diff.Findings;
using Differ.Diff.Writing;

namespace Differ.Diff.Report.Pairs;

/// <summary>One way to write a <see cref="ChangeSet"/> down.</summary>
public interface IChangeFormat : IFormat<ChangeSet>;
