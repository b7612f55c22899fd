namespace Differ.Schemas.Run;

/// <summary>What a recorded event between a #VMEXIT and the next entry tells. The numbers are those of <c>KvmEvent.what</c> in run.proto.</summary>
public enum KvmEventKind : byte
{
    /// <summary>No event.</summary>
    None = 0,

    /// <summary>kvm_nested_vmexit: the #VMEXIT happened while L2 ran.</summary>
    NestedVmexit = 1,

    /// <summary>kvm_nested_vmenter, kvm_nested_vmrun: L0 starts to run L2.</summary>
    NestedVmenter = 2,

    /// <summary>kvm_nested_intercepts: the intercept words of vmcb12.</summary>
    NestedIntercepts = 3,

    /// <summary>kvm_nested_vmexit_inject: the #VMEXIT that L1 is shown.</summary>
    NestedVmexitInject = 4,

    /// <summary>kvm_nested_intr_vmexit: L0 is about to reflect INTR.</summary>
    NestedIntrVmexit = 5,

    /// <summary>kvm_nested_vmenter_failed: a consistency check of VMRUN failed.</summary>
    NestedVmenterFailed = 6,

    /// <summary>kvm_inj_virq: L0 stages an interrupt in EVENTINJ.</summary>
    InjectInterrupt = 7,

    /// <summary>kvm_inj_exception: L0 stages an exception in EVENTINJ.</summary>
    InjectException = 8,

    /// <summary>kvm_msr: RDMSR or WRMSR handled by L0.</summary>
    MsrAccess = 9,

    /// <summary>kvm_cr: a control register access handled by L0.</summary>
    CrAccess = 10,

    /// <summary>kvm_pio: port I/O handled by L0.</summary>
    PortAccess = 11,

    /// <summary>kvm_mmio, kvm_fast_mmio: memory-mapped I/O handled by L0.</summary>
    MmioAccess = 12,

    /// <summary>kvm_cpuid: a CPUID leaf as the guest saw it.</summary>
    Cpuid = 13,

    /// <summary>kvm_hypercall: a hypercall of KVM's own interface.</summary>
    Hypercall = 14,

    /// <summary>kvm_hv_hypercall: a hypercall of the Hyper-V interface.</summary>
    HypervHypercall = 15,

    /// <summary>kvm_xen_hypercall: a hypercall of the Xen interface.</summary>
    XenHypercall = 16,

    /// <summary>kvm_emulate_insn: L0 decoded an instruction.</summary>
    EmulateInstruction = 17,

    /// <summary>kvm_page_fault: L0 handles a page fault.</summary>
    PageFault = 18,

    /// <summary>kvm_invlpga: L0 executed INVLPGA.</summary>
    Invlpga = 19,

    /// <summary>kvm_skinit: L0 met SKINIT.</summary>
    Skinit = 20,

    /// <summary>kvm_userspace_exit: KVM_RUN returned to the VMM.</summary>
    UserspaceExit = 21,

    /// <summary>kvm_smm_transition, kvm_enter_smm: System Management Mode entered or left.</summary>
    SmmTransition = 22,

    /// <summary>kvm_vcpu_wakeup: a halted vCPU woke up.</summary>
    VcpuWakeup = 23,

    /// <summary>kvm_apic: a local APIC register access handled by L0.</summary>
    ApicAccess = 24,

    /// <summary>kvm_apic_accept_irq, kvm_apicv_accept_irq: a local APIC accepted an interrupt.</summary>
    ApicAcceptIrq = 25,

    /// <summary>kvm_eoi, kvm_pv_eoi: end of interrupt.</summary>
    Eoi = 26,

    /// <summary>kvm_vmgexit_enter: a GHCB request starts.</summary>
    VmgexitEnter = 27,

    /// <summary>kvm_vmgexit_exit: a GHCB request ends.</summary>
    VmgexitExit = 28,

    /// <summary>kvm_vmgexit_msr_protocol_enter: a GHCB MSR-protocol request starts.</summary>
    VmgexitMsrEnter = 29,

    /// <summary>kvm_vmgexit_msr_protocol_exit: a GHCB MSR-protocol request ends.</summary>
    VmgexitMsrExit = 30,

    /// <summary>kvm_avic_incomplete_ipi: L0 completes an IPI for AVIC.</summary>
    AvicIncompleteIpi = 31,

    /// <summary>kvm_avic_unaccelerated_access: L0 completes an APIC access for AVIC.</summary>
    AvicUnacceleratedAccess = 32,

    /// <summary>kvm_async_pf_*: an asynchronous page fault of the host.</summary>
    AsyncPageFault = 33,

    /// <summary>kvm_fpu: KVM_RUN starts (load) or ends.</summary>
    KvmRun = 34,

    /// <summary>kvm_hv_flush_tlb, kvm_hv_flush_tlb_ex: a Hyper-V TLB flush.</summary>
    HypervFlushTlb = 35,

    /// <summary>kvm_apic_ipi: a local APIC sends an interrupt.</summary>
    ApicIpi = 36,

    /// <summary>kvm_apicv_inhibit_changed: AVIC is inhibited or allowed.</summary>
    ApicvInhibit = 37,

    /// <summary>A field of a VMCB or a register at a moment around the exit; no kernel's own tracepoint carries it, a recorder with probes does.</summary>
    StateValue = 38,

    /// <summary>L0 read memory of the guest; no tracepoint carries it, a probe on kvm_vcpu_read_guest does.</summary>
    GuestRead = 39,

    /// <summary>A leaf of the CPUID that the VMM gave the guest; no tracepoint carries it, a probe on svm_vcpu_after_set_cpuid does.</summary>
    GuestCpuid = 40,

    /// <summary>L0 set EFER of the guest, by an instruction or without one; a probe on svm_set_efer shows it.</summary>
    EferSet = 41,

    /// <summary>L0 set or cleared GIF; a probe on svm_set_gif shows it.</summary>
    GifSet = 42,

    /// <summary>L0 left L2 without a #VMEXIT, or made sure that L2 does not run; a probe on svm_leave_nested shows it.</summary>
    NestedLeft = 43,
}
