using Differ.Diff.Knowledge;
using Differ.Diff.Report;
using Differ.Diff.Report.Ci;
using Differ.Diff.Report.Html;
using Differ.Diff.Report.Kcidb;
using Differ.Diff.Report.Perfetto;
using Differ.Diff.Report.Rules;
using Differ.Diff.Report.Sarif;
using Differ.Diff.Writing;
using Differ.Schemas.Vocabulary;

namespace Differ.Diff;

/// <summary>Every report format. A new one is a file beside this one and a line here.</summary>
public static class ReportFormats
{
    /// <summary>In the order of <c>differ check --help</c>; the first is the usual one.</summary>
    public static IReadOnlyList<IReportFormat> All { get; } =
    [
        new TextReport(),
        new JsonReport(),
        new JsonLinesReport(),
        new MarkdownReport(),
        new JUnitReport(),
        new TapReport(),
        new KtapReport(),
        new GithubReport(),
        new GitlabReport(),
        new SarifReport(),
        new KcidbReport(),
    ];

    /// <summary>The name of the usual one.</summary>
    public static string UsualName => All[0].Name;

    /// <summary>Formats of the exits themselves.</summary>
    public static IReadOnlyList<IExitReportFormat> OfExits { get; } = [new HtmlReport(), new PerfettoReport()];

    /// <summary>The format of the exits that has a page for each of several captures.</summary>
    public static IExitReportFormat Page => OfExits.First(format => format.Index is not null);

    /// <summary>The names of all of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(format => format.Name), .. OfExits.Select(format => format.Name)];

    /// <summary>The format with a name; null when there is none.</summary>
    public static IReportFormat? Find(string name) => All.FirstOrDefault(format => format.Name == name);

    /// <summary>Formats of <c>differ explain</c>.</summary>
    public static IReadOnlyList<IFormat<Explanation>> Explanations { get; } = [new TextExplanation(), new JsonExplanation(), new MarkdownExplanation()];

    /// <summary>Formats of <c>differ rules</c>: those of <see cref="Coverages"/>, and an index in Markdown.</summary>
    public static IReadOnlyList<IFormat<IReadOnlyList<RuleInfo>>> RuleLists { get; } = [new TextRules(), new JsonRules(), new CsvRules(), new MarkdownRules()];

    /// <summary>Formats of <c>differ rules --coverage</c>.</summary>
    public static IReadOnlyList<IFormat<Coverage>> Coverages { get; } = [new TextCoverage(), new JsonCoverage(), new CsvCoverage()];

    /// <summary>The format of the exits themselves with a name; null when there is none.</summary>
    public static IExitReportFormat? FindOfExits(string name) => OfExits.FirstOrDefault(format => format.Name == name);
}
