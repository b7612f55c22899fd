using Differ.Schemas.Vocabulary;

namespace Differ.Replay.Model;

/// <summary>What the manual leaves open: bits of registers and of memory that may hold anything, or whatever follows.</summary>
/// <remarks>
/// The model computes one of the values that are allowed; who compares it with another processor leaves out the bits that stand here, and
/// everything where <see cref="Everything"/> has a reason. What is written anew is defined again. An instruction that reads an open bit
/// makes whatever follows open: it is not tracked further.
/// </remarks>
internal sealed class Undefined
{
    private readonly ulong[] _registers = new ulong[(int)VmcbField.Count];
    private readonly ulong[] _general = new ulong[16];
    private readonly Dictionary<ulong, byte> _memory = [];

    /// <summary>Why nothing that comes out is defined; null while something is.</summary>
    public string? Everything { get; private set; }

    /// <summary>The bytes of memory of which a bit is open, with the mask of these bits.</summary>
    public IReadOnlyDictionary<ulong, byte> Memory => _memory;

    /// <summary>The open bits of a register of the processor. RAX and RSP are among the general registers.</summary>
    public ulong this[VmcbField register]
    {
        get => register switch
        {
            VmcbField.Rax => _general[Registers.Rax],
            VmcbField.Rsp => _general[Registers.Rsp],
            _ => _registers[(int)register],
        };
        set
        {
            switch (register)
            {
                case VmcbField.Rax:
                    _general[Registers.Rax] = value;
                    break;
                case VmcbField.Rsp:
                    _general[Registers.Rsp] = value;
                    break;
                default:
                    _registers[(int)register] = value & VmcbLayout.Of(register).Mask;
                    break;
            }
        }
    }

    /// <summary>The open bits of a general register, 0 to 15, in the order of <see cref="Registers.General"/>.</summary>
    public ulong General(int register) => _general[register];

    /// <summary>Says which bits of a general register are open.</summary>
    public void SetGeneral(int register, ulong mask) => _general[register] = mask;

    /// <summary>The open bits of up to eight bytes of memory, by physical address.</summary>
    public ulong In(ulong address, int size)
    {
        ulong mask = 0;
        for (int i = 0; i < size && _memory.Count > 0; i++)
        {
            mask |= (ulong)_memory.GetValueOrDefault(unchecked(address + (ulong)i)) << (8 * i);
        }

        return mask;
    }

    /// <summary>The open bits of a field of a VMCB in memory.</summary>
    public ulong In(in Vmcb vmcb, VmcbField field) => In(vmcb.Address + (ulong)VmcbLayout.Of(field).Position, VmcbLayout.Of(field).Size);

    /// <summary>Says which bits of memory are open.</summary>
    /// <param name="address">Physical address.</param>
    /// <param name="mask">The bits; the others are defined.</param>
    /// <param name="size">Bytes, up to eight.</param>
    public void SetIn(ulong address, ulong mask, int size)
    {
        for (int i = 0; i < size; i++)
        {
            byte bits = unchecked((byte)(mask >> (8 * i)));
            ulong at = unchecked(address + (ulong)i);
            if (bits != 0)
            {
                _memory[at] = bits;
            }
            else if (_memory.Count > 0)
            {
                _memory.Remove(at);
            }
        }
    }

    /// <summary>Says which bits of a field of a VMCB in memory are open.</summary>
    public void SetIn(in Vmcb vmcb, VmcbField field, ulong mask) =>
        SetIn(vmcb.Address + (ulong)VmcbLayout.Of(field).Position, mask, VmcbLayout.Of(field).Size);

    /// <summary>Whatever follows is open. The first reason stays.</summary>
    /// <param name="reason">Why, in words.</param>
    public void Follows(string reason) => Everything ??= reason;

    /// <summary>Something was read whose bits may be open; then whatever follows is.</summary>
    /// <param name="mask">The open bits of it.</param>
    /// <param name="what">What was read, in words.</param>
    public void Read(ulong mask, string what)
    {
        if (mask != 0)
        {
            Follows($"{what} was read, and the manual leaves it open");
        }
    }
}
