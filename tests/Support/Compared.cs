using Differ.Diff;
using Differ.Diff.Compare;
using Differ.Diff.Results;
using Differ.Schemas.Model;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>A comparison that a test feeds exit by exit.</summary>
internal sealed class Compared
{
    private readonly Comparison _comparison;
    private readonly Dictionary<int, ulong> _next = [];
    private TracepointSet _seen;
    private ulong _exits;

    /// <summary>A comparison of a run whose file lists these tracepoints, all of them if nothing is said.</summary>
    public Compared(IReadOnlyList<RuleInfo> rules, TracepointSet? listed = null, Policy? policy = null, KeptCounter? kept = null, ILoneReplay? alone = null) =>
        _comparison = new Comparison(new RunHeader { Listed = listed ?? new TracepointSet(ulong.MaxValue) }, rules, new TextTable(), policy, kept: kept) { Alone = alone };

    /// <summary>A rule with an id and nothing special.</summary>
    public static RuleInfo Rule(string id, Severity severity = Severity.High) => new(
        id, "15.1", RuleScope.Emulation, Visibility.Observable, Confidence.Certain, severity, $"statement of {id}", "evidence", "expected");

    /// <summary>The next exit of its stream.</summary>
    public Compared Take(RecordedExit exit, ComputedParts computed)
    {
        exit.Index = _next.GetValueOrDefault(exit.Stream);
        _next[exit.Stream] = exit.Index + 1;
        _seen |= exit.Record.Kinds;
        _exits++;
        _comparison.Take(exit.Record, computed.View);
        return this;
    }

    /// <summary>The outcome.</summary>
    /// <param name="seen">Tracepoints that occur beside those of the exits taken; all if nothing is said.</param>
    public DiffResult Finish(TracepointSet? seen = null) => Finish(new RunSummary
    {
        Streams = [.. _next.Keys.Order().Select(id => new VcpuStream(new StreamId(id), new VcpuId((uint)id), null, "", 0, _next[id]))],
        Seen = seen ?? new TracepointSet(ulong.MaxValue),
    });

    /// <summary>The outcome, with what else is known of the run.</summary>
    public DiffResult Finish(RunSummary summary) => _comparison.Finish(summary with { Exits = _exits, Seen = _seen | summary.Seen });
}
