using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Model;

/// <summary>Accesses to control registers: their exceptions, their intercepts, the selective one of CR0 (APM2 15.9 table 15-7, 15.8.1).</summary>
internal static class ControlRegisters
{
    private const ulong IsMoveBit = 1UL << 63, LmswBits = 0xf;

    /// <summary>Exceptions of a move that come before its intercept: CPL and illegal combinations.</summary>
    public static Effect MoveExceptions(InstructionAccess a)
    {
        bool write = a.Instruction.Op0Register.IsCR();
        int number = (write ? a.Instruction.Op0Register : a.Instruction.Op1Register).GetNumber();
        if (number is not (0 or 2 or 3 or 4 or 8))
        {
            return Effect.UD;
        }

        return a.State[VmcbField.Cpl] != 0 || (write && IsIllegal(a, number, a.State.General[a.GeneralOf(1)])) ? Effect.GP : Effect.Done;
    }

    /// <summary>Whether a read exits.</summary>
    public static Effect ReadExit(InstructionAccess a, Guest guest, int number, bool isMove)
    {
        var code = new SvmExitCode(SvmExitCode.CrRead.Value + (ulong)number);
        return guest.Intercepts(code) ? Effect.Exit(code, Info1(a, isMove, operand: 0)) : Effect.Done;
    }

    /// <summary>Whether a write exits: the intercept of the register first, then the selective one of CR0.</summary>
    /// <param name="a">The instruction.</param>
    /// <param name="guest">The guest.</param>
    /// <param name="number">The register.</param>
    /// <param name="value">What a move writes; null for CLTS, which never meets the selective intercept.</param>
    /// <param name="isMove">A MOV.</param>
    public static Effect WriteExit(InstructionAccess a, Guest guest, int number, ulong? value, bool isMove)
    {
        var code = new SvmExitCode(SvmExitCode.CrWrite.Value + (ulong)number);
        if (guest.Intercepts(code))
        {
            return Effect.Exit(code, Info1(a, isMove, operand: 1));
        }

        bool selective = number == 0 && value is { } written && guest.Intercepts(SvmExitCode.Cr0SelWrite)
            && ((written ^ a.State[VmcbField.Cr0Register]) & ~Cr0.NotSelective) != 0;
        return selective ? Effect.Exit(SvmExitCode.Cr0SelWrite, Info1(a, isMove, operand: 1)) : Effect.Done;
    }

    /// <summary>Whether LMSW exits: it treats the selective intercept as non-selective.</summary>
    public static Effect LmswExit(InstructionAccess a, Guest guest) =>
        guest.Intercepts(SvmExitCode.CrWrite) ? Effect.Exit(SvmExitCode.CrWrite)
        : guest.Intercepts(SvmExitCode.Cr0SelWrite) ? Effect.Exit(SvmExitCode.Cr0SelWrite)
        : Effect.Done;

    /// <summary>LMSW: PE can be set only.</summary>
    public static Effect Lmsw(InstructionAccess a)
    {
        Effect read = a.Read(0, out ulong value);
        if (read.IsDone)
        {
            ulong protection = a.State[VmcbField.Cr0Register] & 1;
            a.State[VmcbField.Cr0Register] = (a.State[VmcbField.Cr0Register] & ~LmswBits) | (value & LmswBits) | protection;
        }

        return read;
    }

    /// <summary>CLTS.</summary>
    public static Effect Clts(InstructionAccess a)
    {
        a.State.SetBit(VmcbField.Cr0Register, Cr0.TS, false);
        return Effect.Done;
    }

    /// <summary>What a move reads.</summary>
    public static ulong Read(InstructionAccess a, int number)
    {
        if (FieldOf(number) is { } register)
        {
            a.Processor.Undefined.Read(a.Processor.Undefined[register], $"CR{number}");
            return a.State[register];
        }

        // With V_INTR_MASKING the guest's task priority is V_TPR (APM2 15.21.2).
        return a.Guest is { IntCtl.VIntrMasking: true } guest ? guest.IntCtl.VTpr & 0xfUL : a.State.TaskPriority;
    }

    /// <summary>What a move writes.</summary>
    public static void Write(InstructionAccess a, int number, ulong value)
    {
        if (FieldOf(number) is not { } register)
        {
            WriteTaskPriority(a, value);
            return;
        }

        ulong changed = a.State[VmcbField.Cr4Register] ^ value;
        if (number == 4 && ((changed >> Cr4.LA57) & 1) != 0 && a.State.Bit(VmcbField.EferRegister, Efer.LMA))
        {
            a.Processor.Undefined.Follows("CR4.LA57 changes in long mode");
        }

        a.State[register] = number == 0 ? Cr0.Bits.Kept(value) : value;
        a.Processor.Undefined[register] = number == 0 ? value & Cr0.Bits.Unspecified : 0;
    }

    private static VmcbField? FieldOf(int number) => number switch
    {
        0 => VmcbField.Cr0Register,
        2 => VmcbField.Cr2,
        3 => VmcbField.Cr3Register,
        4 => VmcbField.Cr4Register,
        _ => null,
    };

    // V_TPR follows CR8 in any case; the physical priority only without V_INTR_MASKING (APM2 15.21.2).
    private static void WriteTaskPriority(InstructionAccess a, ulong value)
    {
        if (a.Guest is { } guest)
        {
            guest.IntCtl = guest.IntCtl.WithTpr(value);
            if (guest.HasAvic)
            {
                AvicPage.SetTaskPriority(a.Processor, guest, value);
            }
        }

        if (a.Guest is not { IntCtl.VIntrMasking: true })
        {
            a.State.TaskPriority = value & 0xf;
        }
    }

    private static bool IsIllegal(InstructionAccess a, int number, ulong value) => number switch
    {
        0 => Sets(a, Cr0.Bits, value) || (((value >> Cr0.PG) & 1) != 0 && (value & 1) == 0)
            || (((value >> Cr0.NW) & 1) != 0 && ((value >> Cr0.CD) & 1) == 0),
        3 => value >> a.Processor.Features.PhysicalBits != 0,
        4 => Sets(a, Cr4.Bits, value) || (((value >> Cr4.CET) & 1) != 0 && !a.State.Bit(VmcbField.Cr0Register, Cr0.WP))
            || (((value >> Cr4.PAE) & 1) == 0 && a.State.Bit(VmcbField.EferRegister, Efer.LMA)),
        8 => (value & ~0xfUL) != 0,
        _ => false,
    };

    // Of a bit of CR4 whose feature is absent the manual does not say whether a write faults; of the reserved bits of CR0 it says nothing either, but no processor faults.
    private static bool Sets(InstructionAccess a, RegisterBits bits, ulong value)
    {
        if (bits == Cr4.Bits && bits.IsRefused(Bits64.Of(value), a.Processor.Features.Profile).IsUnknown)
        {
            a.Processor.Undefined.Follows("whether a bit of CR4 can be set whose feature is absent is not said");
        }

        return bits.SetsMustBeZero(Bits64.Of(value), a.Processor.Features.Profile).IsYes;
    }

    private static ulong Info1(InstructionAccess a, bool isMove, int operand) =>
        isMove && a.Processor.Features.Has(CpuFeature.DecodeAssists) ? IsMoveBit | (uint)a.GeneralOf(operand) : 0;
}
