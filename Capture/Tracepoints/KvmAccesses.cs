using Differ.Schemas.Run;

namespace Differ.Capture.Tracepoints;

/// <summary>Guest accesses that L0 handles: registers, ports, memory, hypercalls, instructions (Linux arch/x86/kvm/trace.h).</summary>
internal static class KvmAccesses
{
    private static readonly IReadOnlyList<FieldRow> VmgexitRows =
        [new("exit_reason", 0), new("info1", 1), new("info2", 2), new("vcpu_id", Tracepoint.VcpuSlot)];

    public static IReadOnlyList<Tracepoint> All { get; } =
    [
        Tracepoint.Of("kvm_msr", KvmEventKind.MsrAccess,
            new("write", MsrAccess.WriteSlot, Required: true),
            new("ecx", MsrAccess.IndexSlot, Required: true),
            new("data", MsrAccess.ValueSlot, Required: true),
            new("exception", MsrAccess.FaultedSlot, Required: true)),
        Tracepoint.Of("kvm_cr", KvmEventKind.CrAccess,
            new("rw", CrAccess.WriteSlot, Required: true),
            new("cr", CrAccess.NumberSlot, Required: true),
            new("val", CrAccess.ValueSlot, Required: true)),
        Tracepoint.Of("kvm_pio", KvmEventKind.PortAccess, new("rw", 0), new("port", 1), new("size", 2), new("count", 3), new("val", 4)),
        Tracepoint.Of("kvm_mmio", KvmEventKind.MmioAccess, new("type", 0), new("len", 1), new("gpa", 2), new("val", 3)),

        // On AMD since 7.0: an access that only wakes a listener; nothing is emulated.
        Tracepoint.Of("kvm_fast_mmio", KvmEventKind.MmioAccess, new FieldRow("gpa", 2)),
        Tracepoint.Of("kvm_cpuid", KvmEventKind.Cpuid,
            new("function", CpuidAccess.FunctionSlot, Required: true),
            new("index", CpuidAccess.IndexSlot),
            new("rax", CpuidAccess.EaxSlot, Required: true),
            new("rbx", CpuidAccess.EbxSlot, Required: true),
            new("rcx", CpuidAccess.EcxSlot, Required: true),
            new("rdx", CpuidAccess.EdxSlot, Required: true),
            new("found", CpuidAccess.FoundSlot)),
        Tracepoint.Of("kvm_hypercall", KvmEventKind.Hypercall, new("nr", 0), new("a0", 1), new("a1", 2), new("a2", 3), new("a3", 4)),
        Tracepoint.Of("kvm_hv_hypercall", KvmEventKind.HypervHypercall,
            new("code", 0), new("fast", 1), new("rep_cnt", 2), new("rep_idx", 3), new("ingpa", 4), new("outgpa", 5)),
        Tracepoint.Of("kvm_xen_hypercall", KvmEventKind.XenHypercall,
            new("nr", 0), new("a0", 1), new("a1", 2), new("a2", 3), new("a3", 4), new("a4", 5), new("a5", 6), new("cpl", 7)),
        Tracepoint.Of("kvm_emulate_insn", KvmEventKind.EmulateInstruction,
            new("rip", EmulatedInstruction.RipSlot, Required: true),
            new("csbase", EmulatedInstruction.CsBaseSlot),
            new("len", EmulatedInstruction.LengthSlot, Required: true),
            new("insn", EmulatedInstruction.BytesSlot, Required: true, FieldForm.Bytes),
            new("flags", EmulatedInstruction.ModeSlot, Required: true),
            new("failed", EmulatedInstruction.FailedSlot, Required: true)),
        Tracepoint.Of("kvm_page_fault", KvmEventKind.PageFault,
            new("guest_rip", 0), new("fault_address", 1), new("error_code", 2), new("vcpu_id", Tracepoint.VcpuSlot)),
        Tracepoint.Of("kvm_invlpga", KvmEventKind.Invlpga, new("rip", 0), new("asid", 1), new("address", InvlpgaExecution.AddressSlot)),
        Tracepoint.Of("kvm_skinit", KvmEventKind.Skinit, new("rip", 0), new("slb", 1)),
        Tracepoint.Of("kvm_apic", KvmEventKind.ApicAccess,
            new("rw", ApicAccess.WriteSlot), new("reg", ApicAccess.RegisterSlot), new("val", ApicAccess.ValueSlot)),
        Tracepoint.Of("kvm_vmgexit_enter", KvmEventKind.VmgexitEnter, VmgexitRows),
        Tracepoint.Of("kvm_vmgexit_exit", KvmEventKind.VmgexitExit, VmgexitRows),
        Tracepoint.Of("kvm_vmgexit_msr_protocol_enter", KvmEventKind.VmgexitMsrEnter,
            new("ghcb_gpa", 0), new("vcpu_id", Tracepoint.VcpuSlot)),
        Tracepoint.Of("kvm_vmgexit_msr_protocol_exit", KvmEventKind.VmgexitMsrExit,
            new("ghcb_gpa", 0), new("result", 1), new("vcpu_id", Tracepoint.VcpuSlot)),
        Tracepoint.Of("kvm_avic_incomplete_ipi", KvmEventKind.AvicIncompleteIpi,
            new("icrh", 0), new("icrl", 1), new("id", 2), new("index", 3), new("vcpu", Tracepoint.VcpuSlot)),
        Tracepoint.Of("kvm_avic_unaccelerated_access", KvmEventKind.AvicUnacceleratedAccess,
            new("offset", 0), new("ft", 1), new("rw", 2), new("vec", 3), new("vcpu", Tracepoint.VcpuSlot)),
    ];
}
