using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;
using Iced.Intel;
using static Differ.Replay.Model.InstructionEffects;

namespace Differ.Replay.Model;

/// <summary>The instructions of the model: the ones SVM can intercept (APM2 table 15-7) and those that a test of them needs.</summary>
internal static class InstructionTable
{
    /// <summary>By mnemonic.</summary>
    public static IReadOnlyDictionary<Mnemonic, InstructionRow> All { get; } = WithCodes(new Dictionary<Mnemonic, InstructionRow>
    {
        // Control and debug registers.
        [Mnemonic.Smsw] = new(static a => a.Write(0, a.State[VmcbField.Cr0Register])) { Decide = static (a, g) => ControlRegisters.ReadExit(a, g, 0, isMove: false) },
        [Mnemonic.Lmsw] = new(ControlRegisters.Lmsw) { Privileged = true, Decide = ControlRegisters.LmswExit },
        [Mnemonic.Clts] = new(ControlRegisters.Clts) { Privileged = true, Decide = static (a, g) => ControlRegisters.WriteExit(a, g, 0, null, isMove: false) },
        [Mnemonic.Mov] = new(Move) { Before = MoveExceptions, Decide = MoveExit },

        // Descriptor tables: after #UD and #GP, before the access to memory.
        [Mnemonic.Sidt] = new(static a => StoreTable(a, VmcbField.IdtrLimit, VmcbField.IdtrBase)),
        [Mnemonic.Sgdt] = new(static a => StoreTable(a, VmcbField.GdtrLimit, VmcbField.GdtrBase)),
        [Mnemonic.Sldt] = new(static a => a.Write(0, a.State[VmcbField.LdtrSelector])) { Before = ProtectedOnly },
        [Mnemonic.Str] = new(static a => a.Write(0, a.State[VmcbField.TrSelector])) { Before = ProtectedOnly },
        [Mnemonic.Lidt] = new(static a => LoadTable(a, VmcbField.IdtrLimit, VmcbField.IdtrBase)) { Privileged = true },
        [Mnemonic.Lgdt] = new(static a => LoadTable(a, VmcbField.GdtrLimit, VmcbField.GdtrBase)) { Privileged = true },
        [Mnemonic.Lldt] = new(static a => LoadSelector(a, VmcbField.LdtrSelector)) { Privileged = true, Before = ProtectedOnly },
        [Mnemonic.Ltr] = new(static a => LoadSelector(a, VmcbField.TrSelector)) { Privileged = true, Before = ProtectedOnly },

        // Time and counters: exceptions first.
        [Mnemonic.Rdtsc] = new(ReadTsc) { Before = TscAllowed },
        [Mnemonic.Rdtscp] = new(ReadTscp) { Before = TscAllowed },
        [Mnemonic.Rdpmc] = new(static a => Answer(a, 0)) { Before = CounterAllowed },
        [Mnemonic.Rdpru] = new(static a => Answer(a, 0)) { Before = TscAllowed },

        // Flags and control transfer: the intercept comes before any exception.
        [Mnemonic.Pushfq] = new(static a => Push(a, a.State[VmcbField.RflagsRegister] & ~0x30000UL)),
        [Mnemonic.Popfq] = new(PopFlags),
        [Mnemonic.Iretq] = new(InterruptReturn),
        [Mnemonic.Iretd] = new(TaskSwitch.Return),
        [Mnemonic.Int] = new(static a => SoftwareInterrupt(a, EventInfo.Of(EventType.SoftwareInterrupt, (byte)a.Instruction.Immediate8)))
        {
            Info1 = static a => a.Processor.Features.Has(CpuFeature.DecodeAssists) ? a.Instruction.Immediate8 : 0UL,
        },
        [Mnemonic.Int3] = new(static a => SoftwareException(a, ExceptionVector.BP)),
        [Mnemonic.Into] = new(static a => a.State.Bit(VmcbField.RflagsRegister, 11) ? SoftwareException(a, ExceptionVector.OF) : Effect.Done),
        [Mnemonic.Int1] = new(DebugTrap),
        [Mnemonic.Rsm] = new(static a => a.Processor.SystemManagement.Leave()),
        [Mnemonic.Cli] = new(static a => SetInterruptFlag(a, false)),
        [Mnemonic.Sti] = new(static a => SetInterruptFlag(a, true)),

        // Caches, translations, waiting.
        [Mnemonic.Cpuid] = new(CpuidLeaf),
        [Mnemonic.Invd] = new(Nothing) { Privileged = true },
        [Mnemonic.Wbinvd] = new(Nothing) { Privileged = true },
        [Mnemonic.Wbnoinvd] = new(Nothing) { Privileged = true },
        [Mnemonic.Pause] = new(Nothing) { Decide = PauseFilter.Decide },
        [Mnemonic.Hlt] = new(static _ => new Effect(EffectKind.Halted)) { Privileged = true, Decide = HaltExit },
        [Mnemonic.Invlpg] = new(Nothing)
        {
            Privileged = true,
            Info1 = static a => a.Processor.Features.Has(CpuFeature.DecodeAssists) ? a.Address : 0,
        },
        [Mnemonic.Invlpga] = new(Nothing),
        [Mnemonic.Invpcid] = new(Invpcid)
        {
            Privileged = true,
            Decide = static (a, g) => g.Intercepts(SvmExitCode.Invpcid)
                ? Effect.Exit(SvmExitCode.Invpcid, a.Address, a.State.General[a.GeneralOf(0)]) : Effect.Done,
        },
        [Mnemonic.Invlpgb] = new(BroadcastAllowed) { Privileged = true },
        [Mnemonic.Tlbsync] = new(BroadcastAllowed) { Privileged = true },
        [Mnemonic.Monitor] = new(Monitor) { Own = CpuFeature.Monitor, Before = MonitorOperand },
        [Mnemonic.Mwait] = new(Nothing) { Own = CpuFeature.Monitor, Before = SupervisorOnly, Decide = MwaitExit },
        [Mnemonic.Xsetbv] = new(SetXcr),

        // Ports and model-specific registers.
        [Mnemonic.In] = new(static a => a.Write(0, uint.MaxValue)) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Out] = new(Nothing) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Outsb] = new(Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Outsw] = new(Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Outsd] = new(Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Insb] = new(Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Insw] = new(Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Insd] = new(Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Rdmsr] = new(static a => ModelSpecific.Read(a)) { Privileged = true, Decide = ModelSpecific.Exit },
        [Mnemonic.Wrmsr] = new(static a => ModelSpecific.Write(a)) { Privileged = true, Decide = ModelSpecific.Exit },

        // SVM.
        [Mnemonic.Vmrun] = new(SvmInstructions.Vmrun),
        [Mnemonic.Vmmcall] = new(static _ => Effect.UD) { Decide = SvmInstructions.VmmcallExit },
        [Mnemonic.Vmgexit] = new(SvmInstructions.Vmgexit) { Decide = SvmInstructions.VmmcallExit },
        [Mnemonic.Vmload] = new(SvmInstructions.Vmload),
        [Mnemonic.Vmsave] = new(SvmInstructions.Vmsave),
        [Mnemonic.Stgi] = new(static a => SvmInstructions.SetGif(a, true)),
        [Mnemonic.Clgi] = new(static a => SvmInstructions.SetGif(a, false)),
        [Mnemonic.Skinit] = new(static _ => new Effect(EffectKind.Shutdown)),

        // Ordinary ones.
        [Mnemonic.Wait] = new(WaitForFloatingPoint),
        [Mnemonic.Nop] = new(Nothing),
        [Mnemonic.Ud2] = new(static _ => Effect.UD),
        [Mnemonic.Add] = new(Arithmetic.Add),
        [Mnemonic.Sub] = new(Arithmetic.Subtract),
        [Mnemonic.Xor] = new(static a => Arithmetic.Logic(a, static (x, y) => x ^ y)),
        [Mnemonic.Or] = new(static a => Arithmetic.Logic(a, static (x, y) => x | y)),
        [Mnemonic.And] = new(static a => Arithmetic.Logic(a, static (x, y) => x & y)),
        [Mnemonic.Jmp] = new(Jump),
        [Mnemonic.Push] = new(PushOperand),
        [Mnemonic.Pop] = new(PopOperand),
        [Mnemonic.Div] = new(Arithmetic.Divide),
    });

    private static Dictionary<Mnemonic, InstructionRow> WithCodes(Dictionary<Mnemonic, InstructionRow> rows) => rows.ToDictionary(
        static row => row.Key,
        static row => row.Value with { Code = ExitTable.ByInstruction.TryGetValue(row.Key, out SvmExitCode code) ? code : null });
}
