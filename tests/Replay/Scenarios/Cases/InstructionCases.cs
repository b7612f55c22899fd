using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Rules;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Generation;
using Differ.Replay.State;
using Differ.Schemas.Vocabulary;
using ScenarioMachine = Differ.Replay.Scenarios.Machine;

namespace Differ.Tests.Replay.Scenarios.Cases;

/// <summary>The cases of an exception that an instruction of L1 raises.</summary>
internal static class InstructionCases
{
    private const string Skinit = "cpu +skinit";

    private static readonly string[] Setup = ["intercept VMMCALL HLT"], Behind = ["nop"], Guest = ["vmmcall"];

    // What is changed before the instruction; protection stays on, and System Management Mode is not entered.
    private static readonly (string Line, string Called)[] Registers =
    [
        ("l1 efer=0xd00", "EFER.SVME 0"), ("l1 cpl=1", "CPL 1"), ("l1 cpl=3", "CPL 3"), ("l1 vmhsavepa=0", "VM_HSAVE_PA 0"), ("l1 vmcr=0x10", "VM_CR.SVMDIS 1"),
    ];

    // Where a rule speaks of what a processor lacks.
    private static readonly string[] Processors = ["", "cpu -svml", "cpu -tscratemsr"];

    // The machines that these lines make, by the lines.
    private static readonly Dictionary<string, ExecutingRegisters> Machines =
        (from present in (string[])["", Skinit]
         from processor in Processors
         from first in Registers.Select(static one => one.Line).Prepend("")
         from second in Registers.Select(static one => one.Line).Prepend("")
         select Joined([present, processor, first, second])).Distinct().ToDictionary(static lines => lines, Start);

    /// <summary>The cases of a rule for one instruction.</summary>
    /// <param name="rule">The rule; it names an exception.</param>
    /// <param name="instruction">The instruction, by the exit code of its intercept.</param>
    public static IEnumerable<ConditionCase> Of(Rule rule, SvmExitCode instruction)
    {
        string present = instruction == SvmExitCode.Skinit ? Skinit : "";
        Case start = new(instruction, rule.Raises!.Msr, LegalOperand(rule.Raises.Msr), [present], []);
        Case[] alone = [.. Processors.SelectMany(processor => Changes(rule, start.On(processor))).DistinctBy(static one => one.Change)];
        Case[] cases = alone.Length > 0 ? alone : [.. Registers.SelectMany(register => Changes(rule, start.With(register)))];
        return cases.Select(one => one.Scenario(rule));
    }

    // The changes of a state in which the rule alone says that something is raised; the state itself where it does already.
    private static IEnumerable<Case> Changes(Rule rule, Case from)
    {
        if (from.IsRaisedBy(rule))
        {
            return [from];
        }

        int[] bits = [.. Enumerable.Range(0, 64).Where(bit => from.WithBit(bit).IsRaisedBy(rule))];
        return Registers.Where(register => !from.What.Contains(register.Called)).Select(from.With).Where(one => one.IsRaisedBy(rule)).Concat(BitRuns.Ends(bits).Select(from.WithBit));
    }

    private static string Joined(IEnumerable<string> lines) => string.Join('\n', lines.Where(static line => line.Length > 0));

    private static ExecutingRegisters Start(string lines)
    {
        Scenario scenario = new ScenarioText([lines], Behind, Guest).Parse();
        var machine = new ScenarioMachine(scenario.Features, new RunLog(null));
        foreach (Action<ScenarioMachine> change in scenario.Setup)
        {
            change(machine);
        }

        return new ExecutingRegisters(machine.Processor);
    }

    private static ulong LegalOperand(uint msr) => msr switch
    {
        0 => ScenarioMachine.Vmcb12,
        Efer.Index => 0xd00,
        TscRatioMsr.Index => 1UL << 32,
        HsavePa.Index => ScenarioMachine.HostSave,
        _ => 0,
    };

    /// <summary>An instruction with what it meets.</summary>
    /// <param name="Instruction">The instruction.</param>
    /// <param name="Msr">What WRMSR writes; 0 for others.</param>
    /// <param name="Operand">What it is given.</param>
    /// <param name="Lines">The lines that change the machine before; empty ones change nothing.</param>
    /// <param name="What">The changes in a few words.</param>
    private sealed record Case(SvmExitCode Instruction, uint Msr, ulong Operand, string[] Lines, string[] What)
    {
        /// <summary>What is changed of registers and operand, whatever the processor.</summary>
        public string Change => string.Join(", ", What);

        /// <summary>The same on another processor.</summary>
        public Case On(string processor) => this with { Lines = [.. Lines, processor] };

        /// <summary>The same with a register changed.</summary>
        public Case With((string Line, string Called) register) => this with { Lines = [.. Lines, register.Line], What = [.. What, register.Called] };

        /// <summary>The same with a bit of the operand changed.</summary>
        public Case WithBit(int bit) => this with { Operand = Operand ^ (1UL << bit), What = [.. What, $"{(Msr == 0 ? "rAX" : "EDX:EAX")} bit {bit}"] };

        /// <summary>Whether a rule says that it raises something, and no other does.</summary>
        public bool IsRaisedBy(Rule rule)
        {
            InstructionState state = new InstructionState(Machines[Joined(Lines)]).Afresh(Bits64.Of(Operand));
            return InstructionExceptions.Rows.Select(static row => row.Raises!)
                .Where(raised => raised.Of.Contains(Instruction) && raised.Msr == Msr && raised.When(state).IsYes).SequenceEqual([rule.Raises!]);
        }

        /// <summary>The scenario.</summary>
        public ConditionCase Scenario(Rule rule)
        {
            string[] lines = [.. Lines.Where(static line => line.Length > 0), .. Setup];
            string called = Msr == 0 ? Instruction.Name : $"WRMSR 0x{Msr:x}";
            string what = string.Join(", ", Lines.Where(static line => line.StartsWith("cpu", StringComparison.Ordinal)).Concat(What));
            return new ConditionCase(rule.Info.Id, $"{called} with {what}", Msr == 0
                ? new([.. lines, $"l1 rax=0x{Operand:x}"], [Instruction.Name.ToLowerInvariant(), .. Behind], Guest)
                : new([.. lines, $"l1 rcx=0x{Msr:x} rax=0x{Operand & uint.MaxValue:x} rdx=0x{Operand >> 32:x}"], ["wrmsr", .. Behind], Guest));
        }
    }
}
