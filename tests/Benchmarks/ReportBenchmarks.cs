using BenchmarkDotNet.Attributes;
using Differ.Diff;
using Differ.Diff.Findings;
using Differ.Diff.Results;
using Differ.Diff.Writing;

namespace Differ.Benchmarks;

/// <summary>From verdicts to a report.</summary>
[MemoryDiagnoser]
public class ReportBenchmarks
{
    private DiffResult? _result;

    /// <summary>Every format.</summary>
    public IEnumerable<string> Formats => ReportFormats.All.Select(format => format.Name);

    /// <summary>The format that is measured.</summary>
    [ParamsSource(nameof(Formats))]
    public string Format { get; set; } = "";

    /// <summary>Checks the capture once.</summary>
    [GlobalSetup]
    public void Check() => _result = Subject.Check(Subject.Run());

    /// <summary>Writes the report.</summary>
    [Benchmark]
    public void Write() => ReportFormats.Find(Format)!.Write(FindingSet.Of(_result!), TextWriter.Null, Ink.None);
}
