using Differ.Replay.Manual.Tables;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Model;

/// <summary>Executes an instruction: whether it exists, who may execute it, whether it is intercepted, what it does (APM2 15.9, table 15-7).</summary>
internal sealed class Executor(Processor processor)
{
    private readonly InstructionState _asked = new(new ExecutingRegisters(processor));

    private Registers State => processor.State;

    /// <summary>Executes it.</summary>
    public Effect Execute(in Instruction instruction)
    {
        processor.NextRip = instruction.NextIP;
        if (!InstructionTable.All.TryGetValue(instruction.Mnemonic, out InstructionRow? row))
        {
            throw new NotSupportedException($"instruction {instruction.Mnemonic} is not part of the model; write it with instructions that are");
        }

        var access = new InstructionAccess(processor, instruction);
        Effect effect = Availability(row, access);
        if (!effect.IsDone)
        {
            return effect;
        }

        effect = row.Before is { } before ? before(access) : Effect.Done;
        if (!effect.IsDone)
        {
            return effect;
        }

        if (processor.Guest is { } guest)
        {
            effect = row.Intercept(access, guest);
            if (!effect.IsDone)
            {
                return SevEs.Redirected(processor, guest, effect);
            }
        }

        effect = Raised(row, access, behindIntercept: true);
        if (effect.IsDone)
        {
            effect = BusLock.Count(access);
        }

        return effect.IsDone ? Carry(row, access) : effect;
    }

    // A #VMEXIT in the middle, for a nested page fault above all, leaves RIP at the instruction (APM2 15.7).
    private Effect Carry(InstructionRow row, InstructionAccess access)
    {
        Guest? before = processor.Guest;
        State[VmcbField.Rip] = Mode(access.Instruction.NextIP);
        Effect effect = row.Execute(access);
        if (effect is { Kind: EffectKind.Exit, IsTrap: false } && before is not null && processor.Guest == before)
        {
            State[VmcbField.Rip] = access.Instruction.IP;
        }

        return effect;
    }

    // #UD before #GP, and both before the intercept (APM2 table 15-7).
    private Effect Availability(InstructionRow row, InstructionAccess access)
    {
        if (row.Feature is { } feature && !processor.Features.Has(feature))
        {
            return Effect.UD;
        }

        Effect raised = Raised(row, access, behindIntercept: false);
        return raised.IsDone && row.Privileged && State[VmcbField.Cpl] != 0 ? Effect.GP : raised;
    }

    // What the rules say that the instruction raises.
    private Effect Raised(InstructionRow row, InstructionAccess access, bool behindIntercept)
    {
        if (row.Code is not { } code)
        {
            return Effect.Done;
        }

        bool writesMsr = access.Instruction.Mnemonic == Mnemonic.Wrmsr;
        InstructionState asked = _asked.Afresh(Bits64.Of(writesMsr ? access.EdxEax : State[VmcbField.Rax]));
        return InstructionExceptions.First(code, behindIntercept, asked, writesMsr ? access.Ecx : 0) switch
        {
            null => Effect.Done,
            ExceptionVector.UD => Effect.UD,
            _ => Effect.GP,
        };
    }

    private ulong Mode(ulong rip) => processor.In64BitMode ? rip : rip & (State.Bit(VmcbField.CsAttributes, 10) ? 0xffff_ffff : 0xffff);
}

/// <summary>One instruction of the model.</summary>
/// <param name="Execute">What it does.</param>
internal sealed record InstructionRow(Func<InstructionAccess, Effect> Execute)
{
    /// <summary>The exit code of its intercept, of the first where it has one for each register; null where it has none.</summary>
    public SvmExitCode? Code { get; init; }

    /// <summary>#GP unless CPL is 0; of SVM's own instructions the rules say it.</summary>
    public bool Privileged { get; init; }

    /// <summary>The feature that brings it; null where every processor with SVM has it.</summary>
    public CpuFeature? Feature => Own ?? (Code is { } code ? ExitTable.Of(code).Feature : null);

    /// <summary>The feature where the intercept is shared with an instruction of another; null where the exit code's row has it.</summary>
    public CpuFeature? Own { get; init; }

    /// <summary>Exceptions that come before the intercept; null for none.</summary>
    public Func<InstructionAccess, Effect>? Before { get; init; }

    /// <summary>EXITINFO1 of its intercept; null for 0.</summary>
    public Func<InstructionAccess, ulong>? Info1 { get; init; }

    /// <summary>Intercepts that depend on more than one bit; null where the bit of <see cref="Code"/> decides.</summary>
    public Func<InstructionAccess, Guest, Effect>? Decide { get; init; }

    /// <summary>Whether the guest's hypervisor intercepts it.</summary>
    public Effect Intercept(InstructionAccess access, Guest guest) =>
        Decide is { } decide ? decide(access, guest)
        : Code is { } code && guest.Intercepts(code) ? Effect.Exit(code, Info1?.Invoke(access) ?? 0)
        : Effect.Done;
}

/// <summary>An instruction with the processor that executes it: its operands, read and written.</summary>
/// <param name="Processor">The processor.</param>
/// <param name="Instruction">The instruction.</param>
internal sealed record InstructionAccess(Processor Processor, Instruction Instruction)
{
    /// <summary>Registers.</summary>
    public Registers State => Processor.State;

    /// <summary>The guest that runs; null for the host.</summary>
    public Guest? Guest => Processor.Guest;

    /// <summary>EAX.</summary>
    public uint Eax => unchecked((uint)State.General[Registers.Rax]);

    /// <summary>ECX.</summary>
    public uint Ecx => unchecked((uint)State.General[Registers.Rcx]);

    /// <summary>EDX:EAX.</summary>
    public ulong EdxEax
    {
        get => (State.General[Registers.Rdx] << 32) | Eax;
        set
        {
            Processor.Undefined.SetGeneral(Registers.Rax, 0);
            Processor.Undefined.SetGeneral(Registers.Rdx, 0);
            State.General[Registers.Rax] = value & uint.MaxValue;
            State.General[Registers.Rdx] = value >> 32;
        }
    }

    /// <summary>Number of the general register of an operand, 0 to 15.</summary>
    public int GeneralOf(int operand) => Instruction.GetOpRegister(operand).GetNumber();

    /// <summary>The linear address of the memory operand.</summary>
    public ulong Address => Instruction.GetVirtualAddress(MemoryOperand, 0, (register, _, _) => register.IsSegmentRegister()
        ? (Processor.In64BitMode && register is not (Register.FS or Register.GS) ? 0 : SegmentBase(register))
        : Sized(State.General[register.GetFullRegister().GetNumber()], register.GetSize()));

    // No instruction of the model has two operands in memory that it names.
    private int MemoryOperand => Instruction.OpCount > 1 && Instruction.Op1Kind == OpKind.Memory ? 1 : 0;

    /// <summary>Reads an operand.</summary>
    public Effect Read(int operand, out ulong value)
    {
        value = 0;
        switch (Instruction.GetOpKind(operand))
        {
            case OpKind.Register:
                Register register = Instruction.GetOpRegister(operand);
                int number = register.GetFullRegister().GetNumber();
                value = Sized(State.General[number], register.GetSize());
                Processor.Undefined.Read(Sized(Processor.Undefined.General(number), register.GetSize()), register.ToString());
                return Effect.Done;
            case OpKind.Memory:
                return Processor.Read(Address, Instruction.MemorySize.GetSize(), out value);
            default:
                value = Instruction.GetImmediate(operand);
                return Effect.Done;
        }
    }

    /// <summary>Writes an operand.</summary>
    public Effect Write(int operand, ulong value)
    {
        if (Instruction.GetOpKind(operand) == OpKind.Memory)
        {
            return Processor.Write(Address, value, Instruction.MemorySize.GetSize());
        }

        Register register = Instruction.GetOpRegister(operand);
        int number = register.GetFullRegister().GetNumber();
        Processor.Undefined.SetGeneral(number, register.GetSize() >= 4 ? 0 : Processor.Undefined.General(number) & ~Sized(ulong.MaxValue, register.GetSize()));
        ref ulong target = ref State.General[number];
        target = register.GetSize() switch
        {
            8 => value,
            4 => value & uint.MaxValue,
            2 => (target & ~0xffffUL) | (value & 0xffff),
            _ => (target & ~0xffUL) | (value & 0xff),
        };
        return Effect.Done;
    }

    private ulong SegmentBase(Register segment) => State[segment switch
    {
        Register.ES => VmcbField.EsBase,
        Register.CS => VmcbField.CsBase,
        Register.SS => VmcbField.SsBase,
        Register.FS => VmcbField.FsBase,
        Register.GS => VmcbField.GsBase,
        _ => VmcbField.DsBase,
    }];

    private static ulong Sized(ulong value, int bytes) => bytes >= 8 ? value : value & ((1UL << (8 * bytes)) - 1);
}
