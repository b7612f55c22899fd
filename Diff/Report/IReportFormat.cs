using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.Report;

/// <summary>One way to write a <see cref="FindingSet"/> down.</summary>
public interface IReportFormat : IFormat<FindingSet>
{
    /// <summary>Who reads it and what it is, in one line; docs/ci.md says the same.</summary>
    string Summary { get; }
}

/// <summary>A way to write down the exits themselves with what was said of them, while the comparison runs.</summary>
public interface IExitReportFormat
{
    /// <summary>The word after <c>--report</c>.</summary>
    string Name { get; }

    /// <summary>Who reads it and what it is, in one line; docs/ci.md says the same.</summary>
    string Summary { get; }

    /// <summary>What is written of several captures, of which each has a report of its own; null where only one can be told of.</summary>
    IFormat<FindingSet>? Index { get; }

    /// <summary>Starts a report.</summary>
    /// <param name="header">The recorded run.</param>
    /// <param name="output">Where the bytes go; they are not text.</param>
    IExitReport Begin(RunHeader header, Stream output);
}

/// <summary>A report that grows with the run. Its memory does not.</summary>
public interface IExitReport : IJudgedSink, IDisposable
{
    /// <summary>Writes what is known only after the last exit; the same run gives the same bytes on every machine.</summary>
    void Finish(DiffResult result);
}
