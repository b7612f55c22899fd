using BenchmarkDotNet.Attributes;
using Differ.Schemas.Files;

namespace Differ.Benchmarks;

/// <summary>From records to verdicts.</summary>
[MemoryDiagnoser]
public class ReplayBenchmarks
{
    private byte[] _run = [];

    /// <summary>Converts the capture once.</summary>
    [GlobalSetup]
    public void Convert() => _run = Subject.Run();

    /// <summary>Reads the run file alone, to be taken off <see cref="Check"/>.</summary>
    /// <returns>How many exits there are.</returns>
    [Benchmark(Baseline = true)]
    public ulong Read()
    {
        using RunReader reader = RunReader.Open(new MemoryStream(_run));
        return reader.ReadExits(new Nowhere()).Exits;
    }

    /// <summary>Replays and compares every exit.</summary>
    /// <returns>How many classes of findings there are.</returns>
    [Benchmark]
    public int Check() => Subject.Check(_run).Divergences.Count;
}
