using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>Every register of the modelled processor. Those with a field in the VMCB are named by it.</summary>
internal sealed class Registers
{
    /// <summary>Positions in <see cref="General"/>.</summary>
    public const int Rax = 0, Rcx = 1, Rdx = 2, Rbx = 3, Rsp = 4;

    private readonly ulong[] _fields = new ulong[(int)VmcbField.Count];

    /// <summary>RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15.</summary>
    public ulong[] General { get; } = new ulong[16];

    /// <summary>DR0 to DR3.</summary>
    public ulong[] Breakpoints { get; } = new ulong[4];

    /// <summary>CR8, the task priority.</summary>
    public ulong TaskPriority { get; set; }

    /// <summary>A floating-point error that is not masked waits for the next instruction that looks for it. SVM does not switch this state.</summary>
    public bool FloatingPointError { get; set; }

    /// <summary>Model-specific registers without a name here.</summary>
    public Dictionary<uint, ulong> OtherMsrs { get; } = [];

    /// <summary>The register that the VMCB has a field for, or that SVM has beside it; cut to the field's size.</summary>
    public ulong this[VmcbField field]
    {
        get => field switch
        {
            VmcbField.Rax => General[Rax],
            VmcbField.Rsp => General[Rsp],
            _ => _fields[(int)field],
        };
        set
        {
            switch (field)
            {
                case VmcbField.Rax:
                    General[Rax] = value;
                    break;
                case VmcbField.Rsp:
                    General[Rsp] = value;
                    break;
                default:
                    _fields[(int)field] = value & VmcbLayout.Of(field).Mask;
                    break;
            }
        }
    }

    /// <summary>Global interrupt flag.</summary>
    public bool Gif
    {
        get => this[VmcbField.Gif] != 0;
        set => this[VmcbField.Gif] = value ? 1UL : 0;
    }

    /// <summary>Interrupts are held back until the next instruction is over (STI, MOV SS).</summary>
    public bool InShadow
    {
        get => this[VmcbField.InterruptShadow] != 0;
        set => this[VmcbField.InterruptShadow] = value ? 1UL : 0;
    }

    /// <summary>NMIs are held back until IRET.</summary>
    public bool NmiMasked
    {
        get => this[VmcbField.NmiMask] != 0;
        set => this[VmcbField.NmiMask] = value ? 1UL : 0;
    }

    /// <summary>Takes over every register of another processor, or of this one at another time.</summary>
    public void CopyFrom(Registers other)
    {
        other._fields.CopyTo(_fields, 0);
        other.General.CopyTo(General, 0);
        other.Breakpoints.CopyTo(Breakpoints, 0);
        TaskPriority = other.TaskPriority;
        FloatingPointError = other.FloatingPointError;
        OtherMsrs.Clear();
        foreach ((uint index, ulong value) in other.OtherMsrs)
        {
            OtherMsrs[index] = value;
        }
    }

    /// <summary>Whether a bit of a register is set.</summary>
    public bool Bit(VmcbField field, int bit) => ((this[field] >> bit) & 1) != 0;

    /// <summary>Sets or clears a bit of a register.</summary>
    public void SetBit(VmcbField field, int bit, bool value) =>
        this[field] = (this[field] & ~(1UL << bit)) | (value ? 1UL << bit : 0);
}
