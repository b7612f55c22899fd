using Differ.Schemas.Run;

namespace Differ.Diff.Results;

/// <summary>Takes recorded exits, each with what the comparison said of it, while the comparison runs.</summary>
public interface IJudgedSink
{
    /// <summary>Takes one exit; the record may not be kept.</summary>
    /// <param name="recorded">The exit.</param>
    /// <param name="verdict">What was said of it. That it departs may be taken back when the run has ended: what stands is in the result.</param>
    /// <param name="departure">What it departs in; null unless it diverges, be it under an assumption.</param>
    void Take(in ExitRecord recorded, Verdict verdict, Departure? departure);
}
