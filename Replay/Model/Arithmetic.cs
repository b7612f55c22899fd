using System.Numerics;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Model;

/// <summary>Sums, logic and division, with the flags that they set (APM1 3.1.4; APM3, chapter 3).</summary>
internal static class Arithmetic
{
    private const ulong CF = 1, PF = 1 << 2, AF = 1 << 4, ZF = 1 << 6, SF = 1 << 7, OF = 1 << 11, Flags = CF | PF | AF | ZF | SF | OF;

    /// <summary>ADD: CF is the carry out of the highest bit, OF says that the sum of two like signs has the other.</summary>
    public static Effect Add(InstructionAccess a) => Combine(
        a, static (x, y) => unchecked(x + y), static (x, y, sum, sign) => Of(CF, sum < x) | Of(AF, ((x ^ y ^ sum) & AF) != 0) | Of(OF, ((x ^ sum) & (y ^ sum) & sign) != 0));

    /// <summary>SUB: CF is the borrow, OF says that the difference of unlike signs has the sign of what was taken away.</summary>
    public static Effect Subtract(InstructionAccess a) => Combine(
        a, static (x, y) => unchecked(x - y), static (x, y, left, sign) => Of(CF, x < y) | Of(AF, ((x ^ y ^ left) & AF) != 0) | Of(OF, ((x ^ y) & (x ^ left) & sign) != 0));

    /// <summary>AND, OR, XOR: CF and OF are cleared, AF is undefined.</summary>
    public static Effect Logic(InstructionAccess a, Func<ulong, ulong, ulong> operation)
    {
        Effect effect = Combine(a, operation, static (_, _, _, _) => 0);
        a.Processor.Undefined[VmcbField.RflagsRegister] |= effect.IsDone ? AF : 0;
        return effect;
    }

    /// <summary>DIV: rDX:rAX, or AX, by the operand. A quotient that does not fit raises #DE; the flags are undefined.</summary>
    public static Effect Divide(InstructionAccess a)
    {
        Effect read = a.Read(0, out ulong divisor);
        if (!read.IsDone)
        {
            return read;
        }

        int bits = 8 * SizeOf(a);
        ulong mask = Mask(bits), low = a.State.General[Registers.Rax] & (bits == 8 ? ushort.MaxValue : mask), high = bits == 8 ? 0 : a.State.General[Registers.Rdx] & mask;
        a.Processor.Undefined.Read(a.Processor.Undefined.General(Registers.Rax) & mask, "rAX");
        a.Processor.Undefined.Read(bits == 8 ? 0 : a.Processor.Undefined.General(Registers.Rdx) & mask, "rDX");
        UInt128 dividend = ((UInt128)high << bits) | low;
        if (divisor == 0 || dividend / divisor > mask)
        {
            return Effect.Raise(ExceptionVector.DE);
        }

        ulong quotient = (ulong)(dividend / divisor), rest = (ulong)(dividend % divisor);
        if (bits == 8)
        {
            Set(a, Registers.Rax, 16, quotient | (rest << 8));
        }
        else
        {
            Set(a, Registers.Rax, bits, quotient);
            Set(a, Registers.Rdx, bits, rest);
        }

        a.Processor.Undefined[VmcbField.RflagsRegister] |= Flags;
        return Effect.Done;
    }

    private static Effect Combine(InstructionAccess a, Func<ulong, ulong, ulong> operation, Func<ulong, ulong, ulong, ulong, ulong> flags)
    {
        Effect left = a.Read(0, out ulong x);
        ulong y = 0;
        Effect right = left.IsDone ? a.Read(1, out y) : left;
        if (!right.IsDone)
        {
            return right;
        }

        int bits = 8 * SizeOf(a);
        ulong mask = Mask(bits), sign = 1UL << (bits - 1);
        x &= mask;
        y &= mask;
        ulong result = operation(x, y) & mask;
        Effect written = a.Write(0, result);
        if (written.IsDone)
        {
            ulong set = flags(x, y, result, sign) | Of(ZF, result == 0) | Of(SF, (result & sign) != 0) | Of(PF, BitOperations.PopCount(result & byte.MaxValue) % 2 == 0);
            a.State[VmcbField.RflagsRegister] = (a.State[VmcbField.RflagsRegister] & ~Flags) | set;
            a.Processor.Undefined[VmcbField.RflagsRegister] &= ~Flags;
        }

        return written;
    }

    // A register of 32 bits clears the upper half of the one that holds it.
    private static void Set(InstructionAccess a, int register, int bits, ulong value)
    {
        ref ulong target = ref a.State.General[register];
        target = bits >= 32 ? value : (target & ~Mask(bits)) | value;
        a.Processor.Undefined.SetGeneral(register, bits >= 32 ? 0 : a.Processor.Undefined.General(register) & ~Mask(bits));
    }

    private static int SizeOf(InstructionAccess a) =>
        a.Instruction.Op0Kind == OpKind.Memory ? a.Instruction.MemorySize.GetSize() : a.Instruction.Op0Register.GetSize();

    private static ulong Mask(int bits) => bits == 64 ? ulong.MaxValue : (1UL << bits) - 1;

    private static ulong Of(ulong flag, bool isSet) => isSet ? flag : 0;
}
