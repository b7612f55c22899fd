using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>Which port accesses of L2 L1 was shown: its permission map is never recorded, but it decides alike each time while it stands.</summary>
internal sealed class PortDecisions
{
    // A guest uses few ports; a hostile recording may use all of them, of all sizes, in any number of VMCBs.
    private const int MostKept = 4096;

    private readonly Dictionary<(ulong Vmcb12, ulong Access), bool> _shown = [];

    /// <summary>Whether L1 was shown the same access of the same guest last time.</summary>
    /// <param name="vmcb12">Address of vmcb12.</param>
    /// <param name="access">Port and size, as in EXITINFO1.</param>
    public Truth WasShown(ulong vmcb12, ulong access) =>
        _shown.TryGetValue((vmcb12, access), out bool shown) ? Truth.Of(shown) : Truth.Unknown;

    /// <summary>Remembers what became of an access.</summary>
    public void Note(ulong vmcb12, ulong access, bool shown)
    {
        if (_shown.Count < MostKept || _shown.ContainsKey((vmcb12, access)))
        {
            _shown[(vmcb12, access)] = shown;
        }
    }

    /// <summary>Forgets everything.</summary>
    public void Forget() => _shown.Clear();
}
