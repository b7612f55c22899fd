using System.Runtime.CompilerServices;

namespace Differ.Schemas.Run;

/// <summary>Storage of <see cref="FieldValues"/>.</summary>
[InlineArray(FieldValues.Capacity)]
public struct FieldSlots
{
    private ulong _first;
}

/// <summary>The fields of one recorded event, by position in its tracepoint's table; a field that the recording lacks is not present.</summary>
/// <remarks>Ten slots hold every tracepoint Differ reads, so decoding an event allocates nothing.</remarks>
public struct FieldValues
{
    /// <summary>Number of slots.</summary>
    public const int Capacity = 10;

    private FieldSlots _slots;

    /// <summary>Bit n is set when slot n has a value.</summary>
    public ushort Present { readonly get; private set; }

    /// <summary>The value of a slot; 0 where it is not present, so ask <see cref="Has"/> when 0 means something else.</summary>
    public ulong this[int slot]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        readonly get => _slots[slot];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        set => _slots[slot] = value;
    }

    /// <summary>Whether the slot has a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool Has(int slot) => ((Present >> slot) & 1) != 0;

    /// <summary>Gives a slot a value.</summary>
    public void Set(int slot, ulong value)
    {
        _slots[slot] = value;
        Present |= (ushort)(1 << slot);
    }

    /// <summary>Forgets every value and says which slots are about to get one.</summary>
    public void Start(ushort present)
    {
        _slots = default;
        Present = present;
    }

    /// <summary>Says which slots are about to get a value; the others keep what they had, and nobody reads them.</summary>
    public void Overwrite(ushort present) => Present = present;
}
