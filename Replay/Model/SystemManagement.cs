using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>System management mode as far as SVM meets it: SMI enters it, RSM leaves it, VMRUN does not exist in it (APM2 10.3, 15.22).</summary>
/// <remarks>What the processor saves is kept here, not in memory: nobody looks at it there. The memory where it would be is left open (APM2 10.2.3).</remarks>
internal sealed class SystemManagement(Processor processor)
{
    /// <summary>SMBASE, and where the handler starts.</summary>
    public const ulong Base = 0x30000, Entry = 0x8000;

    private const ulong Code16 = 0x9b, FourGigabytes = 0xffff_ffff, Dr7 = 0x400;
    private const ulong SavedState = Base + 0xfe00, SavedStateSize = 0x200;
    private const ulong ClearedInCr0 = (1UL << Cr0.PG) | 0xd;

    private Registers? _outside;
    private Guest? _guest;

    /// <summary>The processor is in system management mode; SMI, NMI and INIT wait.</summary>
    public bool IsInside => _outside is not null;

    /// <summary>An SMI is taken.</summary>
    public void Enter()
    {
        Registers state = processor.State;
        _outside = new Registers();
        _outside.CopyFrom(state);
        _guest = processor.Guest;
        processor.Guest = null;
        processor.Halted = false;
        state[VmcbField.Cr0Register] &= ~ClearedInCr0;
        state[VmcbField.Cr4Register] = 0;
        state[VmcbField.EferRegister] = 0;
        state[VmcbField.RflagsRegister] = 2;
        state[VmcbField.Dr7] = Dr7;
        state[VmcbField.Cpl] = 0;
        state[VmcbField.CsSelector] = Base >> 4;
        state[VmcbField.CsBase] = Base;
        state[VmcbField.CsLimit] = FourGigabytes;
        state[VmcbField.CsAttributes] = Code16;
        state[VmcbField.Rip] = Entry;
        state.InShadow = false;
        for (ulong at = SavedState; at < SavedState + SavedStateSize; at += sizeof(ulong))
        {
            processor.Undefined.SetIn(at, ulong.MaxValue, sizeof(ulong));
        }
    }

    /// <summary>RSM: back to where the SMI was taken, into a guest too; #UD outside.</summary>
    public Effect Leave()
    {
        if (_outside is not { } outside)
        {
            return Effect.UD;
        }

        processor.State.CopyFrom(outside);
        processor.Guest = _guest;
        _outside = null;
        _guest = null;
        return Effect.Done;
    }
}
