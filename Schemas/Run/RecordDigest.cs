using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Run;

/// <summary>Where things are in a record: one pass over its events, reused for the next record.</summary>
/// <remarks>
/// A record is cut into parts at every change of guest (kvm_nested_vmenter, kvm_nested_vmexit_inject): what is staged in the
/// last part is delivered to the guest that is entered, what was staged before had to be handed over or dropped.
/// </remarks>
public sealed class RecordDigest
{
    private const int PageFaultAddressSlot = 1;

    /// <summary>The #VMEXITs that L1 was shown.</summary>
    public int Reflections { get; private set; }

    /// <summary>The first of them; meaningless when there is none.</summary>
    public NestedVmexitInject Reflection { get; private set; }

    /// <summary>L0 announced that it reflects INTR.</summary>
    public bool IntrAnnounced { get; private set; }

    /// <summary>Wake-ups after L1 was shown a #VMEXIT.</summary>
    public int WakeupsAfterReflection { get; private set; }

    /// <summary>Guest runs that L0 started.</summary>
    public int Vmenters { get; private set; }

    /// <summary>The last of them; meaningless when there is none.</summary>
    public NestedVmenter Vmenter { get; private set; }

    /// <summary>Whether the intercepts of the last guest run are known.</summary>
    public bool HasIntercepts { get; private set; }

    /// <summary>They.</summary>
    public NestedIntercepts Intercepts { get; private set; }

    /// <summary>Checks of VMRUN that failed by name.</summary>
    public int FailedChecks { get; private set; }

    /// <summary>Which guest is entered, as far as events tell: the level of the exit where nothing changed it.</summary>
    public GuestLevel EntryLevel { get; private set; }

    /// <summary>Whether anything recorded changes the guest; where nothing does, <see cref="EntryLevel"/> is that of the exit.</summary>
    public bool ChangesGuest => Reflections > 0 || Vmenters > 0 || SmmEntered || SmmLeft;

    /// <summary>Whether an exception is staged for the guest that is entered.</summary>
    public bool HasException { get; private set; }

    /// <summary>The last one.</summary>
    public InjectedException Exception { get; private set; }

    /// <summary>Whether an interrupt is staged for the guest that is entered.</summary>
    public bool HasInterrupt { get; private set; }

    /// <summary>The last one.</summary>
    public InjectedInterrupt Interrupt { get; private set; }

    /// <summary>The last event staged for the guest that is entered.</summary>
    public EventInfo Staged { get; private set; }

    /// <summary>The last event staged before L1 was shown a #VMEXIT.</summary>
    public EventInfo StagedBeforeReflection { get; private set; }

    /// <summary>How many different events are staged for the guest that is entered.</summary>
    public int StagedEvents { get; private set; }

    /// <summary>Whether the first event staged in the record is a re-injected one; unknown on kernels that do not say.</summary>
    public Truth FirstStagedAgain { get; private set; }

    /// <summary>Whether any event is staged in the record.</summary>
    public bool HasStaged { get; private set; }

    /// <summary>Whether an interrupt that is not INTn is staged for the first time; unknown on kernels that do not say.</summary>
    public Truth NewInterrupt { get; private set; }

    /// <summary>Its vector.</summary>
    public byte NewInterruptVector { get; private set; }

    /// <summary>Whether L0 handled an access to a model-specific register.</summary>
    public bool HasMsr { get; private set; }

    /// <summary>The last one.</summary>
    public MsrAccess Msr { get; private set; }

    /// <summary>Whether L0 decoded an instruction.</summary>
    public bool HasInstruction { get; private set; }

    /// <summary>The first one.</summary>
    public EmulatedInstruction Instruction { get; private set; }

    /// <summary>L0 gave up emulating.</summary>
    public bool EmulationFailed { get; private set; }

    /// <summary>Whether L0 handled a MOV to a control register.</summary>
    public bool HasCrWrite { get; private set; }

    /// <summary>The last one.</summary>
    public CrAccess CrWrite { get; private set; }

    /// <summary>Whether port I/O was carried out.</summary>
    public bool HasPort { get; private set; }

    /// <summary>The first one.</summary>
    public PortAccess Port { get; private set; }

    /// <summary>Whether L0 handled a page fault.</summary>
    public bool HasPageFault { get; private set; }

    /// <summary>The address of the first one.</summary>
    public ulong PageFaultAddress { get; private set; }

    /// <summary>Whether AVIC could not deliver an interrupt.</summary>
    public bool HasAvicIpi { get; private set; }

    /// <summary>The first one.</summary>
    public AvicIncompleteIpi AvicIpi { get; private set; }

    /// <summary>Whether AVIC left an access to L0.</summary>
    public bool HasAvicAccess { get; private set; }

    /// <summary>The first one.</summary>
    public AvicUnacceleratedAccess AvicAccess { get; private set; }

    /// <summary>L0 executed a hypercall of any interface.</summary>
    public bool Hypercall { get; private set; }

    /// <summary>The task priority register of L1's local APIC was written.</summary>
    public bool TaskPriorityWritten { get; private set; }

    /// <summary>Reason of the last return to the virtual machine monitor; null when there was none.</summary>
    public uint? UserspaceReason { get; private set; }

    /// <summary>The virtual machine monitor was told that the machine shut down.</summary>
    public bool ShutdownReported { get; private set; }

    /// <summary>The last return to the virtual machine monitor was one behind which the guest cannot go on.</summary>
    public bool GuestEnded { get; private set; }

    /// <summary>A local APIC accepted INIT, whichever vCPU it belongs to.</summary>
    public bool InitAccepted { get; private set; }

    /// <summary>The address that L0 took for INVLPGA; null when it executed none.</summary>
    public ulong? InvlpgaAddress { get; private set; }

    /// <summary>Vector of the last interrupt that was ended; null when none was.</summary>
    public ulong? EoiVector { get; private set; }

    /// <summary>System Management Mode was entered.</summary>
    public bool SmmEntered { get; private set; }

    /// <summary>System Management Mode was left.</summary>
    public bool SmmLeft { get; private set; }

    /// <summary>States of VMCBs and registers, where the recorder had probes.</summary>
    public MachineStates States { get; private set; } = MachineStates.None;

    /// <summary>Looks at a record.</summary>
    public void Read(in ExitRecord record)
    {
        Reset(record.Level);
        States = record.States;
        foreach (ref readonly KvmEvent kvmEvent in record.Events)
        {
            Note(kvmEvent);
        }

        if (SmmEntered && Reflections > 0 && Reflection.ExitCode != SvmExitCode.Smi)
        {
            // Up to 5.18 the kernel shows whatever code stood there when it leaves L2 for System Management Mode; L1 is shown none.
            Reflection = Reflection with { ExitCode = SvmExitCode.HostUse };
        }
    }

    private void Reset(GuestLevel level)
    {
        Reflections = 0;
        IntrAnnounced = false;
        WakeupsAfterReflection = 0;
        Vmenters = 0;
        HasIntercepts = false;
        FailedChecks = 0;
        EntryLevel = level;
        StagedBeforeReflection = default;
        FirstStagedAgain = default;
        HasStaged = false;
        HasMsr = false;
        HasInstruction = false;
        EmulationFailed = false;
        Hypercall = false;
        HasCrWrite = false;
        HasPort = false;
        HasPageFault = false;
        HasAvicIpi = false;
        HasAvicAccess = false;
        TaskPriorityWritten = false;
        UserspaceReason = null;
        ShutdownReported = false;
        GuestEnded = false;
        InitAccepted = false;
        InvlpgaAddress = null;
        EoiVector = null;
        SmmEntered = false;
        SmmLeft = false;
        StartPart();
    }

    private void StartPart()
    {
        HasException = false;
        HasInterrupt = false;
        Staged = default;
        StagedEvents = 0;
        NewInterrupt = Truth.No;
    }

    private void Note(in KvmEvent kvmEvent)
    {
        switch (kvmEvent.Kind)
        {
            case KvmEventKind.NestedVmexitInject:
                NoteReflection(NestedVmexitInject.Of(kvmEvent));
                break;
            case KvmEventKind.NestedVmenter:
                Vmenters++;
                Vmenter = NestedVmenter.Of(kvmEvent);
                HasIntercepts = false;
                EntryLevel = GuestLevel.L2;
                StartPart();
                break;
            case KvmEventKind.NestedIntercepts:
                HasIntercepts = true;
                Intercepts = NestedIntercepts.Of(kvmEvent);
                break;
            case KvmEventKind.NestedIntrVmexit:
                IntrAnnounced = true;
                break;
            case KvmEventKind.NestedVmenterFailed:
                FailedChecks++;
                break;
            case KvmEventKind.InjectException:
                NoteException(InjectedException.Of(kvmEvent));
                break;
            case KvmEventKind.InjectInterrupt:
                NoteInterrupt(InjectedInterrupt.Of(kvmEvent));
                break;
            case KvmEventKind.MsrAccess:
                HasMsr = true;
                Msr = MsrAccess.Of(kvmEvent);
                break;
            default:
                NoteOther(kvmEvent);
                break;
        }
    }

    private void NoteOther(in KvmEvent kvmEvent)
    {
        switch (kvmEvent.Kind)
        {
            case KvmEventKind.EmulateInstruction:
                EmulatedInstruction instruction = EmulatedInstruction.Of(kvmEvent);
                Instruction = HasInstruction ? Instruction : instruction;
                HasInstruction = true;
                EmulationFailed |= instruction.Failed;
                break;
            case KvmEventKind.Hypercall or KvmEventKind.HypervHypercall or KvmEventKind.XenHypercall:
                Hypercall = true;
                break;
            case KvmEventKind.ApicAccess:
                ApicAccess access = ApicAccess.Of(kvmEvent);
                TaskPriorityWritten |= access is { Write: true, Register: ApicAccess.TaskPriority };
                break;
            case KvmEventKind.VcpuWakeup:
                WakeupsAfterReflection += Reflections > 0 ? 1 : 0;
                break;
            case KvmEventKind.UserspaceExit:
                UserspaceExit exit = UserspaceExit.Of(kvmEvent);
                UserspaceReason = exit.Reason;
                ShutdownReported |= exit.Reason == UserspaceExit.ShutdownReason;
                GuestEnded = exit.EndsTheGuest;
                break;
            case KvmEventKind.Invlpga:
                InvlpgaAddress = InvlpgaExecution.Of(kvmEvent).Address;
                break;
            case KvmEventKind.Eoi:
                EoiVector = EndOfInterrupt.Of(kvmEvent).Vector;
                break;
            case KvmEventKind.SmmTransition:
                bool entering = SmmTransition.Of(kvmEvent).Entering;
                SmmEntered |= entering;
                SmmLeft |= !entering;
                EntryLevel = entering ? GuestLevel.L1 : GuestLevel.Unknown;
                StartPart();
                break;
            default:
                NoteDevice(kvmEvent);
                break;
        }
    }

    private void NoteDevice(in KvmEvent kvmEvent)
    {
        switch (kvmEvent.Kind)
        {
            case KvmEventKind.CrAccess:
                CrAccess access = CrAccess.Of(kvmEvent);
                CrWrite = access.Write ? access : CrWrite;
                HasCrWrite |= access.Write;
                break;
            case KvmEventKind.ApicAcceptIrq:
                InitAccepted |= AcceptedInterrupt.Of(kvmEvent).DeliveryMode == AcceptedInterrupt.InitMode;
                break;
            case KvmEventKind.PortAccess when !HasPort:
                HasPort = true;
                Port = PortAccess.Of(kvmEvent);
                break;
            case KvmEventKind.PageFault when !HasPageFault:
                HasPageFault = true;
                PageFaultAddress = kvmEvent.Values[PageFaultAddressSlot];
                break;
            case KvmEventKind.AvicIncompleteIpi when !HasAvicIpi:
                HasAvicIpi = true;
                AvicIpi = AvicIncompleteIpi.Of(kvmEvent);
                break;
            case KvmEventKind.AvicUnacceleratedAccess when !HasAvicAccess:
                HasAvicAccess = true;
                AvicAccess = AvicUnacceleratedAccess.Of(kvmEvent);
                break;
            default:
                break;
        }
    }

    private void NoteReflection(in NestedVmexitInject reflection)
    {
        if (Reflections++ == 0)
        {
            Reflection = reflection;
            StagedBeforeReflection = Staged;
        }

        EntryLevel = GuestLevel.L1;
        StartPart();
    }

    private void NoteException(in InjectedException exception)
    {
        HasException = true;
        Exception = exception;
        NoteStaged(EventInfo.Of(EventType.Exception, exception.Vector), exception.Reinjected);
    }

    private void NoteInterrupt(in InjectedInterrupt interrupt)
    {
        HasInterrupt = true;
        Interrupt = interrupt;
        Truth isNew = !interrupt.Reinjected & !interrupt.Soft;
        if (!isNew.IsNo && !NewInterrupt.IsYes)
        {
            NewInterrupt = isNew;
            NewInterruptVector = interrupt.Vector;
        }

        NoteStaged(EventInfo.Of(interrupt.Soft.IsYes ? EventType.SoftwareInterrupt : EventType.Interrupt, interrupt.Vector), interrupt.Reinjected);
    }

    private void NoteStaged(EventInfo staged, Truth again)
    {
        FirstStagedAgain = HasStaged ? FirstStagedAgain : again;
        HasStaged = true;
        StagedEvents += Staged.Valid && Staged == staged ? 0 : 1;
        Staged = staged;
    }
}
