using Differ.Diff.Report;
using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>The reports that show the exits of one capture, and their files.</summary>
internal sealed class ExitReports : IDisposable
{
    private readonly List<(IExitReportFormat Format, OutputFile File)> _all = [];
    private readonly List<IExitReport> _begun = [];

    /// <summary>Their files.</summary>
    public IEnumerable<OutputFile> Files => _all.Select(static report => report.File);

    /// <summary>Adds one.</summary>
    /// <param name="format">Its format.</param>
    /// <param name="file">Where it goes; closed with this.</param>
    public void Add(IExitReportFormat format, OutputFile file) => _all.Add((format, file));

    /// <summary>Begins them; called once at most.</summary>
    /// <param name="header">The recorded run.</param>
    /// <returns>Who wants to be told of each exit; null for nobody.</returns>
    public IJudgedSink? Begin(RunHeader header)
    {
        _begun.AddRange(_all.Select(report => report.Format.Begin(header, report.File.Stream)));
        return JudgedSinks.Of(_begun);
    }

    /// <summary>Ends what was begun.</summary>
    /// <param name="result">What came of the capture.</param>
    public void Finish(DiffResult result) => _begun.ForEach(report => report.Finish(result));

    /// <summary>Gives the files their names.</summary>
    public void Complete() => _all.ForEach(static report => report.File.Complete());

    /// <summary>Closes them. What is not complete is gone.</summary>
    public void Dispose()
    {
        _begun.ForEach(static report => report.Dispose());
        _all.ForEach(static report => report.File.Dispose());
    }
}
