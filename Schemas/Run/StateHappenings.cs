using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>When a recorded state was so, around one exit.</summary>
public enum StateMoment : byte
{
    /// <summary>L1 at its exit, for example as it executes VMRUN.</summary>
    L1AtExit = 1,

    /// <summary>vmcb12 as VMRUN or VMLOAD finds it.</summary>
    Vmcb12AtVmrun = 2,

    /// <summary>L2 as it is entered: what the hypervisor loaded (vmcb02).</summary>
    L2AtEntry = 3,

    /// <summary>L2 as its #VMEXIT leaves it, before the hypervisor touches it (vmcb02).</summary>
    L2AtExit = 4,

    /// <summary>vmcb12 as L1 is shown it after the #VMEXIT or a VMSAVE.</summary>
    Vmcb12AfterExit = 5,

    /// <summary>L1 as it goes on, behind its VMRUN where L2 was left.</summary>
    L1AtEntry = 6,
}

/// <summary>A field of a VMCB, or a register, at a moment around the exit.</summary>
/// <param name="Moment">When.</param>
/// <param name="Position">Byte offset in the VMCB (APM2 appendix B), from 700h a register beside it.</param>
/// <param name="Value">The value, zero-extended from the field's size.</param>
public readonly record struct StateValue(StateMoment Moment, int Position, ulong Value)
{
    /// <summary>Positions of the fields.</summary>
    public const int MomentSlot = 0, PositionSlot = 1, ValueSlot = 2;

    /// <summary>Positions are below this.</summary>
    public const int Positions = 0x800;

    /// <summary>Reads the fields of a happening.</summary>
    public static StateValue Of(in Happening h) =>
        new((StateMoment)(h.Values[MomentSlot] & 0xf), (int)(h.Values[PositionSlot] & (Positions - 1)), h.Values[ValueSlot]);
}

/// <summary>The states recorded around one exit; reused for the next one. Empty unless the recorder had probes in the hypervisor.</summary>
public sealed class RecordedStates
{
    private readonly Dictionary<int, ulong> _values = [];

    /// <summary>Whether nothing is known.</summary>
    public bool IsEmpty => _values.Count == 0;

    /// <summary>Whether anything is known of a moment.</summary>
    public bool Has(StateMoment moment) => _values.Keys.Any(key => key / StateValue.Positions == (int)moment);

    /// <summary>A value, unseen where it was not recorded.</summary>
    /// <param name="moment">When.</param>
    /// <param name="position">Position, see <see cref="StateValue.Position"/>.</param>
    public Observed<ulong> At(StateMoment moment, int position) =>
        _values.TryGetValue(Key(moment, position), out ulong value) ? Observed<ulong>.Of(value) : default;

    /// <summary>Takes a record.</summary>
    public void Read(in ExitRecord record)
    {
        if (_values.Count > 0)
        {
            _values.Clear();
        }

        if (!record.Kinds.Has(HappeningKind.StateValue))
        {
            return;
        }

        foreach (ref readonly Happening happening in record.Happenings)
        {
            if (happening.Kind == HappeningKind.StateValue)
            {
                StateValue value = StateValue.Of(happening);
                _values[Key(value.Moment, value.Position)] = value.Value;
            }
        }
    }

    private static int Key(StateMoment moment, int position) => ((int)moment * StateValue.Positions) + position;
}
