using Differ.Schemas.Vocabulary;
using Iced.Intel;
using static Differ.Replay.Manual.Tables.ExitInfoBits;

namespace Differ.Replay.Model;

/// <summary>IN, OUT, INS and OUTS (APM2 15.10).</summary>
internal static class Ports
{
    private const byte AddressSizePrefix = 0x67;
    private const int RsiNumber = 6, RdiNumber = 7, DirectionFlag = 10;

    private static bool IsPrefix(byte value) => value is 0x26 or 0x2e or 0x36 or 0x3e or 0x64 or 0x65 or 0x66 or AddressSizePrefix or 0xf2 or 0xf3;

    /// <summary>Exceptions that come before the intercept: IOPL and the bitmap of the task state segment.</summary>
    public static Effect Allowed(InstructionAccess a)
    {
        bool privileged = a.State[VmcbField.Cpl] <= ((a.State[VmcbField.RflagsRegister] >> 12) & 3);
        if (!a.Processor.InProtectedMode || privileged)
        {
            return Effect.Done;
        }

        ulong segment = a.State[VmcbField.TrBase];
        Effect read = a.Processor.Read(unchecked(segment + 0x66), 2, out ulong map);
        ulong bits = 0;
        read = read.IsDone ? a.Processor.Read(unchecked(segment + map + (PortOf(a) / 8UL)), 2, out bits) : read;
        ulong mask = ((1UL << SizeOf(a)) - 1) << (PortOf(a) % 8);
        return !read.IsDone ? read : (bits & mask) != 0 ? Effect.GP : Effect.Done;
    }

    /// <summary>Whether it exits, with EXITINFO1 as figure 15-2 has it and EXITINFO2 the next RIP.</summary>
    public static Effect Exit(InstructionAccess a, Guest guest) =>
        PermissionMaps.InterceptsPort(a.Processor.Memory, guest, PortOf(a), SizeOf(a))
            ? Effect.Exit(SvmExitCode.Ioio, Info1(a), a.Instruction.NextIP) : Effect.Done;

    /// <summary>INS and OUTS touch memory after the intercept. With REP, RIP stays at the instruction until the count is 0.</summary>
    public static Effect StringAccess(InstructionAccess a)
    {
        bool repeated = a.Instruction.HasRepPrefix;
        ref ulong count = ref a.State.General[Registers.Rcx];
        if (repeated && count == 0)
        {
            return Effect.Done;
        }

        bool input = IsInput(a);
        ref ulong index = ref a.State.General[input ? RdiNumber : RsiNumber];
        Effect effect = input ? a.Processor.Write(index, uint.MaxValue, SizeOf(a)) : a.Processor.Read(index, SizeOf(a), out _);
        if (!effect.IsDone)
        {
            return effect;
        }

        long step = a.State.Bit(VmcbField.RflagsRegister, DirectionFlag) ? -SizeOf(a) : SizeOf(a);
        index = unchecked(index + (ulong)step);
        if (repeated && --count != 0)
        {
            a.State[VmcbField.Rip] = a.Instruction.IP;
        }

        return Effect.Done;
    }

    private static ulong Info1(InstructionAccess a)
    {
        bool isString = a.Instruction.IsStringInstruction;
        ulong segment = !isString ? 0UL : IsInput(a) ? 0UL : SegmentNumber(a.Instruction.MemorySegment);
        return (IsInput(a) ? PortIn : 0) | (isString ? PortString : 0) | (a.Instruction.HasRepPrefix ? PortRep : 0)
            | ((ulong)SizeOf(a) << PortSizesShift) | ((ulong)(AddressBits(a) / 16) << PortAddressSizesShift)
            | (segment << PortSegmentShift) | ((ulong)PortOf(a) << PortNumberShift);
    }

    // The prefix 67h halves the default of 64 and 32 bits and doubles that of 16.
    private static int AddressBits(InstructionAccess a)
    {
        bool wide = a.State.Bit(VmcbField.CsAttributes, 10);
        bool prefixed = a.Processor.InstructionBytes.TakeWhile(static value => IsPrefix(value)).Contains(AddressSizePrefix);
        return a.Processor.In64BitMode ? (prefixed ? 32 : 64) : wide == prefixed ? 16 : 32;
    }

    private static ulong SegmentNumber(Register segment) => segment switch
    {
        Register.ES => 0,
        Register.CS => 1,
        Register.SS => 2,
        Register.FS => 4,
        Register.GS => 5,
        _ => 3,
    };

    private static bool IsInput(InstructionAccess a) => a.Instruction.Mnemonic is Mnemonic.In or Mnemonic.Insb or Mnemonic.Insw or Mnemonic.Insd;

    // 1, 2 or 4 bytes; A16, A32, A64 of figure 15-2 are 1, 2, 4 as well.
    private static int SizeOf(InstructionAccess a) => a.Instruction.Mnemonic switch
    {
        Mnemonic.In => a.Instruction.Op0Register.GetSize(),
        Mnemonic.Out => a.Instruction.Op1Register.GetSize(),
        Mnemonic.Insw or Mnemonic.Outsw => 2,
        Mnemonic.Insd or Mnemonic.Outsd => 4,
        _ => 1,
    };

    private static ushort PortOf(InstructionAccess a)
    {
        int operand = a.Instruction.Mnemonic == Mnemonic.In ? 1 : 0;
        return !a.Instruction.IsStringInstruction && a.Instruction.GetOpKind(operand) != OpKind.Register
            ? a.Instruction.Immediate8 : unchecked((ushort)a.State.General[Registers.Rdx]);
    }
}
