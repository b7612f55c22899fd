using Differ.Diff.Compare;

namespace Differ.Diff.Report;

/// <summary>One way to write a <see cref="DiffResult"/> down.</summary>
public interface IReportFormat
{
    /// <summary>The word after <c>--format</c>.</summary>
    string Name { get; }

    /// <summary>Writes the whole report; the same result gives the same bytes on every machine.</summary>
    void Write(DiffResult result, TextWriter output, Ink ink);
}
