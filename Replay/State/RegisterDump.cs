using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>Registers at one moment, as far as a recorder with probes dumped them.</summary>
internal sealed class RegisterDump
{
    private readonly Bits64[] _fields = new Bits64[(int)VmcbField.Count];
    private bool _empty = true;

    /// <summary>A register.</summary>
    public Bits64 this[VmcbField field] => _fields[(int)field];

    /// <summary>Forgets everything.</summary>
    public void Forget()
    {
        if (!_empty)
        {
            Array.Clear(_fields);
            _empty = true;
        }
    }

    /// <summary>Takes a dump.</summary>
    public void Load(MachineStates states, StateMoment moment)
    {
        foreach (VmcbRow row in VmcbLayout.All)
        {
            Observed<ulong> value = states.At(moment, row.Position);
            _fields[(int)row.Field] = value.IsKnown ? Bits64.Of(value.Value & row.Mask) : Bits64.Hidden;
            _empty = false;
        }
    }
}
