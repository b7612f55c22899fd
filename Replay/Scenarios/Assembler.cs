using System.Globalization;
using Iced.Intel;

namespace Differ.Replay.Scenarios;

/// <summary>One line of assembler becomes bytes: every form Iced knows of the mnemonic is tried, and the shortest that encodes is taken.</summary>
internal static class Assembler
{
    private static readonly Dictionary<string, Code[]> CodesOf = Enum.GetValues<Code>()
        .Where(static code => code.ToOpCode().Mode64)
        .GroupBy(static code => $"{code.Mnemonic()}".ToUpperInvariant())
        .ToDictionary(static codes => codes.Key, static codes => codes.ToArray());

    /// <summary>Assembles a line of 64-bit code, or takes bytes after <c>db</c>.</summary>
    /// <param name="line">For example <c>mov rax, 0x5000</c>, <c>rep outsb</c>, <c>db 0f 01 d9</c>.</param>
    /// <param name="rip">Where the instruction will stand.</param>
    /// <returns>The bytes; null where no form fits.</returns>
    public static byte[]? Assemble(string line, ulong rip)
    {
        string[] words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words[0] == "db")
        {
            return words.Length > 1 ? BytesOf(words[1]) : null;
        }

        bool repeated = words[0] == "rep";
        if (repeated || words[0] == "lock")
        {
            byte[]? rest = words.Length > 1 ? Assemble(words[1], rip) : null;
            return rest is null ? null : [repeated ? (byte)0xf3 : (byte)0xf0, .. rest];
        }

        Operand[]? operands = Operand.ParseAll(words.Length > 1 ? words[1] : "");
        if (operands is null || !CodesOf.TryGetValue(words[0].ToUpperInvariant(), out Code[]? codes))
        {
            return null;
        }

        return codes.Select(code => Encode(code, operands, rip)).Where(static bytes => bytes is not null).MinBy(static bytes => bytes!.Length);
    }

    /// <summary>Bytes written in hexadecimal, separated by blanks; null where one is not, or where there is none.</summary>
    public static byte[]? BytesOf(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0)
        {
            return null;
        }

        byte[] bytes = new byte[words.Length];
        for (int i = 0; i < words.Length; i++)
        {
            if (!byte.TryParse(words[i], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out bytes[i]))
            {
                return null;
            }
        }

        return bytes;
    }

    private static byte[]? Encode(Code code, Operand[] operands, ulong rip)
    {
        OpCodeInfo form = code.ToOpCode();
        Operand[] all = Implied(form, operands);
        if (form.OpCount != all.Length)
        {
            return null;
        }

        var instruction = new Instruction { Code = code };
        for (int i = 0; i < all.Length; i++)
        {
            if (!all[i].Set(ref instruction, i, form.GetOpKind(i)))
            {
                return null;
            }
        }

        var writer = new Collector();
        return Encoder.Create(64, writer).TryEncode(instruction, rip, out _, out _) ? [.. writer.Bytes] : null;
    }

    // Registers that the form has no choice about may be left out: vmrun, in al, rdmsr.
    private static Operand[] Implied(OpCodeInfo form, Operand[] operands)
    {
        if (operands.Length > 0 || form.OpCount == 0)
        {
            return operands;
        }

        return [.. Enumerable.Range(0, form.OpCount).Select(i => form.GetOpKind(i) switch
        {
            OpCodeOperandKind.rax => new Operand(Register.RAX),
            OpCodeOperandKind.seg_rSI or OpCodeOperandKind.es_rDI => new Operand(Register.None) { IsString = true },
            OpCodeOperandKind.dx => new Operand(Register.DX),
            _ => new Operand(Register.None),
        })];
    }

    private sealed class Collector : CodeWriter
    {
        public List<byte> Bytes { get; } = [];

        public override void WriteByte(byte value) => Bytes.Add(value);
    }
}

/// <summary>One operand of an assembler line.</summary>
/// <param name="Register">A register; none for another kind.</param>
internal sealed record Operand(Register Register)
{
    /// <summary>A number; null for another kind.</summary>
    public ulong? Number { get; init; }

    /// <summary>A place in memory; null for another kind.</summary>
    public MemoryOperand? Memory { get; init; }

    /// <summary>The implied memory of a string instruction.</summary>
    public bool IsString { get; init; }

    /// <summary>The operands of a line; null where one cannot be read.</summary>
    public static Operand[]? ParseAll(string text)
    {
        var operands = new List<Operand>();
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Parse(part) is not { } operand)
            {
                return null;
            }

            operands.Add(operand);
        }

        return [.. operands];
    }

    /// <summary>Puts the operand into an instruction, as its form wants it.</summary>
    public bool Set(ref Instruction instruction, int position, OpCodeOperandKind kind)
    {
        if (IsString)
        {
            instruction.SetOpKind(position, kind == OpCodeOperandKind.es_rDI ? OpKind.MemoryESRDI : OpKind.MemorySegRSI);
            instruction.SegmentPrefix = Register.None;
            return true;
        }

        if (Register != Register.None)
        {
            instruction.SetOpKind(position, OpKind.Register);
            instruction.SetOpRegister(position, Register);
            return true;
        }

        if (Memory is { } memory)
        {
            instruction.SetOpKind(position, OpKind.Memory);
            instruction.MemoryBase = memory.Base;
            instruction.MemoryIndexScale = 1;
            instruction.MemoryDisplSize = memory.DisplSize;
            instruction.MemoryDisplacement64 = unchecked((ulong)memory.Displacement);
            return true;
        }

        return Number is { } number && SetNumber(ref instruction, position, kind, number);
    }

    private static bool SetNumber(ref Instruction instruction, int position, OpCodeOperandKind kind, ulong number)
    {
        OpKind? form = kind switch
        {
            OpCodeOperandKind.imm8 when number <= byte.MaxValue => OpKind.Immediate8,
            OpCodeOperandKind.imm8sex64 when unchecked((ulong)(sbyte)number) == number => OpKind.Immediate8to64,
            OpCodeOperandKind.imm32sex64 when unchecked((ulong)(int)number) == number => OpKind.Immediate32to64,
            OpCodeOperandKind.imm32 when number <= uint.MaxValue => OpKind.Immediate32,
            OpCodeOperandKind.imm64 => OpKind.Immediate64,
            OpCodeOperandKind.br64_1 or OpCodeOperandKind.br64_4 => OpKind.NearBranch64,
            _ => null,
        };
        if (form is null)
        {
            return false;
        }

        instruction.SetOpKind(position, form.Value);
        if (form == OpKind.NearBranch64)
        {
            instruction.NearBranch64 = number;
        }
        else
        {
            instruction.SetImmediate(position, number);
        }

        return true;
    }

    private static Operand? Parse(string text)
    {
        if (char.IsAsciiLetter(text.FirstOrDefault()) && Enum.TryParse(text, ignoreCase: true, out Register register))
        {
            return new Operand(register);
        }

        if (Numbers.TryParse(text, out ulong number))
        {
            return new Operand(Register.None) { Number = number };
        }

        if (!text.EndsWith(']') || !text.StartsWith('['))
        {
            return null;
        }

        string[] parts = text[1..^1].Split('+', StringSplitOptions.TrimEntries);
        bool based = Enum.TryParse(parts[0], ignoreCase: true, out Register start) && char.IsAsciiLetter(parts[0][0]);
        ulong displacement = 0;
        return (based && parts.Length == 1) || (parts.Length == (based ? 2 : 1) && Numbers.TryParse(parts[^1], out displacement))
            ? new Operand(Register.None) { Memory = new MemoryOperand(based ? start : Register.None, unchecked((long)displacement), SizeOf(displacement, based)) } : null;
    }

    // Beside a 64-bit register: none, one byte, or four, which Iced counts as the eight they are extended to.
    private static int SizeOf(ulong displacement, bool based) =>
        !based ? 8 : displacement == 0 ? 0 : unchecked((ulong)(sbyte)displacement) == displacement ? 1 : 8;
}

/// <summary>Numbers as scenarios write them.</summary>
internal static class Numbers
{
    /// <summary>Reads decimal, or hexadecimal after 0x; a minus makes two's complement.</summary>
    public static bool TryParse(string text, out ulong number)
    {
        bool negative = text.StartsWith('-');
        string digits = (negative ? text[1..] : text).Replace("_", "", StringComparison.Ordinal);
        bool ok = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out number)
            : ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        number = negative ? unchecked(0 - number) : number;
        return ok;
    }
}
