using Differ.Replay.Manual.Tables;
using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Model;

/// <summary>What instructions do, their own exceptions, and intercepts that more than one bit decides.</summary>
internal static class InstructionEffects
{
    private const int TimeStampDisable = 2, PerformanceCounters = 8, OsXsave = 18, DebugExtensions = 3;
    private const int GeneralDetect = 13, GuestBroadcasts = 7, FlagsOfFrame = 2;
    private const ulong FlagsThatPopfSets = 0x0000_0000_0024_7fd5;

    public static Effect Nothing(InstructionAccess access) => Effect.Done;

    public static Effect ProtectedOnly(InstructionAccess a) => a.Processor.InProtectedMode ? Effect.Done : Effect.UD;

    public static Effect TscAllowed(InstructionAccess a) =>
        a.State.Bit(VmcbField.Cr4Register, TimeStampDisable) && a.State[VmcbField.Cpl] != 0 ? Effect.GP : Effect.Done;

    public static Effect CounterAllowed(InstructionAccess a) =>
        !a.State.Bit(VmcbField.Cr4Register, PerformanceCounters) && a.State[VmcbField.Cpl] != 0 ? Effect.GP : Effect.Done;

    public static Effect ReadTsc(InstructionAccess a)
    {
        ModelSpecific.ReadTsc(a);
        return Effect.Done;
    }

    public static Effect ReadTscp(InstructionAccess a)
    {
        ModelSpecific.ReadTsc(a);
        a.State.General[Registers.Rcx] = 0;
        return Effect.Done;
    }

    // What a counter holds is the processor's own business.
    public static Effect Answer(InstructionAccess a, ulong value)
    {
        a.EdxEax = value;
        a.Processor.Undefined.SetGeneral(Registers.Rax, uint.MaxValue);
        a.Processor.Undefined.SetGeneral(Registers.Rdx, uint.MaxValue);
        return Effect.Done;
    }

    public static Effect CpuidLeaf(InstructionAccess a)
    {
        a.State.General[Registers.Rax] = 0;
        a.State.General[Registers.Rbx] = 0;
        a.State.General[Registers.Rcx] = 0;
        a.State.General[Registers.Rdx] = 0;
        foreach (int register in (int[])[Registers.Rax, Registers.Rbx, Registers.Rcx, Registers.Rdx])
        {
            a.Processor.Undefined.SetGeneral(register, uint.MaxValue);
        }

        return Effect.Done;
    }

    public static Effect MoveExceptions(InstructionAccess a) => a.Instruction.Op0Register.IsCR() || a.Instruction.Op1Register.IsCR()
        ? ControlRegisters.MoveExceptions(a)
        : a.Instruction.Op0Register.IsDR() || a.Instruction.Op1Register.IsDR() ? DebugExceptions(a) : Effect.Done;

    public static Effect MoveExit(InstructionAccess a, Guest guest)
    {
        if (a.Instruction.Op0Register.IsCR())
        {
            return ControlRegisters.WriteExit(a, guest, a.Instruction.Op0Register.GetNumber(), a.State.General[a.GeneralOf(1)], isMove: true);
        }

        if (a.Instruction.Op1Register.IsCR())
        {
            return ControlRegisters.ReadExit(a, guest, a.Instruction.Op1Register.GetNumber(), isMove: true);
        }

        bool write = a.Instruction.Op0Register.IsDR();
        if (!write && !a.Instruction.Op1Register.IsDR())
        {
            return Effect.Done;
        }

        int number = (write ? a.Instruction.Op0Register : a.Instruction.Op1Register).GetNumber();
        var code = new SvmExitCode((write ? SvmExitCode.DrWrite : SvmExitCode.DrRead).Value + (ulong)number);
        ulong info1 = a.Processor.Features.Has(CpuFeature.DecodeAssists) ? (ulong)a.GeneralOf(write ? 1 : 0) : 0;
        return guest.Intercepts(code) ? Effect.Exit(code, info1) : Effect.Done;
    }

    public static Effect Move(InstructionAccess a)
    {
        Register to = a.Instruction.Op0Register, from = a.Instruction.Op1Register;
        if (to.IsCR())
        {
            ulong written = a.State.General[a.GeneralOf(1)];
            ControlRegisters.Write(a, to.GetNumber(), written);
            return SevEs.WriteTrap(a.Processor, new SvmExitCode(SvmExitCode.CrWriteTrap.Value + (ulong)to.GetNumber()), written);
        }

        if (from.IsCR())
        {
            return a.Write(0, ControlRegisters.Read(a, from.GetNumber()));
        }

        if (to.IsDR() || from.IsDR())
        {
            return MoveDebug(a, to, from);
        }

        Effect read = a.Read(1, out ulong value);
        return read.IsDone ? a.Write(0, value) : read;
    }

    public static Effect StoreTable(InstructionAccess a, VmcbField limit, VmcbField start)
    {
        Effect written = a.Processor.Write(a.Address, a.State[limit], 2);
        return written.IsDone ? a.Processor.Write(unchecked(a.Address + 2), a.State[start], 8) : written;
    }

    public static Effect LoadTable(InstructionAccess a, VmcbField limit, VmcbField start)
    {
        Effect read = a.Processor.Read(a.Address, 2, out ulong size);
        ulong at = 0;
        read = read.IsDone ? a.Processor.Read(unchecked(a.Address + 2), 8, out at) : read;
        if (read.IsDone)
        {
            a.State[limit] = size;
            a.State[start] = at;
        }

        return read;
    }

    public static Effect LoadSelector(InstructionAccess a, VmcbField selector)
    {
        Effect read = a.Read(0, out ulong value);
        if (read.IsDone)
        {
            a.State[selector] = value;
        }

        return read;
    }

    public static Effect Push(InstructionAccess a, ulong value)
    {
        ulong stack = unchecked(a.State[VmcbField.Rsp] - 8);
        Effect written = a.Processor.Write(stack, value, 8);
        if (written.IsDone)
        {
            a.State[VmcbField.Rsp] = stack;
        }

        return written;
    }

    public static Effect PushOperand(InstructionAccess a)
    {
        Effect read = a.Read(0, out ulong value);
        return read.IsDone ? Push(a, value) : read;
    }

    public static Effect PopOperand(InstructionAccess a)
    {
        Effect popped = Pop(a, out ulong value);
        return popped.IsDone ? a.Write(0, value) : popped;
    }

    public static Effect PopFlags(InstructionAccess a)
    {
        Effect popped = Pop(a, out ulong value);
        if (popped.IsDone)
        {
            a.State[VmcbField.RflagsRegister] = (value & FlagsThatPopfSets) | 2;
        }

        return popped;
    }

    public static Effect InterruptReturn(InstructionAccess a)
    {
        Span<ulong> frame = stackalloc ulong[5];
        ulong openFlags = 0;
        for (int i = 0; i < frame.Length; i++)
        {
            Effect read = a.Processor.Read(unchecked(a.State[VmcbField.Rsp] + (8UL * (ulong)i)), 8, out frame[i], out ulong open);
            if (!read.IsDone)
            {
                return read;
            }

            openFlags = i == FlagsOfFrame ? open & (1UL << Rflags.RF) : openFlags;
            a.Processor.Undefined.Read(open & ~openFlags, "the frame of an IRET");
        }

        a.State[VmcbField.Rip] = frame[0];
        a.State[VmcbField.CsSelector] = frame[1];
        a.State[VmcbField.Cpl] = frame[1] & 3;
        a.State[VmcbField.RflagsRegister] = Rflags.Bits.Kept(frame[FlagsOfFrame]);
        a.Processor.Undefined[VmcbField.RflagsRegister] = openFlags;
        a.State[VmcbField.Rsp] = frame[3];
        a.State[VmcbField.SsSelector] = frame[4];
        a.State.NmiMasked = false;
        if (a.Guest is { } guest && guest.HasVirtualNmi)
        {
            guest.IntCtl = guest.IntCtl.With(IntCtlBits.VNmiMaskBit, false);
        }

        return Effect.Done;
    }

    // INTn checks no exception intercept, whatever its vector (APM2 15.12).
    public static Effect SoftwareInterrupt(InstructionAccess a, EventInfo what)
    {
        a.State[VmcbField.Rip] = a.Instruction.IP;
        return a.Processor.Delivery.Deliver(what, null, a.Instruction.NextIP);
    }

    public static Effect SoftwareException(InstructionAccess a, byte vector)
    {
        a.State[VmcbField.Rip] = a.Instruction.IP;
        var code = SvmExitCode.OfException(vector);
        return a.Guest is { } guest && guest.Intercepts(code)
            ? Effect.Exit(code) : a.Processor.Delivery.Deliver(EventInfo.Of(EventType.Exception, vector), null, a.Instruction.NextIP);
    }

    // INT1 meets its own intercept only, not that of #DB (APM2 15.12.2).
    public static Effect DebugTrap(InstructionAccess a) => a.Processor.Delivery.Deliver(EventInfo.Of(EventType.Exception, ExceptionVector.DB), null);

    public static Effect SetInterruptFlag(InstructionAccess a, bool value)
    {
        ulong privilege = (a.State[VmcbField.RflagsRegister] >> 12) & 3;
        if (a.State[VmcbField.Cpl] > privilege)
        {
            return Effect.GP;
        }

        bool was = a.State.Bit(VmcbField.RflagsRegister, Rflags.IF);
        a.State.SetBit(VmcbField.RflagsRegister, Rflags.IF, value);
        a.State.InShadow = value && !was;
        return Effect.Done;
    }

    // HLT's own intercept is asked first; Idle HLT exits only where no virtual event is pending (APM2 table 15-7).
    public static Effect HaltExit(InstructionAccess a, Guest guest)
    {
        if (guest.Intercepts(SvmExitCode.Hlt))
        {
            return Effect.Exit(SvmExitCode.Hlt);
        }

        bool idle = !guest.IntCtl.VIrq && !guest.IntCtl.VNmiPending;
        return guest.Intercepts(SvmExitCode.IdleHlt) && a.Processor.Features.Has(CpuFeature.IdleHlt) && idle ? Effect.Exit(SvmExitCode.IdleHlt) : Effect.Done;
    }

    // MONITOR and MWAIT do not exist for user programs unless the operating system allows them (APM3).
    public static Effect SupervisorOnly(InstructionAccess a) => a.State[VmcbField.Cpl] == 0 ? Effect.Done : Effect.UD;

    public static Effect MonitorOperand(InstructionAccess a) =>
        a.State[VmcbField.Cpl] != 0 ? Effect.UD
        : a.Ecx != 0 ? Effect.GP
        : a.Processor.Translation.ToSystem(a.State.General[Registers.Rax], AccessKind.Read, out _);

    // A guest may broadcast only where its hypervisor lets it; the intercept comes first (APM2 table 15-7, appendix B).
    public static Effect BroadcastAllowed(InstructionAccess a) =>
        a.Guest is { } guest && ((guest[VmcbField.NestedControl] >> GuestBroadcasts) & 1) == 0 ? Effect.UD : Effect.Done;

    public static Effect Monitor(InstructionAccess a)
    {
        a.Processor.MonitorArmed = true;
        return Effect.Done;
    }

    // The conditional intercept is reported in preference, where the monitor is armed (APM2 table 15-7).
    public static Effect MwaitExit(InstructionAccess a, Guest guest) =>
        guest.Intercepts(SvmExitCode.MwaitConditional) && a.Processor.MonitorArmed ? Effect.Exit(SvmExitCode.MwaitConditional)
        : guest.Intercepts(SvmExitCode.Mwait) ? Effect.Exit(SvmExitCode.Mwait)
        : Effect.Done;

    public static Effect Invpcid(InstructionAccess a)
    {
        Effect read = a.Processor.Read(a.Address, 8, out _);
        return !read.IsDone ? read : a.State.General[a.GeneralOf(0)] > 3 ? Effect.GP : Effect.Done;
    }

    public static Effect SetXcr(InstructionAccess a)
    {
        bool legal = a.State[VmcbField.Cpl] == 0 && a.Ecx == 0 && (a.EdxEax & 1) != 0;
        return !a.State.Bit(VmcbField.Cr4Register, OsXsave) ? Effect.UD : legal ? Effect.Done : Effect.GP;
    }

    public static Effect Jump(InstructionAccess a)
    {
        if (a.Instruction.Op0Kind is OpKind.FarBranch16 or OpKind.FarBranch32)
        {
            return TaskSwitch.Jump(a);
        }

        a.State[VmcbField.Rip] = a.Instruction.NearBranchTarget;
        if (a.State.Bit(VmcbField.DbgCtl, DebugCtl.LBR))
        {
            a.State[VmcbField.BrFrom] = a.Instruction.IP;
            a.State[VmcbField.BrTo] = a.Instruction.NearBranchTarget;
        }

        return Effect.Done;
    }

    /// <summary>WAIT with a pending floating-point error: #MF, or with CR0.NE clear a freeze until an interrupt, which can be intercepted (APM2 15.14.2).</summary>
    public static Effect WaitForFloatingPoint(InstructionAccess a)
    {
        if (!a.State.FloatingPointError)
        {
            return Effect.Done;
        }

        if (a.State.Bit(VmcbField.Cr0Register, Cr0.NE))
        {
            return Effect.Raise(ExceptionVector.MF);
        }

        return a.Guest is { } guest && guest.Intercepts(SvmExitCode.FerrFreeze) ? Effect.Exit(SvmExitCode.FerrFreeze) : new Effect(EffectKind.Halted);
    }

    private static Effect Pop(InstructionAccess a, out ulong value)
    {
        Effect read = a.Processor.Read(a.State[VmcbField.Rsp], 8, out value);
        if (read.IsDone)
        {
            a.State[VmcbField.Rsp] = unchecked(a.State[VmcbField.Rsp] + 8);
        }

        return read;
    }

    // #UD for DR4 and DR5 with CR4.DE, #GP for CPL, #DB for general detect; all before the intercept (APM2 table 15-7).
    private static Effect DebugExceptions(InstructionAccess a)
    {
        Register register = a.Instruction.Op0Register.IsDR() ? a.Instruction.Op0Register : a.Instruction.Op1Register;
        int number = register.GetNumber();
        if (number is 4 or 5 && a.State.Bit(VmcbField.Cr4Register, DebugExtensions))
        {
            return Effect.UD;
        }

        if (a.State[VmcbField.Cpl] != 0)
        {
            return Effect.GP;
        }

        bool write = a.Instruction.Op0Register.IsDR();
        if (write && number >= 4 && a.State.General[a.GeneralOf(1)] > uint.MaxValue)
        {
            return Effect.GP;
        }

        if (a.State.Bit(VmcbField.Dr7, GeneralDetect))
        {
            a.State.SetBit(VmcbField.Dr6, GeneralDetect, true);
            a.State.SetBit(VmcbField.Dr7, GeneralDetect, false);
            return Effect.Raise(ExceptionVector.DB);
        }

        return Effect.Done;
    }

    private static Effect MoveDebug(InstructionAccess a, Register to, Register from)
    {
        bool write = to.IsDR();
        int number = (write ? to : from).GetNumber();
        ulong value = write ? a.State.General[a.GeneralOf(1)] : 0;
        VmcbField? field = number switch { 4 or 6 => VmcbField.Dr6, 5 or 7 => VmcbField.Dr7, _ => null };
        if (write && field is { } target)
        {
            a.State[target] = target == VmcbField.Dr7 ? DebugControl.Bits.Kept(value) : DebugStatus.Bits.Kept(value, a.Processor.Features.Profile);
        }
        else if (write)
        {
            a.State.Breakpoints[number] = value;
        }

        return write ? Effect.Done : a.Write(0, field is { } source ? a.State[source] : a.State.Breakpoints[number]);
    }
}
