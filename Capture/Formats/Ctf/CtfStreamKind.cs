namespace Differ.Capture.Formats.Ctf;

/// <summary>A kind of streams, ready to be read.</summary>
/// <param name="Id">Its number in packets.</param>
/// <param name="Number">Its number among those of the recording, from 0.</param>
/// <param name="Context">The steps that read what stands in a packet behind its header.</param>
/// <param name="ContextLayout">What they read.</param>
/// <param name="EventHeader">The steps that read what an event starts with.</param>
/// <param name="Kinds">Its events by number.</param>
/// <param name="Clock">The name of its clock.</param>
/// <param name="Frequency">Ticks of that clock per second.</param>
internal sealed record CtfStreamKind(
    ulong Id, int Number, CtfStep[] Context, CtfLayout ContextLayout, CtfStep[] EventHeader, Dictionary<ulong, CtfKind> Kinds, string Clock, ulong Frequency)
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private const int MostDirect = 1 << 12;

    private readonly CtfKind?[] _direct = Direct(Kinds);

    /// <summary>The kind of an event; null where the recording does not describe it.</summary>
    public CtfKind? Find(ulong id) => id < (ulong)_direct.Length ? _direct[id] : Kinds.GetValueOrDefault(id);

    /// <summary>The time of a tick in nanoseconds, modulo 2^64.</summary>
    public ulong Nanoseconds(ulong ticks)
    {
        if (Frequency == NanosecondsPerSecond)
        {
            return ticks;
        }

        (ulong seconds, ulong rest) = Math.DivRem(ticks, Frequency);
        return unchecked((seconds * NanosecondsPerSecond) + (rest * NanosecondsPerSecond / Frequency));
    }

    /// <summary>Puts another kind in the place of one.</summary>
    public void Replace(ulong id, CtfKind kind)
    {
        Kinds[id] = kind;
        if (id < (ulong)_direct.Length)
        {
            _direct[id] = kind;
        }
    }

    private static CtfKind?[] Direct(Dictionary<ulong, CtfKind> kinds)
    {
        var direct = new CtfKind?[(int)Math.Min(MostDirect, kinds.Count == 0 ? 0 : kinds.Keys.Max() < MostDirect ? kinds.Keys.Max() + 1 : MostDirect)];
        foreach ((ulong id, CtfKind kind) in kinds.Where(pair => pair.Key < (ulong)direct.Length))
        {
            direct[id] = kind;
        }

        return direct;
    }
}
