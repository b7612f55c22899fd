using Differ.Schemas.Run;

namespace Differ.Schemas.Model;

/// <summary>A fact about a record that the reference can foretell and the comparison can read. The numbers are those of run.proto.</summary>
public enum ComparedField : ushort
{
    /// <summary>No field.</summary>
    None = 0,

    /// <summary>EXITCODE that the processor reported.</summary>
    ExitCode = 1,

    /// <summary>EXITINFO1 that the processor reported.</summary>
    ExitInfo1 = 2,

    /// <summary>EXITINFO2 that the processor reported.</summary>
    ExitInfo2 = 3,

    /// <summary>EXITINTINFO that the processor reported; 0 when it is not valid.</summary>
    ExitIntInfo = 4,

    /// <summary>Error code of EXITINTINFO that the processor reported.</summary>
    ExitIntInfoError = 5,

    /// <summary>RIP that the processor reported.</summary>
    ExitRip = 6,

    /// <summary>EXITCODE of the #VMEXIT that L1 is shown; absent when L1 is shown none.</summary>
    ReflectedCode = 10,

    /// <summary>EXITINFO1 that L1 is shown.</summary>
    ReflectedInfo1 = 11,

    /// <summary>EXITINFO2 that L1 is shown.</summary>
    ReflectedInfo2 = 12,

    /// <summary>EXITINTINFO that L1 is shown; 0 when it is not valid.</summary>
    ReflectedIntInfo = 13,

    /// <summary>Error code of EXITINTINFO that L1 is shown.</summary>
    ReflectedIntInfoError = 14,

    /// <summary>L0 announced that it reflects INTR.</summary>
    IntrReflectionAnnounced = 15,

    /// <summary>How often a halted vCPU woke up after L1 was shown a #VMEXIT.</summary>
    WakeupsAfterReflection = 16,

    /// <summary>How many guest runs L0 started: VMRUNs that passed all checks.</summary>
    VmrunsEntered = 20,

    /// <summary>How many checks of VMRUN failed by name.</summary>
    VmrunChecksFailed = 21,

    /// <summary>Vector of the exception staged for the guest that is entered; absent when none is.</summary>
    Exception = 30,

    /// <summary>Whether that exception pushes an error code.</summary>
    ExceptionHasError = 31,

    /// <summary>Error code of that exception.</summary>
    ExceptionError = 32,

    /// <summary>Vector of the interrupt staged for the guest that is entered; absent when none is.</summary>
    Interrupt = 33,

    /// <summary>The event staged for the guest that is entered, in the form of EVENTINJ without error code bit; 0 when none is.</summary>
    StagedEvent = 34,

    /// <summary>Vector of an interrupt staged for the first time, not re-injected; absent when none is.</summary>
    NewInterrupt = 35,

    /// <summary>How many different events were staged for the guest that is entered.</summary>
    StagedEvents = 36,

    /// <summary>The first event staged after the exit is one that L0 calls re-injected.</summary>
    StagedAgain = 37,

    /// <summary>EVENTINJ of the VMCB that is entered, as the entry shows it.</summary>
    EntryEventInj = 38,

    /// <summary>RIP at the entry.</summary>
    EntryRip = 40,

    /// <summary>Which guest is entered, 1 or 2.</summary>
    EntryLevel = 41,

    /// <summary>Whether L0 answered the access to a model-specific register with #GP.</summary>
    MsrFaulted = 50,

    /// <summary>The value read from a model-specific register.</summary>
    MsrValue = 51,

    /// <summary>L0 carried out an access to a model-specific register.</summary>
    MsrAccessed = 52,

    /// <summary>L0 executed INVLPGA.</summary>
    InvlpgaExecuted = 53,

    /// <summary>L0 executed a hypercall.</summary>
    HypercallExecuted = 54,

    /// <summary>L0 met SKINIT.</summary>
    SkinitMet = 55,

    /// <summary>Port I/O was carried out.</summary>
    PortAccessed = 56,

    /// <summary>The task priority register of L1's local APIC was written.</summary>
    TaskPriorityWritten = 57,

    /// <summary>Reason of the return to the virtual machine monitor; absent when there was none.</summary>
    UserspaceReason = 60,

    /// <summary>System Management Mode was entered.</summary>
    SmmEntered = 61,

    /// <summary>L0 gave up emulating an instruction.</summary>
    EmulationFailed = 62,

    /// <summary>The guest that exited is L2.</summary>
    ExitOfL2 = 80,

    /// <summary>How many #VMEXITs L1 is shown in one record.</summary>
    Reflections = 81,

    /// <summary>Low half of the virtual interrupt control of vmcb12 as VMRUN finds it.</summary>
    Vmcb12IntCtl = 82,

    /// <summary>EVENTINJ of vmcb12 as VMRUN finds it; 0 when it is not valid.</summary>
    Vmcb12EventInj = 83,

    /// <summary>A control register was written by a MOV that L0 handled.</summary>
    ControlRegisterWritten = 84,

    /// <summary>The first port access that was carried out, as EXITINFO1 would describe it.</summary>
    PortDescription = 85,

    /// <summary>Whether the access to a model-specific register was a write.</summary>
    MsrWritten = 86,

    /// <summary>The first address that L0 handled a page fault for.</summary>
    PageFaultAddress = 87,

    /// <summary>ICR of the interrupt that AVIC could not deliver, as L0 read it.</summary>
    AvicIpiCommand = 88,

    /// <summary>Reason and index of the interrupt that AVIC could not deliver, in the form of EXITINFO2.</summary>
    AvicIpiReason = 89,

    /// <summary>The access that AVIC does not accelerate, in the form of EXITINFO1.</summary>
    AvicAccess = 90,

    /// <summary>Vector of the access that AVIC does not accelerate.</summary>
    AvicVector = 91,

    /// <summary>L0 decoded an instruction.</summary>
    InstructionDecoded = 100,

    /// <summary>RIP of the first instruction that L0 decoded.</summary>
    InstructionRip = 101,

    /// <summary>The address that L0 took for INVLPGA.</summary>
    InvlpgaAddress = 102,

    /// <summary>A local APIC sent an interrupt.</summary>
    ApicIpiSent = 103,

    /// <summary>Vector of the interrupt that was ended.</summary>
    EoiVector = 104,

    /// <summary>L0 began a request of a guest with encrypted state.</summary>
    VmgexitBegun = 105,

    /// <summary>L0 ended a request of a guest with encrypted state.</summary>
    VmgexitEnded = 106,

    /// <summary>The virtual machine monitor was told that the machine shut down.</summary>
    ShutdownReported = 107,

    /// <summary>A local APIC accepted INIT.</summary>
    InitAccepted = 108,
}

/// <summary>The compared fields that are parts of a recorded state; their numbers are computed, one for each moment and position.</summary>
public static class ComparedState
{
    private const int First = 0x8000;

    /// <summary>The compared field of a moment and position.</summary>
    public static ComparedField Of(StateMoment moment, int position) => (ComparedField)(First + ((int)moment * StateValue.Positions) + position);

    /// <summary>Whether a compared field is part of a recorded state.</summary>
    public static bool IsState(ComparedField field) => (int)field >= First;

    /// <summary>The moment.</summary>
    public static StateMoment MomentOf(ComparedField field) => (StateMoment)(((int)field - First) / StateValue.Positions);

    /// <summary>The position.</summary>
    public static int PositionOf(ComparedField field) => ((int)field - First) % StateValue.Positions;
}
