using Differ.Capture;
using Differ.Diff;
using Differ.Diff.Results;
using Differ.Replay;
using Differ.Schemas.Files;
using Differ.Schemas.Run;

namespace Differ.Benchmarks;

/// <summary>What the benchmarks run over: the capture that DIFFER_CAPTURE names.</summary>
internal static class Subject
{
    /// <summary>Path of the capture.</summary>
    /// <exception cref="InvalidOperationException">DIFFER_CAPTURE is not set.</exception>
    public static string Capture => Environment.GetEnvironmentVariable("DIFFER_CAPTURE")
        ?? throw new InvalidOperationException("set DIFFER_CAPTURE to a capture, for example one of tests/Fixtures");

    /// <summary>The capture as a run file.</summary>
    public static byte[] Run()
    {
        using CaptureSession session = CaptureSession.Open(Capture);
        var run = new MemoryStream();
        using (var writer = new RunWriter(run, session.Header, session.Texts))
        {
            writer.Finish(session.ReadExits(writer));
        }

        return run.ToArray();
    }

    /// <summary>Replay and comparison of a run file.</summary>
    public static DiffResult Check(byte[] run)
    {
        using RunReader reader = RunReader.Open(new MemoryStream(run));
        var comparison = new Comparison(reader.Header, RuleBook.Statements, reader.Texts);
        return comparison.Finish(reader.ReadExits(new Replayer(reader.Header, reader.Texts, comparison)));
    }
}

/// <summary>Takes records and does nothing with them.</summary>
internal sealed class Nowhere : IExitSink
{
    /// <inheritdoc/>
    public void Take(in ExitRecord record)
    {
        // Reading alone is measured.
    }
}
