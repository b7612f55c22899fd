using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Schemas.Vocabulary;
using Iced.Intel;
using ScenarioMachine = Differ.Replay.Scenarios.Machine;

namespace Differ.Tests.Replay.Support;

/// <summary>Asks the model about one instruction of L1, on the machine that scenarios start from.</summary>
internal static class OneInstruction
{
    private static readonly Dictionary<SvmExitCode, byte[]> Instructions = new()
    {
        [SvmExitCode.Vmrun] = [0x0f, 0x01, 0xd8],
        [SvmExitCode.Vmload] = [0x0f, 0x01, 0xda],
        [SvmExitCode.Vmsave] = [0x0f, 0x01, 0xdb],
        [SvmExitCode.Stgi] = [0x0f, 0x01, 0xdc],
        [SvmExitCode.Clgi] = [0x0f, 0x01, 0xdd],
        [SvmExitCode.Skinit] = [0x0f, 0x01, 0xde],
        [SvmExitCode.Invlpga] = [0x0f, 0x01, 0xdf],
        [SvmExitCode.Msr] = [0x0f, 0x30],
    };

    private static readonly byte[] Vmrun = [0x0f, 0x01, 0xd8], Wrmsr = [0x0f, 0x30], MovCr0 = [0x0f, 0x22, 0xc3], MovCr4 = [0x0f, 0x22, 0xe3];

    /// <summary>Whether VMRUN refuses vmcb12 with these fields.</summary>
    public static bool VmrunRefuses(Features features, params ReadOnlySpan<(VmcbField Field, ulong Value)> fields)
    {
        var machine = new ScenarioMachine(features, new Nobody());
        Vmcb guest = machine.Guest;
        foreach ((VmcbField field, ulong value) in fields)
        {
            guest[field] = value;
        }

        Processor processor = Execute(machine, Vmrun);
        bool refused = processor.Guest is null;
        Assert.Equal(refused ? SvmExitCode.Invalid.Value : 0, machine.Guest[VmcbField.ExitCode]);
        return refused;
    }

    /// <summary>Whether VMRUN raises #GP for its address.</summary>
    public static bool VmrunFaults(Features features, ulong address)
    {
        var machine = new ScenarioMachine(features, new Nobody());
        machine.Processor.State[VmcbField.Rax] = address;
        return Faults(machine, Vmrun);
    }

    /// <summary>Whether WRMSR raises #GP.</summary>
    /// <param name="features">What the processor can do.</param>
    /// <param name="msr">The register.</param>
    /// <param name="value">The value; it is given what the register holds.</param>
    /// <param name="prepare">Changes registers before.</param>
    public static bool WrmsrFaults(Features features, uint msr, ulong value, Action<Registers>? prepare = null)
    {
        var machine = new ScenarioMachine(features, new Nobody());
        Registers state = machine.Processor.State;
        prepare?.Invoke(state);
        state.General[Registers.Rcx] = msr;
        state.General[Registers.Rax] = value & uint.MaxValue;
        state.General[Registers.Rdx] = value >> 32;
        return Faults(machine, Wrmsr);
    }

    /// <summary>Whether MOV to CR0 or CR4 raises #GP.</summary>
    public static bool MoveFaults(Features features, int register, ulong value)
    {
        var machine = new ScenarioMachine(features, new Nobody());
        machine.Processor.State.General[Registers.Rbx] = value;
        return Faults(machine, register == 0 ? MovCr0 : MovCr4);
    }

    /// <summary>The exception that an instruction raises; null for none.</summary>
    public static byte? Raises(Features features, InstructionCase state)
    {
        var seen = new Nobody();
        var machine = new ScenarioMachine(features, seen);
        Registers registers = machine.Processor.State;
        if (state.InSmm)
        {
            var outside = new Registers();
            outside.CopyFrom(registers);
            machine.Processor.SystemManagement.Enter();
            registers.CopyFrom(outside);
        }

        foreach (VmcbField register in (VmcbField[])[VmcbField.VmCrRegister, VmcbField.VmHsavePa, VmcbField.Cpl])
        {
            registers[register] = state[register].Value;
        }

        registers.SetBit(VmcbField.EferRegister, Efer.SVME, state[VmcbField.EferRegister][Efer.SVME].IsYes);
        registers.SetBit(VmcbField.Cr0Register, Cr0.PE, state[VmcbField.Cr0Register][Cr0.PE].IsYes);
        registers.SetBit(VmcbField.RflagsRegister, Rflags.VM, state[VmcbField.RflagsRegister][Rflags.VM].IsYes);
        registers.General[Registers.Rax] = state.Msr == 0 ? state.Operand : state.Operand & uint.MaxValue;
        registers.General[Registers.Rdx] = state.Operand >> 32;
        registers.General[Registers.Rcx] = state.Msr;
        Execute(machine, Instructions[state.Instruction]);
        return seen.First is { Type: EventType.Exception } raised ? raised.Vector : null;
    }

    private static bool Faults(ScenarioMachine machine, byte[] code)
    {
        ulong next = ScenarioMachine.L1Code + (ulong)code.Length;
        return Execute(machine, code).State[VmcbField.Rip] != next;
    }

    private static Processor Execute(ScenarioMachine machine, byte[] code)
    {
        machine.Processor.Memory.Write(ScenarioMachine.L1Code, code);
        machine.Processor.Step();
        return machine.Processor;
    }

    private sealed class Nobody : IProcessorObserver
    {
        public void Executes(Processor processor, in Instruction instruction)
        {
        }

        public void Runs(Processor processor, in Vmcb vmcb)
        {
        }

        public void Entered(Processor processor, Guest guest)
        {
        }

        public void Leaves(Processor processor, Guest guest, Effect exit)
        {
        }

        public void Left(Processor processor, in Vmcb vmcb)
        {
        }

        public EventInfo First { get; private set; }

        public void Delivers(Processor processor, EventInfo what, uint? error) => First = First.Valid ? First : what;

        public void ShutsDown(Processor processor)
        {
        }
    }
}
