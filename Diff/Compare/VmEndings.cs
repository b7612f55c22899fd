using Differ.Diff.Results;
using Differ.Schemas.Run;

namespace Differ.Diff.Compare;

/// <summary>Collects how virtual machines ended. A guest may be reset any number of times; equal ways are counted.</summary>
internal sealed class VmEndings
{
    // A hostile run may have exits of any number.
    private const int MostKinds = 64;

    private readonly Dictionary<(uint Reason, GuestLevel Level, ulong Code), int> _kinds = [];
    private readonly List<VmEnding> _all = [];

    /// <summary>What was met so far.</summary>
    public IReadOnlyList<VmEnding> All => [.. _all];

    public void Take(in ExitRecord record)
    {
        if (!record.Kinds.Has(KvmEventKind.UserspaceExit))
        {
            return;
        }

        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            if (kvmEvent.Kind == KvmEventKind.UserspaceExit && UserspaceExit.Of(kvmEvent) is { EndsTheGuest: true, Reason: var reason })
            {
                Add(reason, record);
            }
        }
    }

    private void Add(uint reason, in ExitRecord record)
    {
        (uint, GuestLevel, ulong) kind = _all.Count < MostKinds ? (reason, record.Level, record.HasExit ? record.Exit.Code.Value : 0) : (reason, GuestLevel.Unknown, 0);
        if (_kinds.TryGetValue(kind, out int number))
        {
            _all[number] = _all[number] with { Count = _all[number].Count + 1 };
            return;
        }

        _kinds.Add(kind, _all.Count);
        _all.Add(new VmEnding(reason, KeptExit.Of(record), 1));
    }
}
