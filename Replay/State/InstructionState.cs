using Differ.Replay.Manual.Tables;
using Differ.Schemas.Model;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>Whether an instruction raises an exception: a condition over what is known of the processor that executes it.</summary>
/// <remarks>As <see cref="VmrunGuard"/>, it is asked by the replay of a state known in part, by the processor of one known to the bit, by the
/// rule's explanation of what it reads, and by tests of the smallest state in which it holds.</remarks>
internal delegate Truth InstructionGuard(InstructionState state);

/// <summary>The registers that conditions of an instruction look at.</summary>
internal interface IInstructionRegisters
{
    /// <summary>What the processor can do.</summary>
    Profile Profile { get; }

    /// <summary>Whether protection is on and virtual-8086 mode off.</summary>
    Truth InProtectedMode { get; }

    /// <summary>Whether it is in System Management Mode.</summary>
    Truth InSmm { get; }

    /// <summary>Registers of which what is known was concluded only, from what worked before.</summary>
    VmcbFields Concluded { get; }

    /// <summary>A register of whoever executes the instruction.</summary>
    Bits64 this[VmcbField register] { get; }
}

/// <summary>What a condition of an instruction may look at. It notes what was asked, and what of it is not known.</summary>
/// <param name="registers">The registers.</param>
internal sealed class InstructionState(IInstructionRegisters registers)
{
    private const int MostBits = 52;
    private const ulong PageOffset = 0xfff, Above52 = ~((1UL << MostBits) - 1), Above36 = ~((1UL << 36) - 1);

    private Bits64 _operand;

    /// <summary>What the instruction is given: rAX of VMRUN, VMLOAD and VMSAVE, EDX:EAX of WRMSR.</summary>
    public Bits64 Operand
    {
        get
        {
            ReadsOperand = true;
            return _operand;
        }
    }

    /// <summary>Whether the operand was asked.</summary>
    public bool ReadsOperand { get; private set; }

    /// <summary>The evidence that would show the first thing that was asked and is not known; none where all was.</summary>
    public Evidence Missing { get; private set; }

    /// <summary>The evidence that would show what was asked and was concluded only; none where nothing was.</summary>
    public Evidence Assumed { get; private set; }

    /// <summary>The registers that were asked.</summary>
    public VmcbFields Read { get; private set; }

    /// <summary>Whether protection is on and virtual-8086 mode off.</summary>
    public Truth InProtectedMode
    {
        get
        {
            Read |= VmcbFields.Of(VmcbField.Cr0Register, VmcbField.RflagsRegister);
            return Asked(registers.InProtectedMode, Evidence.ControlRegisters);
        }
    }

    /// <summary>Whether the processor is in System Management Mode.</summary>
    public Truth InSmm => Asked(registers.InSmm, Evidence.Smm);

    /// <summary>Whether the operand is no address of a page on any processor: it is not aligned, or has more than 52 bits (APM2 5.1).</summary>
    public Truth OperandIsNoPage => Operand.Any(Above52 | PageOffset);

    /// <summary>Whether the operand is an address beyond the width of this processor; no processor with SVM has less than 36 bits.</summary>
    public Truth OperandIsBeyondWidth => registers.Profile.PhysicalAddressBits switch
    {
        0 => Asked(Operand.Any(Above36) & Truth.Unknown, Evidence.GuestCpuid),
        >= MostBits => Operand.Any(Above52),
        var width => Operand.Any(~((1UL << width) - 1)),
    };

    /// <summary>Starts over: nothing was asked.</summary>
    /// <param name="operand">What the instruction is given; not known where it is not said.</param>
    public InstructionState Afresh(Bits64 operand = default)
    {
        Missing = Assumed = Evidence.None;
        Read = default;
        ReadsOperand = false;
        _operand = operand;
        return this;
    }

    /// <summary>Whether the processor has a feature.</summary>
    public Truth Has(CpuFeature feature) => Asked(registers.Profile.Has(feature), Evidence.GuestCpuid);

    /// <summary>Whether a bit of a register is set.</summary>
    public Truth Bit(VmcbField register, int bit) => Asked(ValueOf(register)[bit], EvidenceTable.OfRegister(register));

    /// <summary>Whether a register is zero.</summary>
    public Truth IsZero(VmcbField register) => Asked(ValueOf(register).Equal(0, ulong.MaxValue), EvidenceTable.OfRegister(register));

    /// <summary>Whether the operand sets a bit that must be zero.</summary>
    /// <param name="bits">What the manual says of the bits.</param>
    public Truth SetsMustBeZero(RegisterBits bits) => Asked(bits.SetsMustBeZero(Operand, registers.Profile), Evidence.GuestCpuid);

    private Truth Asked(Truth answer, Evidence shows)
    {
        if (answer.IsUnknown && Missing == Evidence.None)
        {
            Missing = shows;
        }

        return answer;
    }

    private Bits64 ValueOf(VmcbField register)
    {
        var asked = VmcbFields.Of(register);
        Read |= asked;
        if (!(asked & registers.Concluded).IsEmpty)
        {
            Assumed = EvidenceTable.OfRegister(register);
        }

        return registers[register];
    }
}
