using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Cli;

/// <summary>Several who are told of each exit.</summary>
internal sealed class JudgedSinks : IJudgedSink
{
    private readonly IReadOnlyList<IJudgedSink> _sinks;

    private JudgedSinks(IReadOnlyList<IJudgedSink> sinks) => _sinks = sinks;

    /// <summary>All as one; null where there is none.</summary>
    public static IJudgedSink? Of(IEnumerable<IJudgedSink?> sinks)
    {
        IJudgedSink[] all = [.. sinks.OfType<IJudgedSink>()];
        return all.Length switch { 0 => null, 1 => all[0], _ => new JudgedSinks(all) };
    }

    public void Take(in ExitRecord recorded, Verdict verdict, Departure? departure)
    {
        foreach (IJudgedSink sink in _sinks)
        {
            sink.Take(recorded, verdict, departure);
        }
    }
}
