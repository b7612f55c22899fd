using Differ.Schemas.Vocabulary;
using Iced.Intel;

namespace Differ.Replay.Model;

/// <summary>The processor that the manual describes, as far as SVM reaches: it runs L1 and, after its VMRUN, L2.</summary>
/// <remarks>
/// Unlike the rules, which judge a recording of partly known state, this executes a machine known to the bit. Scenarios run on
/// it, and what it records is judged by the rules. What it does is written apart from them, except for the illegal states of
/// VMRUN and the exceptions of SVM's instructions and registers, which it asks the rules for, and the manual's tables, which both
/// read: there the two cannot find each other's faults, and scenarios and the tables as text in the tests decide.
/// </remarks>
internal sealed class Processor
{
    private const int LongestInstruction = (int)Manual.NextRip.LongestInstruction, SingleStep = 14, PageSize = 0x1000;

    private readonly List<PendingEvent> _pending = [];

    /// <summary>A processor after reset, with nothing in memory.</summary>
    public Processor(Features features, IProcessorObserver observer)
    {
        Features = features;
        Observer = observer;
        Translation = new Translation(this);
        Delivery = new Delivery(this);
        Switch = new WorldSwitch(this);
        Executor = new Executor(this);
        SystemManagement = new SystemManagement(this);
    }

    /// <summary>Whether time passes that nobody counted: what is read of it is open. Else the time stamp counter stands still.</summary>
    public bool TimePasses { get; init; }

    /// <summary>Its registers.</summary>
    public Registers State { get; } = new();

    /// <summary>Memory.</summary>
    public PhysicalMemory Memory { get; } = new();

    /// <summary>What the manual leaves open of the state it is in.</summary>
    public Undefined Undefined => Memory.Undefined;

    /// <summary>What it can do.</summary>
    public Features Features { get; }

    /// <summary>Is told what happens.</summary>
    public IProcessorObserver Observer { get; }

    /// <summary>The guest that runs; null while the host does.</summary>
    public Guest? Guest { get; set; }

    /// <summary>The processor waits for an interrupt.</summary>
    public bool Halted { get; set; }

    /// <summary>MONITOR was executed, and nothing has triggered it.</summary>
    public bool MonitorArmed { get; set; }

    /// <summary>The processor shut down.</summary>
    public bool IsShutDown { get; set; }

    /// <summary>The address behind the instruction that is executed.</summary>
    public ulong NextRip { get; set; }

    /// <summary>The instruction's bytes, as far as they could be fetched.</summary>
    public byte[] InstructionBytes { get; private set; } = [];

    /// <summary>Address translation.</summary>
    public Translation Translation { get; }

    /// <summary>Delivery of events.</summary>
    public Delivery Delivery { get; }

    /// <summary>VMRUN and #VMEXIT.</summary>
    public WorldSwitch Switch { get; }

    /// <summary>System management mode.</summary>
    public SystemManagement SystemManagement { get; }

    private Executor Executor { get; }

    /// <summary>Whether it executes 64-bit code.</summary>
    public bool In64BitMode => State.Bit(VmcbField.EferRegister, Manual.Tables.Efer.LMA) && State.Bit(VmcbField.CsAttributes, 9);

    /// <summary>An address sign-extended from the highest bit that linear addresses have: 48 of them, or 57 with five levels of tables (APM2 5.3).</summary>
    public ulong Canonical(ulong address)
    {
        int unused = State.Bit(VmcbField.Cr4Register, Manual.Tables.Cr4.LA57) && Features.Has(Manual.Tables.CpuFeature.FiveLevelPaging) ? 64 - 57 : 64 - 48;
        return unchecked((ulong)((long)(address << unused) >> unused));
    }

    /// <summary>Whether protection is on and virtual-8086 mode off.</summary>
    public bool InProtectedMode => State.Bit(VmcbField.Cr0Register, Manual.Tables.Cr0.PE) && !State.Bit(VmcbField.RflagsRegister, Manual.Tables.Rflags.VM);

    /// <summary>An event arrives from outside; it stays pending until it is taken.</summary>
    public void Arrives(PendingEvent arriving) => _pending.Add(arriving);

    /// <summary>Takes a pending event, or executes one instruction.</summary>
    public void Step()
    {
        if (IsShutDown)
        {
            return;
        }

        bool wasInShadow = State.InShadow;
        if (Priority.Take(this, _pending) is { } taken)
        {
            Halted = false;
            End(taken.Effect, taken.Rip);
            return;
        }

        if (Halted)
        {
            return;
        }

        if (HitsBreakpoint())
        {
            End(Effect.Raise(ExceptionVector.DB), State[VmcbField.Rip]);
            return;
        }

        ExecuteNext(wasInShadow);
    }

    /// <summary>Brings an effect to its end: an exception is intercepted or delivered, a #VMEXIT taken.</summary>
    /// <param name="effect">The effect.</param>
    /// <param name="rip">RIP that the event reports.</param>
    public void End(Effect effect, ulong rip)
    {
        switch (effect.Kind)
        {
            case EffectKind.Exception:
                State[VmcbField.Rip] = rip;
                End(Delivery.RaiseException(effect), rip);
                break;
            case EffectKind.Exit:
                Switch.Vmexit(effect);
                TrapBehindVmrun();
                break;
            case EffectKind.Shutdown:
                ShutDown();
                break;
            case EffectKind.Halted:
                Halted = true;
                break;
            default:
                break;
        }
    }

    /// <summary>Shutdown: a #VMEXIT where it is intercepted, the end where not (APM2 15.14.3).</summary>
    public void ShutDown()
    {
        if (Guest is { } guest && guest.Intercepts(SvmExitCode.Shutdown))
        {
            End(Effect.Exit(SvmExitCode.Shutdown), State[VmcbField.Rip]);
            return;
        }

        IsShutDown = true;
        Observer.ShutsDown(this);
    }

    /// <summary>Reads memory by linear address.</summary>
    public Effect Read(ulong linear, int size, out ulong value)
    {
        Effect effect = Read(linear, size, out value, out ulong open);
        Undefined.Read(open, $"memory at 0x{linear:x}");
        return effect;
    }

    /// <summary>Reads memory by linear address, for who looks after bits that the manual leaves open.</summary>
    public Effect Read(ulong linear, int size, out ulong value, out ulong open)
    {
        value = 0;
        open = 0;
        int here = WithinPage(linear, size);
        Effect effect = ToSystem(linear, size, AccessKind.Read, out ulong first, out ulong second);
        effect = effect.IsDone ? AvicPage.Read(this, first) : effect;
        if (!effect.IsDone)
        {
            return effect;
        }

        value = Memory.Read(first, here);
        open = Undefined.In(first, here);
        if (here < size)
        {
            value |= Memory.Read(second, size - here) << (8 * here);
            open |= Undefined.In(second, size - here) << (8 * here);
        }

        return effect;
    }

    /// <summary>Writes memory by linear address. Where it cannot write all of it, it writes nothing.</summary>
    public Effect Write(ulong linear, ulong value, int size)
    {
        int here = WithinPage(linear, size);
        Effect effect = ToSystem(linear, size, AccessKind.Write, out ulong first, out ulong second);
        if (!effect.IsDone)
        {
            return effect;
        }

        if (AvicPage.IsIn(this, first))
        {
            return AvicPage.Write(this, first, (uint)(value & uint.MaxValue));
        }

        Memory.Write(first, value, here);
        if (here < size)
        {
            Memory.Write(second, value >> (8 * here), size - here);
        }

        return effect;
    }

    // An access across a page's end needs both pages; a fault of the second names its first byte.
    private Effect ToSystem(ulong linear, int size, AccessKind kind, out ulong first, out ulong second)
    {
        second = 0;
        Effect effect = Translation.ToSystem(linear, kind, out first);
        int here = WithinPage(linear, size);
        return effect.IsDone && here < size ? Translation.ToSystem(unchecked(linear + (ulong)here), kind, out second) : effect;
    }

    private static int WithinPage(ulong linear, int size) => Math.Min(size, PageSize - (int)(linear % PageSize));

    private void ExecuteNext(bool wasInShadow)
    {
        bool trap = State.Bit(VmcbField.RflagsRegister, Manual.Tables.Rflags.TF);
        ulong rip = State[VmcbField.Rip];
        Guest? running = Guest;
        Effect effect = Fetch(out Instruction instruction);
        if (effect.IsDone)
        {
            Observer.Executes(this, instruction);
            effect = Executor.Execute(instruction);
        }

        // What VMRUN, #VMEXIT and RSM loaded belongs to the next instruction.
        bool stays = running == Guest && instruction.Mnemonic != Mnemonic.Rsm;
        if (effect.IsDone && stays)
        {
            State.InShadow &= !wasInShadow;
            Undefined[VmcbField.RflagsRegister] &= instruction.Mnemonic == Mnemonic.Iretq ? ulong.MaxValue : ~(1UL << Manual.Tables.Rflags.RF);
            State.SetBit(VmcbField.RflagsRegister, Manual.Tables.Rflags.RF, State.Bit(VmcbField.RflagsRegister, Manual.Tables.Rflags.RF) && instruction.Mnemonic == Mnemonic.Iretq);
        }

        if (effect.IsDone && trap && stays)
        {
            State.SetBit(VmcbField.Dr6, SingleStep, true);
            effect = Effect.Raise(ExceptionVector.DB);
            rip = State[VmcbField.Rip];
        }

        // What comes of delivering an event into a guest that VMRUN has just loaded happens where the guest is.
        End(effect, running == Guest ? rip : State[VmcbField.Rip]);
    }

    // An instruction breakpoint comes before the instruction and its intercepts; RF suppresses it once, GIF 0 discards it (APM2 13.1.1, 15.17).
    private bool HitsBreakpoint()
    {
        if (State.Bit(VmcbField.RflagsRegister, Manual.Tables.Rflags.RF) || !State.Gif)
        {
            return false;
        }

        ulong control = State[VmcbField.Dr7];
        ulong linear = In64BitMode ? State[VmcbField.Rip] : unchecked(State[VmcbField.CsBase] + State[VmcbField.Rip]);
        bool hit = false;
        for (int i = 0; i < State.Breakpoints.Length; i++)
        {
            bool onExecution = ((control >> (2 * i)) & 3) != 0 && ((control >> (16 + (4 * i))) & 3) == 0;
            if (onExecution && State.Breakpoints[i] == linear)
            {
                State.SetBit(VmcbField.Dr6, i, true);
                hit = true;
            }
        }

        return hit;
    }

    // TF of the host at its VMRUN traps when the guest has been left (APM2 15.5.1).
    private void TrapBehindVmrun()
    {
        if (!IsShutDown && State.Bit(VmcbField.RflagsRegister, Manual.Tables.Rflags.TF))
        {
            State.SetBit(VmcbField.Dr6, SingleStep, true);
            End(Effect.Raise(ExceptionVector.DB), State[VmcbField.Rip]);
        }
    }

    private Effect Fetch(out Instruction instruction)
    {
        instruction = default;
        InstructionBytes = [];
        ulong rip = State[VmcbField.Rip];
        if (In64BitMode && Canonical(rip) != rip)
        {
            return Effect.GP;
        }

        byte[] bytes = new byte[LongestInstruction];
        ulong linear = In64BitMode ? rip : unchecked(State[VmcbField.CsBase] + rip);
        for (int i = 0; i < bytes.Length; i++)
        {
            Effect effect = Translation.ToSystem(unchecked(linear + (ulong)i), AccessKind.Fetch, out ulong physical);
            if (!effect.IsDone)
            {
                if (i == 0)
                {
                    return effect;
                }

                break;
            }

            bytes[i] = (byte)Memory.Read(physical, 1);
            InstructionBytes = bytes[..(i + 1)];
        }

        int bitness = In64BitMode ? 64 : State.Bit(VmcbField.CsAttributes, 10) ? 32 : 16;
        Decoder decoder = Decoder.Create(bitness, new ByteArrayCodeReader(bytes), DecoderOptions.AMD);
        decoder.IP = rip;
        decoder.Decode(out instruction);
        return instruction.IsInvalid ? Effect.UD : Effect.Done;
    }
}

/// <summary>Is told what a processor does, for reports and recordings.</summary>
internal interface IProcessorObserver
{
    /// <summary>An instruction is about to be executed.</summary>
    void Executes(Processor processor, in Instruction instruction);

    /// <summary>VMRUN is about to check the state of the guest.</summary>
    void Runs(Processor processor, in Vmcb vmcb);

    /// <summary>The guest was loaded and its first instruction is next.</summary>
    void Entered(Processor processor, Guest guest);

    /// <summary>The guest is left; its registers are as it left them.</summary>
    void Leaves(Processor processor, Guest guest, Effect exit);

    /// <summary>The host's registers are back, behind its VMRUN.</summary>
    void Left(Processor processor, in Vmcb vmcb);

    /// <summary>An event goes through the interrupt table of whoever runs.</summary>
    void Delivers(Processor processor, EventInfo what, uint? error);

    /// <summary>The processor shuts down.</summary>
    void ShutsDown(Processor processor);
}
