using Differ.Schemas.Model;
using Differ.Schemas.Run;

namespace Differ.Diff.Compare;

/// <summary>Which rules an exit breaks by what one event of it shows, whatever is missing around it.</summary>
/// <param name="alone">Replays exits by themselves.</param>
/// <param name="comparer">Reads fields.</param>
internal sealed class OwnGrounds(ILoneReplay alone, FieldComparer comparer) : IComputedSink
{
    private readonly RecordDigest _digest = new();
    private readonly HashSet<string> _broken = new(StringComparer.Ordinal);

    public void Read(in ExitRecord record)
    {
        _broken.Clear();
        alone.Replay(record, this);
    }

    /// <summary>Whether the exit breaks a rule by itself.</summary>
    /// <param name="rule">Its id.</param>
    public bool Break(string rule) => _broken.Contains(rule);

    public void Take(in ExitRecord recorded, in ComputedExit computed)
    {
        _digest.Read(recorded);
        foreach (ref readonly Expectation expectation in computed.Expectations)
        {
            if (expectation.Standing == Standing.Decided && comparer.IsMet(recorded, _digest, computed, expectation, out TracepointSet missed).IsNo && missed.IsEmpty)
            {
                _broken.Add(alone.Rules[expectation.Rule].Id);
            }
        }
    }
}
