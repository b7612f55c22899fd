namespace Differ.Schemas.Model;

/// <summary>Something a verdict would need and a recording may lack. The numbers are those of run.proto.</summary>
public enum Evidence : byte
{
    /// <summary>Nothing is missing.</summary>
    None = 0,

    /// <summary>Events were lost here.</summary>
    LostEvents = 1,

    /// <summary>A tracepoint that shows the outcome was not recorded.</summary>
    Tracepoint = 2,

    /// <summary>Whether L1 or L2 was running.</summary>
    Level = 3,

    /// <summary>The value of EFER.SVME in L1.</summary>
    EferSvme = 4,

    /// <summary>The current privilege level.</summary>
    Cpl = 5,

    /// <summary>RAX, the address of a VMCB.</summary>
    Rax = 6,

    /// <summary>RFLAGS, for IF or TF.</summary>
    Rflags = 7,

    /// <summary>The interrupt shadow.</summary>
    InterruptShadow = 8,

    /// <summary>Debug registers.</summary>
    DebugRegisters = 9,

    /// <summary>The save area of vmcb12.</summary>
    VmcbSaveArea = 10,

    /// <summary>ASID and TLB_CONTROL of vmcb12.</summary>
    Asid = 11,

    /// <summary>Addresses and content of the I/O permission map of L1.</summary>
    IoPermissionMap = 12,

    /// <summary>Addresses and content of the MSR permission map of L1.</summary>
    MsrPermissionMap = 13,

    /// <summary>The debug register intercepts of vmcb12.</summary>
    DrIntercepts = 14,

    /// <summary>L1's nested page tables.</summary>
    NestedPageTables = 15,

    /// <summary>nRIP of vmcb12.</summary>
    NextRip = 16,

    /// <summary>Instructions that run without an exit under virtual GIF.</summary>
    VirtualGif = 17,

    /// <summary>Instructions that run without an exit under virtual VMLOAD and VMSAVE.</summary>
    VirtualVmload = 18,

    /// <summary>Feature bits of the virtual CPU.</summary>
    GuestCpuid = 19,

    /// <summary>The controls of vmcb12.</summary>
    Vmcb12Controls = 20,

    /// <summary>The global interrupt flag.</summary>
    Gif = 21,

    /// <summary>Whether L0 injected an NMI.</summary>
    NmiInjection = 22,

    /// <summary>Whether L0 re-injected an exception.</summary>
    Reinjection = 23,

    /// <summary>Whether the monitor hardware was armed.</summary>
    MonitorArmed = 24,

    /// <summary>Interrupts pending in L1's local APIC.</summary>
    PendingInterrupts = 25,

    /// <summary>The value of VM_HSAVE_PA in L1.</summary>
    HsavePa = 26,

    /// <summary>The value of VM_CR in L1.</summary>
    VmCr = 27,

    /// <summary>The bytes of the instruction.</summary>
    InstructionBytes = 28,

    /// <summary>Why a VMRUN was refused.</summary>
    FailedCheck = 29,

    /// <summary>Whether the guest is in System Management Mode.</summary>
    Smm = 30,

    /// <summary>Control registers of L1.</summary>
    ControlRegisters = 31,

    /// <summary>The fault of the processor before this exit, after which nothing can be blamed on the hypervisor.</summary>
    ProcessorFault = 32,

    /// <summary>The operating mode of the guest.</summary>
    OperatingMode = 33,

    /// <summary>An event of an earlier exit that is still to be delivered.</summary>
    QueuedEvent = 34,

    /// <summary>Whether the host uses nested paging.</summary>
    HostPaging = 35,

    /// <summary>Content of the VMCB beyond what tracepoints carry, for example the error code of EVENTINJ.</summary>
    VmcbControlArea = 36,

    /// <summary>The states of VMCBs and registers around the exit, which a recorder with probes can add.</summary>
    MachineStates = 37,

    /// <summary>What was to follow when the recording ended.</summary>
    RecordingEnd = 38,

    /// <summary>What L2 executed between an entry and the exit that followed it.</summary>
    GuestRun = 39,

    /// <summary>L0's shadow page tables, where the host uses no nested paging.</summary>
    ShadowPageTables = 40,
}
