using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Model;

/// <summary>Says what the manual allows of one exit when nothing around it counts: where events are missing without a mark, that alone is certain.</summary>
public interface ILoneReplay
{
    /// <summary>The rules, to whose positions expectations refer.</summary>
    IReadOnlyList<RuleInfo> Rules { get; }

    /// <summary>Replays the parts of a record, each by itself.</summary>
    /// <param name="record">The record.</param>
    /// <param name="sink">Takes each part, with what the reference says of it.</param>
    void Replay(in ExitRecord record, IComputedSink sink);
}
