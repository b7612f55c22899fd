using Differ.Diff.Findings;
using Differ.Diff.Report;
using Differ.Diff.Report.Pairs;
using Differ.Diff.Writing;

namespace Differ.Diff;

/// <summary>Every format of <c>differ compare</c>. A new one is a file beside this one and a line here.</summary>
public static class ChangeFormats
{
    /// <summary>Those that tell of changes in full, in the order of the help; the first is the usual one.</summary>
    public static IReadOnlyList<IChangeFormat> All { get; } = [new ChangeText(), new ChangeJson(), new ChangeHtml()];

    /// <summary>The same, and those that tell of findings: for these a new departure fails, and others are told with what became of them.</summary>
    public static IReadOnlyList<IFormat<ChangeSet>> WithFindings { get; } =
        [.. All, .. ReportFormats.All.Where(format => All.All(own => own.Name != format.Name)).Select(format => new ChangeFindings(format))];

    /// <summary>The names of all of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. WithFindings.Select(format => format.Name)];

    private sealed class ChangeFindings(IReportFormat format) : IFormat<ChangeSet>
    {
        public string Name => format.Name;

        public void Write(ChangeSet changes, TextWriter output, Ink ink) => format.Write(FindingSet.Of(changes), output, ink);
    }
}
