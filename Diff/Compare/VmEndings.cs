using Differ.Schemas.Run;

namespace Differ.Diff.Compare;

/// <summary>Returns to the VMM that end a virtual machine or reset it, after exits of one kind.</summary>
/// <param name="Reason">KVM_EXIT_SHUTDOWN, KVM_EXIT_FAIL_ENTRY or KVM_EXIT_INTERNAL_ERROR.</param>
/// <param name="Exit">The exit that led to the first of them.</param>
/// <param name="Count">How many.</param>
/// <param name="Last">The exit that led to the last of them.</param>
public sealed record VmEnding(uint Reason, KeptExit Exit, ulong Count, ExitPlace Last)
{
    /// <summary>The kernel's name of the reason.</summary>
    public string Name => UserspaceExit.NameOf(Reason);
}

/// <summary>Collects how virtual machines ended. A guest may be reset any number of times; equal ways are counted.</summary>
internal sealed class VmEndings
{
    // A hostile run may have exits of any number.
    private const int MostKinds = 64;

    private readonly Dictionary<(uint Reason, GuestLevel Level, ulong Code), int> _kinds = [];
    private readonly List<VmEnding> _all = [];

    /// <summary>What was met so far.</summary>
    public IReadOnlyList<VmEnding> All => [.. _all];

    /// <summary>Takes an exit.</summary>
    public void Take(in ExitRecord record)
    {
        if (!record.Kinds.Has(HappeningKind.UserspaceExit))
        {
            return;
        }

        foreach (ref readonly Happening happening in record.Happenings)
        {
            if (happening.Kind == HappeningKind.UserspaceExit && UserspaceExit.Of(happening) is { EndsTheGuest: true, Reason: var reason })
            {
                Add(reason, record);
            }
        }
    }

    private void Add(uint reason, in ExitRecord record)
    {
        (uint, GuestLevel, ulong) kind = _all.Count < MostKinds ? (reason, record.Level, record.HasExit ? record.Exit.Code.Value : 0) : (reason, GuestLevel.Unknown, 0);
        var place = new ExitPlace(record.Stream, record.Index);
        if (_kinds.TryGetValue(kind, out int number))
        {
            _all[number] = _all[number] with { Count = _all[number].Count + 1, Last = place };
            return;
        }

        _kinds.Add(kind, _all.Count);
        _all.Add(new VmEnding(reason, KeptExit.Of(record), 1, place));
    }
}
