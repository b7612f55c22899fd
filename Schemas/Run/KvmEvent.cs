using System.Diagnostics.CodeAnalysis;
using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>One recorded event of a vCPU between a #VMEXIT and the next entry.</summary>
/// <remarks>Filled in place by a reader and then copied once; whoever is handed one gets it read-only.</remarks>
public struct KvmEvent
{
    private FieldValues _values;

    /// <summary>An event with its fields; read them through the typed views beside this file.</summary>
    public KvmEvent(KvmEventKind kind, ClockTime time, in FieldValues values)
    {
        Kind = kind;
        Time = time;
        _values = values;
    }

    /// <summary>What it tells.</summary>
    public KvmEventKind Kind { readonly get; set; }

    /// <summary>When, on the run's clock.</summary>
    public ClockTime Time { readonly get; set; }

    /// <summary>Where the fields written by a newer Differ start in <see cref="ExitRecord.Newer"/>.</summary>
    public ushort NewerStart { readonly get; set; }

    /// <summary>How many bytes of <see cref="ExitRecord.Newer"/> belong to this event.</summary>
    public ushort NewerLength { readonly get; set; }

    /// <summary>The fields by position in <see cref="EventSchema.Slots"/>.</summary>
    [UnscopedRef]
    public readonly ref readonly FieldValues Values => ref _values;

    /// <summary>The fields, to be filled.</summary>
    [UnscopedRef]
    public ref FieldValues MutableValues => ref _values;

    /// <summary>The low 32 bits of a field: a stored run, or a kernel to come, may hold more than the manual's field has.</summary>
    internal readonly uint U32(int slot) => unchecked((uint)_values[slot]);

    /// <summary>The low 16 bits of a field.</summary>
    internal readonly ushort U16(int slot) => unchecked((ushort)_values[slot]);

    /// <summary>The low 8 bits of a field.</summary>
    internal readonly byte U8(int slot) => unchecked((byte)_values[slot]);

    /// <summary>A field, or absent where the recording lacks it.</summary>
    internal readonly Observed<ulong> At(int slot) => _values.Has(slot) ? Observed<ulong>.Of(_values[slot]) : Observed<ulong>.Unseen;

    /// <summary>A field of 32 bits, or unseen where the recording lacks it.</summary>
    internal readonly Observed<uint> At32(int slot) => _values.Has(slot) ? Observed<uint>.Of(U32(slot)) : Observed<uint>.Unseen;

    /// <summary>A yes/no field.</summary>
    internal readonly Truth Question(int slot) => _values.Has(slot) ? Truth.Of(_values[slot] != 0) : Truth.Unknown;
}
