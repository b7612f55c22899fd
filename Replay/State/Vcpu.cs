using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Replay.State;

/// <summary>The architectural state of one vCPU as L1 and L2 see it, known bit by bit.</summary>
/// <remarks>What a recording never shows (CPL, RFLAGS, debug registers) stays unknown on recordings; it is here because statements speak of it.</remarks>
internal sealed class Vcpu : IInstructionRegisters
{
    /// <summary>A vCPU of which nothing is known.</summary>
    /// <param name="told">What the user says of it; null for nothing.</param>
    public Vcpu(CpuDescription? told = null)
    {
        Profile = new Profile(told);
        VmrunState = new VmrunState(Vmcb12, Profile);
        Instruction = new InstructionState(this);
    }

    /// <summary>Who remembers where each bit came from; null where nobody asks.</summary>
    public StateTrail? Trail { get; set; }

    /// <summary>EFER of L1.</summary>
    public Bits64 Efer { get; set; }

    /// <summary>Whether EFER.SVME of L1 was only concluded from an SVM instruction that worked.</summary>
    public bool SvmeConcluded { get; set; }

    /// <summary>CR0 of L1.</summary>
    public Bits64 Cr0 { get; set; }

    /// <summary>CR4 of L1.</summary>
    public Bits64 Cr4 { get; set; }

    /// <summary>RFLAGS of L1.</summary>
    public Bits64 Rflags { get; set; }

    /// <summary>Privilege level of the guest that runs.</summary>
    public Bits64 Cpl { get; set; }

    /// <summary>RAX of the guest that runs.</summary>
    public Bits64 Rax { get; set; }

    /// <summary>Whether a breakpoint register matches the instruction at RIP.</summary>
    public Truth BreakpointAtRip { get; set; }

    /// <summary>Whether L1's permission map intercepts the port that is accessed.</summary>
    public Truth PortIntercepted { get; set; }

    /// <summary>Whether L1's permission map intercepts the MSR access at hand.</summary>
    public Truth MsrIntercepted { get; set; }

    /// <summary>Whether the monitor is armed.</summary>
    public Truth MonitorArmed { get; set; }

    /// <summary>Whether L2 is in 64-bit mode, as far as an instruction that L0 decoded told.</summary>
    public Truth L2In64BitMode
    {
        get => VmrunState.In64BitMode;
        set => VmrunState.In64BitMode = value;
    }

    /// <summary>VM_CR of L1.</summary>
    public Bits64 VmCr { get; set; }

    /// <summary>VM_HSAVE_PA of L1.</summary>
    public Bits64 HsavePa { get; set; }

    /// <summary>The global interrupt flag (APM2 15.17).</summary>
    public Truth Gif { get; set; }

    /// <summary>Whether STGI and CLGI of L1 exit, so that GIF is always known once it was.</summary>
    public Truth GifInstructionsExit { get; set; }

    /// <summary>Whether VMLOAD and VMSAVE of L1 exit.</summary>
    public Truth VmloadExits { get; set; }

    /// <summary>A #VMEXIT cleared GIF and no interrupt was taken by L1 since.</summary>
    public bool GifClearedByExit { get; set; }

    /// <summary>Whether L2 runs.</summary>
    public Truth InL2 { get; set; }

    /// <summary>Whether the vCPU is in System Management Mode.</summary>
    public Truth InSmm { get; set; }

    /// <summary>Whether System Management Mode was entered from L2 by the kernel's own #VMEXIT code.</summary>
    public bool SmmFromL2 { get; set; }

    /// <summary>System Management Mode, entered from L2, was left, and nothing told yet whether L2 is back.</summary>
    public bool L2Due { get; set; }

    /// <summary>VMRUN started L2 and no #VMEXIT of L2 was seen since.</summary>
    public bool FirstExitPending { get; set; }

    /// <summary>L0 asked for an exit right behind the entry that followed that VMRUN; unknown where the kernel does not record it.</summary>
    public Truth FirstExitForced { get; set; }

    /// <summary>The VMM was asked since VMRUN started L2: it may have given L2 an event to deliver.</summary>
    public bool AskedMonitorInL2 { get; set; }

    /// <summary>L2 wrote to its TSC since VMRUN started it, which moves the offset of L1.</summary>
    public bool TscWrittenInL2 { get; set; }

    /// <summary>The event that L0 delivers at the last entry, or that the exit before interrupted; none where there was none.</summary>
    public EventInfo InDelivery { get; set; }

    /// <summary>Where L1 was entered with GIF clear, by a #VMEXIT in the record just before; unseen otherwise.</summary>
    public Observed<ulong> GoesOnWithoutGif { get; set; }

    /// <summary>That #VMEXIT was the failure of a VMRUN.</summary>
    public bool LastVmrunRefused { get; set; }

    /// <summary>The controls L2 runs with.</summary>
    public Vmcb12 Vmcb12 { get; } = new();

    /// <summary>L1's registers as its last VMRUN found them, where a recorder with probes dumped them.</summary>
    public RegisterDump L1AtVmrun { get; } = new();

    /// <summary>The ASID that L2 was entered with last, where a recorder with probes dumped it.</summary>
    public Observed<ulong> L2Asid { get; set; }

    /// <summary>Whether registers were taken from a dump, which the next exit outdates.</summary>
    public bool IsDumped { get; set; }

    /// <summary>GIF as the guest was entered, where a recorder with probes dumped it.</summary>
    public Truth GifAtEntry { get; set; }

    /// <summary>CR0 of L2, as far as writes that L0 handled told.</summary>
    public Bits64 L2Cr0 { get; set; }

    /// <summary>What L2 wrote to CR8 last, under virtual interrupt masking; unseen while it wrote nothing that exits.</summary>
    public Observed<ulong> L2TaskPriority { get; set; }

    /// <summary>L2 cleared EFER.SVME and went on.</summary>
    public bool SvmeClearedByL2 { get; set; }

    /// <summary>RIP at which L1 goes on after its last VMRUN; unseen while it executed none.</summary>
    public Observed<ulong> ResumeRip { get; set; }

    /// <summary>The run of L2 that ended last.</summary>
    public PastRun LastRun { get; set; }

    /// <summary>A local APIC accepted an interrupt since L1 last took one.</summary>
    public bool InterruptAccepted { get; set; }

    /// <summary>The virtual machine monitor was asked after the last exit: it may have changed anything.</summary>
    public bool AskedMonitor { get; set; }

    /// <summary>Whether the processor has decode assists; yes once an exit showed them.</summary>
    public Truth DecodeAssists { get; set; }

    /// <summary>Which port accesses of L2 were L1's.</summary>
    public PortDecisions PortDecisions { get; } = new();

    /// <summary>An event whose delivery was interrupted and that was not staged again yet.</summary>
    public EventInfo Queued { get; set; }

    /// <summary>Whether <see cref="Queued"/> is known; an event may be owed from before the recording or from what was lost.</summary>
    public bool QueuedSeen { get; set; }

    /// <summary>Whether an event may be owed.</summary>
    public bool MayOweEvent => Queued.Valid || !QueuedSeen;

    /// <summary>EXITINTINFO that L1 was shown last; a failed VMRUN may leave it standing.</summary>
    public EventInfo LastReflectedIntInfo { get; set; }

    /// <summary>Window exits in a row that led to nothing.</summary>
    public int FruitlessWindows { get; set; }

    /// <summary>The processor departed from the manual since the last VMRUN: what follows may be its fault.</summary>
    public bool ProcessorDeparted { get; set; }

    /// <summary>The last entry was to the reset vector.</summary>
    public bool ResetSuspected { get; set; }

    /// <summary>Whether the host uses nested paging: yes once a nested page fault or a run with nested paging was seen, no once what only shadow paging needs was.</summary>
    public Truth HostPaging { get; set; }

    /// <summary>Whether the VM is an SEV-ES guest; yes once a GHCB request was seen.</summary>
    public Truth SevEs { get; set; }

    /// <summary>The guest was entered at another RIP than it exited at, so RIP is not that of an encrypted guest, which never changes.</summary>
    public bool RipMoves { get; set; }

    /// <summary>Whether AVIC works, as far as the last change told.</summary>
    public Truth AvicActive { get; set; }

    /// <summary>The local APIC accepted INIT while L2 ran.</summary>
    public bool InitAccepted { get; set; }

    /// <summary>An NMI was delivered to L1 by EVENTINJ, and nothing ended the blocking of further ones since.</summary>
    public bool NmiTaken { get; set; }

    /// <summary>RIP of L2 at a nested page fault of the final translation, while L2 stands there; null otherwise.</summary>
    public ulong? LastFinalFault { get; set; }

    /// <summary>The last VMRUN that was refused after vmcb12 was seen; null when one was accepted since.</summary>
    public RememberedRun? Rejected { get; set; }

    /// <summary>The last VMRUN.</summary>
    public RememberedRun? LastVmrun { get; set; }

    /// <summary>MSRs that L1 and L2 share or change places with.</summary>
    public SharedMsrs Shared { get; } = new();

    /// <summary>The virtual CPU.</summary>
    public Profile Profile { get; }

    /// <summary>What conditions of VMRUN may look at.</summary>
    public VmrunState VmrunState { get; }

    /// <summary>What conditions of an instruction of L1 may look at.</summary>
    public InstructionState Instruction { get; }

    /// <summary>An instruction that exits, or that a recording shows to have raised #GP, was found in protected mode by the processor.</summary>
    Truth IInstructionRegisters.InProtectedMode => Truth.Yes;

    /// <inheritdoc/>
    VmcbFields IInstructionRegisters.Concluded => SvmeConcluded ? VmcbFields.Of(VmcbField.EferRegister) : default;

    /// <summary>A register of L1, or of the guest that runs; unknown where nothing ever shows it.</summary>
    public Bits64 this[VmcbField register] => register switch
    {
        VmcbField.EferRegister => Efer,
        VmcbField.Cr0Register => Cr0,
        VmcbField.Cr4Register => Cr4,
        VmcbField.RflagsRegister => Rflags,
        VmcbField.Cpl => Cpl,
        VmcbField.Rax => Rax,
        VmcbField.VmCrRegister => VmCr,
        VmcbField.VmHsavePa => HsavePa,
        _ => default,
    };

    /// <summary>EFER.SVME of L1.</summary>
    public Truth Svme => Efer[Manual.Tables.Efer.SVME];

    /// <summary>Forgets everything but the virtual CPU and a fault of the processor: the vCPU was reset, or events are missing.</summary>
    public void Forget()
    {
        ForgetModes();
        Rax = default;
        L2Asid = default;
        GifAtEntry = default;
        VmCr = default;
        HsavePa = default;
        Gif = default;
        GifClearedByExit = false;
        InSmm = default;
        SmmFromL2 = false;
        L2Due = false;
        AvicActive = default;
        InitAccepted = false;
        NmiTaken = false;
        LastFinalFault = null;
        Rejected = null;
        LastVmrun = null;
        GoesOnWithoutGif = default;
        Shared.Forget();
        LeaveL2();
        InL2 = default;
        QueuedSeen = false;
        ResumeRip = default;
        LastRun = default;
        InterruptAccepted = false;
        AskedMonitor = false;
        PortDecisions.Forget();
    }

    /// <summary>Forgets the registers that System Management Mode has a copy of.</summary>
    public void ForgetModes()
    {
        Efer = default;
        SvmeConcluded = false;
        Cr0 = default;
        Cr4 = default;
        Rflags = default;
        Cpl = default;
    }

    /// <summary>The vCPU starts at the reset vector: what the manual says of reset holds (APM2 14.1.3).</summary>
    /// <param name="listed">Recorded tracepoints: what changes without a sign is soon out of date.</param>
    public void Reset(TracepointSet listed)
    {
        Forget();
        if (listed.Has(KvmEventKind.MsrAccess))
        {
            Efer = Bits64.Of(0);
            VmCr = Bits64.Of(0);
            HsavePa = Bits64.Of(0);
        }

        Gif = Truth.Yes;
        InL2 = Truth.No;
        InSmm = listed.Has(KvmEventKind.SmmTransition) ? Truth.No : Truth.Unknown;
        QueuedSeen = true;
    }

    /// <summary>L2 is left.</summary>
    public void LeaveL2()
    {
        InL2 = Truth.No;
        FirstExitPending = false;
        FirstExitForced = default;
        AskedMonitorInL2 = false;
        TscWrittenInL2 = false;
        InDelivery = default;
        Vmcb12.Forget();
        L1AtVmrun.Forget();
        Queued = default;
        FruitlessWindows = 0;
        L2In64BitMode = default;
        L2Cr0 = default;
        L2TaskPriority = default;
        SvmeClearedByL2 = false;
    }
}
