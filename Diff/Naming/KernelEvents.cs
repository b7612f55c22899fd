using Differ.Schemas.Run;

namespace Differ.Diff.Naming;

/// <summary>Events and their fields by the names they have in the kernel (Linux arch/x86/kvm/trace.h), so that they can be looked up there.</summary>
public static class KernelEvents
{
    /// <summary>The tracepoint of an exit.</summary>
    public const string Exit = "kvm_exit";

    /// <summary>The tracepoint of an entry.</summary>
    public const string Entry = "kvm_entry";

    // Where a kind of event has had several names, the newest first. Fields are in the order of the slots; what no kernel gives keeps its own name.
    private static readonly Dictionary<KvmEventKind, (string[] Names, string Fields)> Rows = new()
    {
        [KvmEventKind.NestedVmexit] = (["kvm_nested_vmexit"], "exit_reason guest_rip info1 info2 intr_info error_code"),
        [KvmEventKind.NestedVmenter] = (["kvm_nested_vmenter", "kvm_nested_vmrun"], "rip vmcb nested_rip int_ctl event_inj tdp_enabled guest_pgd"),
        [KvmEventKind.NestedIntercepts] = (["kvm_nested_intercepts"], "cr_read cr_write exceptions intercept1 intercept2 intercept3"),
        [KvmEventKind.NestedVmexitInject] = (["kvm_nested_vmexit_inject"], "exit_code exit_info1 exit_info2 exit_int_info exit_int_info_err"),
        [KvmEventKind.NestedIntrVmexit] = (["kvm_nested_intr_vmexit"], "rip"),
        [KvmEventKind.NestedVmenterFailed] = (["kvm_nested_vmenter_failed"], "msg err"),
        [KvmEventKind.InjectInterrupt] = (["kvm_inj_virq"], "vector soft reinjected"),
        [KvmEventKind.InjectException] = (["kvm_inj_exception"], "exception has_error error_code reinjected"),
        [KvmEventKind.MsrAccess] = (["kvm_msr"], "write ecx data exception"),
        [KvmEventKind.CrAccess] = (["kvm_cr"], "rw cr val"),
        [KvmEventKind.PortAccess] = (["kvm_pio"], "rw port size count val"),
        [KvmEventKind.MmioAccess] = (["kvm_mmio", "kvm_fast_mmio"], "type len gpa val"),
        [KvmEventKind.Cpuid] = (["kvm_cpuid"], "function index rax rbx rcx rdx found"),
        [KvmEventKind.Hypercall] = (["kvm_hypercall"], "nr a0 a1 a2 a3"),
        [KvmEventKind.HypervHypercall] = (["kvm_hv_hypercall"], "code fast rep_cnt rep_idx ingpa outgpa"),
        [KvmEventKind.XenHypercall] = (["kvm_xen_hypercall"], "nr a0 a1 a2 a3 a4 a5 cpl"),
        [KvmEventKind.EmulateInstruction] = (["kvm_emulate_insn"], "rip csbase len insn insn flags failed"),
        [KvmEventKind.PageFault] = (["kvm_page_fault"], "guest_rip fault_address error_code"),
        [KvmEventKind.Invlpga] = (["kvm_invlpga"], "rip asid address"),
        [KvmEventKind.Skinit] = (["kvm_skinit"], "rip slb"),
        [KvmEventKind.UserspaceExit] = (["kvm_userspace_exit"], "reason errno"),
        [KvmEventKind.SmmTransition] = (["kvm_smm_transition", "kvm_enter_smm"], "smbase entering"),
        [KvmEventKind.VcpuWakeup] = (["kvm_vcpu_wakeup"], "ns waited valid"),
        [KvmEventKind.ApicAccess] = (["kvm_apic"], "rw reg val"),
        [KvmEventKind.ApicAcceptIrq] = (["kvm_apic_accept_irq", "kvm_apicv_accept_irq"], "apicid dm tm vec"),
        [KvmEventKind.Eoi] = (["kvm_eoi", "kvm_pv_eoi"], "apicid vector"),
        [KvmEventKind.VmgexitEnter] = (["kvm_vmgexit_enter"], "exit_reason info1 info2"),
        [KvmEventKind.VmgexitExit] = (["kvm_vmgexit_exit"], "exit_reason info1 info2"),
        [KvmEventKind.VmgexitMsrEnter] = (["kvm_vmgexit_msr_protocol_enter"], "ghcb_gpa"),
        [KvmEventKind.VmgexitMsrExit] = (["kvm_vmgexit_msr_protocol_exit"], "ghcb_gpa result"),
        [KvmEventKind.AvicIncompleteIpi] = (["kvm_avic_incomplete_ipi"], "icrh icrl id index"),
        [KvmEventKind.AvicUnacceleratedAccess] = (["kvm_avic_unaccelerated_access"], "offset ft rw vec"),
        [KvmEventKind.AsyncPageFault] = (["kvm_async_pf_not_present", "kvm_async_pf_ready"], "token gva"),
        [KvmEventKind.KvmRun] = (["kvm_fpu"], "load"),
        [KvmEventKind.HypervFlushTlb] = (["kvm_hv_flush_tlb", "kvm_hv_flush_tlb_ex"], "guest_mode"),
        [KvmEventKind.ApicIpi] = (["kvm_apic_ipi"], "icr_low dest_id"),
        [KvmEventKind.ApicvInhibit] = (["kvm_apicv_inhibit_changed"], "reason set inhibits"),

        // Probes of differ record.
        [KvmEventKind.GuestRead] = (["differ:rdguest"], "gpa len val"),
        [KvmEventKind.GuestCpuid] = (["differ:cpuid"], "function index eax ebx ecx edx"),
        [KvmEventKind.EferSet] = (["differ:efer"], "old new"),
        [KvmEventKind.GifSet] = (["differ:gif"], "value"),
        [KvmEventKind.NestedLeft] = (["differ:leave"], "vcpu"),
    };

    private static readonly Dictionary<KvmEventKind, string[]> Fields = Rows.ToDictionary(row => row.Key, row => row.Value.Fields.Split(' '));

    /// <summary>Every name that an event of an exit may have.</summary>
    public static IEnumerable<string> Names => Rows.Values.SelectMany(row => row.Names);

    /// <summary>The newest name of a kind of event; what only probes show has the name of run files.</summary>
    public static string NameOf(KvmEventKind kind) => Rows.TryGetValue(kind, out (string[] Names, string) row) ? row.Names[0] : EventSchemas.Of(kind).Name;

    /// <summary>The kernel's name of a field.</summary>
    /// <param name="kind">The kind of event.</param>
    /// <param name="slot">The slot that holds the field.</param>
    public static string FieldOf(KvmEventKind kind, int slot) => Fields.TryGetValue(kind, out string[]? names) ? names[slot] : EventSchemas.Of(kind).Slots[slot];

    /// <summary>The kind of event that has a name, be it an older one; null where there is none.</summary>
    public static KvmEventKind? Find(string name)
    {
        string plain = name.StartsWith("kvm:", StringComparison.Ordinal) ? name[4..] : name;
        return Rows.Where(row => row.Value.Names.Contains(plain)).Select(row => (KvmEventKind?)row.Key).FirstOrDefault();
    }
}
