using BenchmarkDotNet.Attributes;
using Differ.Capture;

namespace Differ.Benchmarks;

/// <summary>From the bytes of a capture to records.</summary>
[MemoryDiagnoser]
public class DecodeBenchmarks
{
    /// <summary>Unpacks, walks and merges the pages, and looks at no event.</summary>
    /// <returns>How many names occur.</returns>
    [Benchmark]
    public int Walk()
    {
        using CaptureSession session = CaptureSession.Open(Subject.Capture);
        return session.CountEvents().Count;
    }

    /// <summary>The same, with every event decoded and assembled into records.</summary>
    /// <returns>How many exits there are.</returns>
    [Benchmark]
    public ulong Decode()
    {
        using CaptureSession session = CaptureSession.Open(Subject.Capture);
        return session.ReadExits(new Nowhere()).Exits;
    }
}
