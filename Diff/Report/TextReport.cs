using Differ.Diff.Findings;
using Differ.Diff.Writing;

namespace Differ.Diff.Report;

/// <summary>For a person: one capture in full, or several in a table with each class of divergences once.</summary>
internal sealed class TextReport : IReportFormat
{
    public string Name => "text";

    public string Summary => "for a person; the usual one";

    public void Write(FindingSet findings, TextWriter output, Ink ink)
    {
        if (findings.Single is { } one)
        {
            TextCapture.Write(one, findings.IsVerbose, output, ink);
            TextSet.WriteLeftOut(findings, output, ink);
        }
        else
        {
            TextSet.Write(findings, output, ink);
        }
    }
}
