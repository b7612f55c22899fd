using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;
using Iced.Intel;
using static Differ.Replay.Model.InstructionEffects;

namespace Differ.Replay.Model;

/// <summary>The instructions of the model: the ones SVM can intercept (APM2 table 15-7) and those that a test of them needs.</summary>
internal static class InstructionTable
{
    /// <summary>By mnemonic.</summary>
    public static IReadOnlyDictionary<Mnemonic, InstructionRow> All { get; } = new Dictionary<Mnemonic, InstructionRow>
    {
        // Control and debug registers.
        [Mnemonic.Smsw] = new(null, static a => a.Write(0, a.State[VmcbField.Cr0Register])) { Decide = static (a, g) => ControlRegisters.ReadExit(a, g, 0, isMove: false) },
        [Mnemonic.Lmsw] = new(null, ControlRegisters.Lmsw) { Privileged = true, Decide = ControlRegisters.LmswExit },
        [Mnemonic.Clts] = new(null, ControlRegisters.Clts) { Privileged = true, Decide = static (a, g) => ControlRegisters.WriteExit(a, g, 0, null, isMove: false) },
        [Mnemonic.Mov] = new(null, Move) { Before = MoveExceptions, Decide = MoveExit },

        // Descriptor tables: after #UD and #GP, before the access to memory.
        [Mnemonic.Sidt] = new(SvmExitCode.IdtrRead, static a => StoreTable(a, VmcbField.IdtrLimit, VmcbField.IdtrBase)),
        [Mnemonic.Sgdt] = new(new(0x067), static a => StoreTable(a, VmcbField.GdtrLimit, VmcbField.GdtrBase)),
        [Mnemonic.Sldt] = new(new(0x068), static a => a.Write(0, a.State[VmcbField.LdtrSelector])) { Before = ProtectedOnly },
        [Mnemonic.Str] = new(new(0x069), static a => a.Write(0, a.State[VmcbField.TrSelector])) { Before = ProtectedOnly },
        [Mnemonic.Lidt] = new(new(0x06a), static a => LoadTable(a, VmcbField.IdtrLimit, VmcbField.IdtrBase)) { Privileged = true },
        [Mnemonic.Lgdt] = new(new(0x06b), static a => LoadTable(a, VmcbField.GdtrLimit, VmcbField.GdtrBase)) { Privileged = true },
        [Mnemonic.Lldt] = new(new(0x06c), static a => LoadSelector(a, VmcbField.LdtrSelector)) { Privileged = true, Before = ProtectedOnly },
        [Mnemonic.Ltr] = new(SvmExitCode.TrWrite, static a => LoadSelector(a, VmcbField.TrSelector)) { Privileged = true, Before = ProtectedOnly },

        // Time and counters: exceptions first.
        [Mnemonic.Rdtsc] = new(SvmExitCode.Rdtsc, ReadTsc) { Before = TscAllowed },
        [Mnemonic.Rdtscp] = new(SvmExitCode.Rdtscp, ReadTscp) { Before = TscAllowed },
        [Mnemonic.Rdpmc] = new(SvmExitCode.Rdpmc, static a => Answer(a, 0)) { Before = CounterAllowed },
        [Mnemonic.Rdpru] = new(SvmExitCode.Rdpru, static a => Answer(a, 0)) { Before = TscAllowed },

        // Flags and control transfer: the intercept comes before any exception.
        [Mnemonic.Pushfq] = new(SvmExitCode.Pushf, static a => Push(a, a.State[VmcbField.RflagsRegister] & ~0x30000UL)),
        [Mnemonic.Popfq] = new(SvmExitCode.Popf, PopFlags),
        [Mnemonic.Iretq] = new(SvmExitCode.Iret, InterruptReturn),
        [Mnemonic.Iretd] = new(SvmExitCode.Iret, TaskSwitch.Return),
        [Mnemonic.Int] = new(SvmExitCode.SwInt, static a => SoftwareInterrupt(a, EventInfo.Of(EventType.SoftwareInterrupt, (byte)a.Instruction.Immediate8)))
        {
            Info1 = static a => a.Processor.Features.Has(CpuFeature.DecodeAssists) ? a.Instruction.Immediate8 : 0UL,
        },
        [Mnemonic.Int3] = new(null, static a => SoftwareException(a, ExceptionVector.BP)),
        [Mnemonic.Into] = new(null, static a => a.State.Bit(VmcbField.RflagsRegister, 11) ? SoftwareException(a, ExceptionVector.OF) : Effect.Done),
        [Mnemonic.Int1] = new(SvmExitCode.Icebp, DebugTrap),
        [Mnemonic.Rsm] = new(SvmExitCode.Rsm, static a => a.Processor.SystemManagement.Leave()),
        [Mnemonic.Cli] = new(null, static a => SetInterruptFlag(a, false)),
        [Mnemonic.Sti] = new(null, static a => SetInterruptFlag(a, true)),

        // Caches, translations, waiting.
        [Mnemonic.Cpuid] = new(SvmExitCode.Cpuid, CpuidLeaf),
        [Mnemonic.Invd] = new(SvmExitCode.Invd, Nothing) { Privileged = true },
        [Mnemonic.Wbinvd] = new(SvmExitCode.Wbinvd, Nothing) { Privileged = true },
        [Mnemonic.Wbnoinvd] = new(SvmExitCode.Wbinvd, Nothing) { Privileged = true },
        [Mnemonic.Pause] = new(SvmExitCode.Pause, Nothing) { Decide = PauseFilter.Decide },
        [Mnemonic.Hlt] = new(SvmExitCode.Hlt, static _ => new Effect(EffectKind.Halted)) { Privileged = true, Decide = HaltExit },
        [Mnemonic.Invlpg] = new(SvmExitCode.Invlpg, Nothing)
        {
            Privileged = true,
            Info1 = static a => a.Processor.Features.Has(CpuFeature.DecodeAssists) ? a.Address : 0,
        },
        [Mnemonic.Invlpga] = new(SvmExitCode.Invlpga, Nothing) { Svm = true, Privileged = true },
        [Mnemonic.Invpcid] = new(SvmExitCode.Invpcid, Invpcid)
        {
            Privileged = true,
            Decide = static (a, g) => g.Intercepts(SvmExitCode.Invpcid)
                ? Effect.Exit(SvmExitCode.Invpcid, a.Address, a.State.General[a.GeneralOf(0)]) : Effect.Done,
        },
        [Mnemonic.Invlpgb] = new(SvmExitCode.Invlpgb, BroadcastAllowed) { Privileged = true },
        [Mnemonic.Tlbsync] = new(SvmExitCode.Tlbsync, BroadcastAllowed) { Privileged = true },
        [Mnemonic.Monitor] = new(SvmExitCode.Monitor, Monitor) { Before = MonitorOperand },
        [Mnemonic.Mwait] = new(SvmExitCode.Mwait, Nothing) { Before = SupervisorOnly, Decide = MwaitExit },
        [Mnemonic.Xsetbv] = new(SvmExitCode.Xsetbv, SetXcr),

        // Ports and model-specific registers.
        [Mnemonic.In] = new(SvmExitCode.Ioio, static a => a.Write(0, uint.MaxValue)) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Out] = new(SvmExitCode.Ioio, Nothing) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Outsb] = new(SvmExitCode.Ioio, Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Outsw] = new(SvmExitCode.Ioio, Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Outsd] = new(SvmExitCode.Ioio, Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Insb] = new(SvmExitCode.Ioio, Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Insw] = new(SvmExitCode.Ioio, Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Insd] = new(SvmExitCode.Ioio, Ports.StringAccess) { Before = Ports.Allowed, Decide = Ports.Exit },
        [Mnemonic.Rdmsr] = new(SvmExitCode.Msr, static a => ModelSpecific.Read(a)) { Privileged = true, Decide = ModelSpecific.Exit },
        [Mnemonic.Wrmsr] = new(SvmExitCode.Msr, static a => ModelSpecific.Write(a)) { Privileged = true, Decide = ModelSpecific.Exit },

        // SVM.
        [Mnemonic.Vmrun] = new(SvmExitCode.Vmrun, SvmInstructions.Vmrun) { Svm = true, Privileged = true, Before = SvmInstructions.OutsideSmm },
        [Mnemonic.Vmmcall] = new(SvmExitCode.Vmmcall, static _ => Effect.UD) { Decide = SvmInstructions.VmmcallExit },
        [Mnemonic.Vmgexit] = new(SvmExitCode.Vmmcall, SvmInstructions.Vmgexit) { Decide = SvmInstructions.VmmcallExit },
        [Mnemonic.Vmload] = new(SvmExitCode.Vmload, SvmInstructions.Vmload) { Svm = true, Privileged = true },
        [Mnemonic.Vmsave] = new(SvmExitCode.Vmsave, SvmInstructions.Vmsave) { Svm = true, Privileged = true },
        [Mnemonic.Stgi] = new(SvmExitCode.Stgi, static a => SvmInstructions.SetGif(a, true)) { Svm = true, WithoutSvme = true, Privileged = true },
        [Mnemonic.Clgi] = new(SvmExitCode.Clgi, static a => SvmInstructions.SetGif(a, false)) { Svm = true, Privileged = true },
        [Mnemonic.Skinit] = new(SvmExitCode.Skinit, static _ => new Effect(EffectKind.Shutdown))
        {
            Svm = true,
            WithoutSvme = true,
            Privileged = true,
        },

        // Ordinary ones.
        [Mnemonic.Wait] = new(null, WaitForFloatingPoint),
        [Mnemonic.Nop] = new(null, Nothing),
        [Mnemonic.Ud2] = new(null, static _ => Effect.UD),
        [Mnemonic.Add] = new(null, static a => Combine(a, static (x, y) => unchecked(x + y))),
        [Mnemonic.Sub] = new(null, static a => Combine(a, static (x, y) => unchecked(x - y))),
        [Mnemonic.Xor] = new(null, static a => Combine(a, static (x, y) => x ^ y)),
        [Mnemonic.Or] = new(null, static a => Combine(a, static (x, y) => x | y)),
        [Mnemonic.And] = new(null, static a => Combine(a, static (x, y) => x & y)),
        [Mnemonic.Jmp] = new(null, Jump),
        [Mnemonic.Push] = new(null, PushOperand),
        [Mnemonic.Pop] = new(null, PopOperand),
        [Mnemonic.Div] = new(null, Divide),
    };
}
