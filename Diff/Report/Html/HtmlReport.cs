using System.Text.Json;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;
using Differ.Schemas.Run;

namespace Differ.Diff.Report.Html;

/// <summary>One page for a browser: everything in it, nothing loaded from anywhere, as large for ten million exits as for a hundred thousand.</summary>
internal sealed class HtmlReport : IExitReportFormat
{
    public string Name => "html";

    public string Summary => "one page for a browser: findings, timeline, histograms, rule coverage";

    public IFormat<FindingSet>? Index { get; } = new HtmlIndex();

    public IExitReport Begin(RunHeader header, Stream output) => new Page(output);

    private sealed class Page(Stream output) : IExitReport
    {
        private readonly RunProfile _profile = new();

        public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure) => _profile.Take(recorded, verdict, departure);

        public void Finish(DiffResult result)
        {
            PageAsset asset = PageAsset.Load();
            output.Write(asset.BeforeData);

            // The writer escapes everything that could end the element: < > & ' and what is not ASCII.
            using (var json = new Utf8JsonWriter(output))
            {
                new PageData(result, _profile).Write(json);
            }

            output.Write(asset.AfterData);
        }

        // Nothing is held but memory; the stream is the caller's.
        public void Dispose()
        {
        }
    }
}
