using Differ.Schemas.Vocabulary;

namespace Differ.Schemas.Model;

/// <summary>One kind of evidence.</summary>
/// <param name="Evidence">The kind.</param>
/// <param name="Name">Short name for tables and JSON.</param>
/// <param name="What">What is missing, as the object of "would be decided by …".</param>
/// <param name="How">How to record it; what to do where no recording can show it.</param>
public sealed record EvidenceRow(Evidence Evidence, string Name, string What, string How);

/// <summary>Every kind of evidence, with what would bring it.</summary>
public static class EvidenceTable
{
    private const string Probes = "record with differ record, whose probes show it";
    private const string FromBoot = "record from before the guest starts";

    /// <summary>In the order of the numbers.</summary>
    public static IReadOnlyList<EvidenceRow> All { get; } =
    [
        new(Evidence.None, "none", "nothing", ""),
        new(Evidence.LostEvents, "lost-events", "the events that were lost here", "record with a larger buffer (trace-cmd record -b)"),
        new(Evidence.Tracepoint, "tracepoint", "a tracepoint that was not recorded", "record all of kvm (trace-cmd record -e kvm)"),
        new(Evidence.Level, "level", "whether L1 or L2 was running", "record kvm:kvm_nested_vmexit"),
        new(Evidence.EferSvme, "efer.svme", "EFER.SVME of L1", FromBoot + ", so that L1's writes to EFER are in kvm:kvm_msr"),
        new(Evidence.Cpl, "cpl", "the privilege level of the guest", Probes),
        new(Evidence.Rax, "rax", "RAX, the VMCB address", Probes),
        new(Evidence.Rflags, "rflags", "RFLAGS of the guest (IF, TF)", Probes),
        new(Evidence.InterruptShadow, "interrupt-shadow", "the interrupt shadow of the guest", Probes),
        new(Evidence.DebugRegisters, "debug-registers", "the debug registers of the guest", Probes),
        new(Evidence.VmcbSaveArea, "vmcb12-save-area", "the save area of vmcb12 (CR0, CR3, CR4, EFER, DR6, DR7, segments)", Probes),
        new(Evidence.Asid, "vmcb12-asid", "ASID and TLB_CONTROL of vmcb12", Probes),
        new(Evidence.IoPermissionMap, "iopm", "L1's I/O permission map", Probes + ", or compare with a good kernel"),
        new(Evidence.MsrPermissionMap, "msrpm", "L1's MSR permission map", Probes + ", or compare with a good kernel"),
        new(Evidence.DrIntercepts, "dr-intercepts", "the debug register intercepts of vmcb12, which no tracepoint carries", Probes),
        new(Evidence.NestedPageTables, "nested-page-tables", "L1's nested page tables", "no recording shows guest memory; compare with a good kernel"),
        new(Evidence.NextRip, "nrip", "nRIP of vmcb12", Probes),
        new(Evidence.VirtualGif, "vgif", "CLGI and STGI, which run without an exit under virtual GIF", "load kvm_amd with vgif=0, or test inside the guest"),
        new(Evidence.VirtualVmload, "vls", "VMLOAD and VMSAVE, which run without an exit when virtualized", "load kvm_amd with vls=0, or test inside the guest"),
        new(Evidence.GuestCpuid, "guest-cpuid", "the feature bits of the virtual CPU", FromBoot + ", so that the guest's CPUID is in kvm:kvm_cpuid"),
        new(Evidence.Vmcb12Controls, "vmcb12-controls", "the controls of vmcb12", "record kvm:kvm_nested_vmenter and kvm:kvm_nested_intercepts from before the run"),
        new(Evidence.Gif, "gif", "GIF of L1", Probes + ", or load kvm_amd with vgif=0, so that STGI and CLGI exit"),
        new(Evidence.NmiInjection, "nmi-injection", "whether an NMI was injected", "a kernel of 6.14 or later, whose kvm:kvm_entry shows EVENTINJ"),
        new(Evidence.Reinjection, "reinjection", "whether an exception was re-injected", "a kernel of 6.0 or later, whose kvm:kvm_inj_exception shows it"),
        new(Evidence.MonitorArmed, "monitor-armed", "whether the monitor was armed", "no recording shows it"),
        new(Evidence.PendingInterrupts, "pending-interrupts", "what was pending in L1's local APIC", "record kvm:kvm_apic_accept_irq from before the guest starts"),
        new(Evidence.HsavePa, "hsave-pa", "VM_HSAVE_PA of L1", FromBoot + ", so that L1's write is in kvm:kvm_msr"),
        new(Evidence.VmCr, "vm-cr", "VM_CR of L1", FromBoot + ", so that L1's write is in kvm:kvm_msr"),
        new(Evidence.InstructionBytes, "instruction-bytes", "the instruction the guest was at", "record kvm:kvm_emulate_insn"),
        new(Evidence.FailedCheck, "failed-check", "why VMRUN was refused", "record kvm:kvm_nested_vmenter_failed on a kernel of 5.13 or later"),
        new(Evidence.Smm, "smm", "whether the guest was in System Management Mode", "record kvm:kvm_smm_transition " + "from before the guest starts"),
        new(Evidence.ControlRegisters, "control-registers", "CR0 and CR4 of L1", Probes),
        new(Evidence.ProcessorFault, "processor-fault", "a processor that keeps the manual: this one diverged just before", "record on another processor"),
        new(Evidence.OperatingMode, "operating-mode", "the operating mode of the guest", Probes),
        new(Evidence.QueuedEvent, "queued-event", "the event that was being delivered", FromBoot),
        new(Evidence.HostPaging, "host-paging", "whether the host uses nested paging", "record until a nested page fault occurs"),
        new(Evidence.VmcbControlArea, "vmcb12-control-area", "parts of vmcb12's control area that no tracepoint carries", Probes),
        new(Evidence.MachineStates, "machine-states", "the VMCBs and registers around the exit, which no tracepoint carries",
            Probes),
        new(Evidence.RecordingEnd, "recording-end", "what followed when the recording ended", "record until the guest goes on"),
        new(Evidence.GuestRun, "guest-run", "what L2 executed between the entry and this exit",
            "no recording shows what a guest executes without an exit; an exit that L0 forces right behind the entry leaves no room for it"),
        new(Evidence.ShadowPageTables, "shadow-page-tables", "L0's shadow page tables, whose faults are its own",
            "load kvm_amd with npt=1: no recording shows host memory"),
        new(Evidence.UnmarkedLoss, "unmarked-loss", "what was lost around it without a mark", "record again, and let the recorder end by itself"),
    ];

    private static readonly Evidence[] ByField = [.. VmcbLayout.All.Select(static row => row.Field switch
    {
        VmcbField.InterceptCr or VmcbField.InterceptExceptions or VmcbField.InterceptMisc1 or VmcbField.InterceptMisc2 or VmcbField.InterceptMisc3
            or VmcbField.IntCtl or VmcbField.EventInj => Evidence.Vmcb12Controls,
        VmcbField.InterceptDr => Evidence.DrIntercepts,
        VmcbField.GuestAsid or VmcbField.TlbControl => Evidence.Asid,
        VmcbField.NextRip => Evidence.NextRip,
        _ => row.Area == VmcbArea.Control ? Evidence.VmcbControlArea : Evidence.VmcbSaveArea,
    })];

    /// <summary>The evidence that would show a field of vmcb12.</summary>
    internal static Evidence Of(VmcbField field) => ByField[(int)field];

    /// <summary>The evidence that would show a register of the guest that runs.</summary>
    internal static Evidence OfRegister(VmcbField register) => register switch
    {
        VmcbField.EferRegister => Evidence.EferSvme,
        VmcbField.Cpl => Evidence.Cpl,
        VmcbField.Rax => Evidence.Rax,
        VmcbField.RflagsRegister => Evidence.Rflags,
        VmcbField.VmCrRegister => Evidence.VmCr,
        VmcbField.VmHsavePa => Evidence.HsavePa,
        _ => Evidence.ControlRegisters,
    };

    /// <summary>The row of a kind.</summary>
    public static EvidenceRow Of(Evidence evidence) => (int)evidence < All.Count ? All[(int)evidence] : All[0];
}
