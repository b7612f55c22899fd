namespace Differ.Tests.Support;

/// <summary>The layout of one tracepoint in a range of kernels.</summary>
/// <param name="Event">The tracepoint.</param>
/// <param name="From">First series that has it.</param>
/// <param name="To">Last series that has it.</param>
/// <param name="Size">Bytes of its record without texts at the end.</param>
/// <param name="Fields">Type, name and offset of each field.</param>
internal sealed record LayoutRow(string Event, string From, string To, int Size, string Fields)
{
    public bool IsOf(string kernel)
    {
        var version = Version.Parse(kernel);
        return Version.Parse(From) <= version && version <= Version.Parse(To);
    }
}

/// <summary>Every tracepoint of the group kvm, as the kernels from 4.14 to 7.1 lay it out (Linux arch/x86/kvm/trace.h, include/trace/events/kvm.h).</summary>
/// <remarks>6.1, 5.15 and 6.12 are late ones of their stable series, which took over changes of newer kernels.</remarks>
internal sealed class KernelLayouts
{
    private const int FirstId = 1000;

    private readonly Dictionary<string, EventFormat> _formats;

    private KernelLayouts(string kernel)
    {
        Kernel = kernel;
        string[] names = [.. Rows.Select(row => row.Event).Distinct(StringComparer.Ordinal)];
        _formats = Rows.Where(row => row.IsOf(kernel)).ToDictionary(
            row => row.Event, row => new EventFormat(row.Event, FirstId + Array.IndexOf(names, row.Event), row.Fields, row.Size), StringComparer.Ordinal);
    }

    /// <summary>One of every series whose layouts were compared.</summary>
    public static IReadOnlyList<string> Kernels { get; } =
    [
        "4.14", "4.19", "5.0", "5.2", "5.4", "5.7", "5.8", "5.10", "5.11", "5.12", "5.14", "5.15", "5.17", "5.18", "5.19",
        "6.0", "6.1", "6.2", "6.4", "6.6", "6.8", "6.9", "6.10", "6.12", "6.13", "6.14", "6.17", "6.18", "6.19", "7.1",
    ];

    /// <summary>The series.</summary>
    public string Kernel { get; }

    /// <summary>Its tracepoints.</summary>
    public IReadOnlyCollection<EventFormat> Formats => _formats.Values;

    /// <summary>The format of a tracepoint that the series has.</summary>
    public EventFormat this[string name] => _formats[name];

    /// <summary>The layouts of a series.</summary>
    public static KernelLayouts Of(string kernel) => new(kernel);

    public bool Has(string name) => _formats.ContainsKey(name);

    public bool Has(string name, string field) => Has(name) && this[name].Has(field);

    /// <summary>Every layout.</summary>
    public static IReadOnlyList<LayoutRow> Rows => LayoutTable.Rows;
}

/// <summary>The rows of <see cref="KernelLayouts"/>.</summary>
internal static class LayoutTable
{
    public static IReadOnlyList<LayoutRow> Rows { get; } =
    [
        new("kvm_userspace_exit", "4.14", "7.1", 16, "u32 reason @8, s32 errno @12"),
        new("kvm_vcpu_wakeup", "4.14", "7.1", 24, "u64 ns @8, bool waited @16, bool valid @17"),
        new("kvm_set_irq", "4.14", "7.1", 20, "u32 gsi @8, s32 level @12, s32 irq_source_id @16"),
        new("kvm_ioapic_set_irq", "4.14", "7.1", 24, "u64 e @8, s32 pin @16, bool coalesced @20"),
        new("kvm_ioapic_delayed_eoi_inj", "4.14", "7.1", 16, "u64 e @8"),
        new("kvm_msi_set_irq", "4.14", "7.1", 24, "u64 address @8, u64 data @16"),
        new("kvm_ack_irq", "4.14", "7.1", 16, "u32 irqchip @8, u32 pin @12"),
        new("kvm_mmio", "4.14", "7.1", 32, "u32 type @8, u32 len @12, u64 gpa @16, u64 val @24"),
        new("kvm_fpu", "4.14", "7.1", 12, "u32 load @8"),
        new("kvm_age_page", "4.14", "5.12", 32, "u64 hva @8, u64 gfn @16, u8 level @24, u8 referenced @25"),
        new("kvm_try_async_get_page", "4.14", "7.1", 24, "u64 gva @8, u64 gfn @16"),
        new("kvm_async_pf_doublefault", "4.14", "5.19", 24, "u64 gva @8, u64 gfn @16"),
        new("kvm_async_pf_repeated_fault", "6.0", "7.1", 24, "u64 gva @8, u64 gfn @16"),
        new("kvm_async_pf_not_present", "4.14", "7.1", 24, "u64 token @8, u64 gva @16"),
        new("kvm_async_pf_ready", "4.14", "7.1", 24, "u64 token @8, u64 gva @16"),
        new("kvm_async_pf_completed", "4.14", "7.1", 24, "u64 address @8, u64 gva @16"),
        new("kvm_halt_poll_ns", "4.14", "7.1", 24, "bool grow @8, u32 vcpu_id @12, u32 new @16, u32 old @20"),
        new("kvm_entry", "4.14", "5.8", 12, "u32 vcpu_id @8"),
        new("kvm_entry", "5.10", "6.0", 24, "u32 vcpu_id @8, u64 rip @16"),
        new("kvm_entry", "6.1", "6.1", 32, "u32 vcpu_id @8, u64 rip @16, bool immediate_exit @24"),
        new("kvm_entry", "6.2", "6.8", 24, "u32 vcpu_id @8, u64 rip @16"),
        new("kvm_entry", "6.9", "6.13", 32, "u32 vcpu_id @8, u64 rip @16, bool immediate_exit @24"),
        new("kvm_entry", "6.14", "7.1", 40, "u32 vcpu_id @8, u64 rip @16, bool immediate_exit @24, u32 intr_info @28, u32 error_code @32"),
        new("kvm_hypercall", "4.14", "7.1", 48, "u64 nr @8, u64 a0 @16, u64 a1 @24, u64 a2 @32, u64 a3 @40"),
        new("kvm_hv_hypercall", "4.14", "5.17", 40, "u16 rep_cnt @8, u16 rep_idx @10, u64 ingpa @16, u64 outgpa @24, u16 code @32, bool fast @34"),
        new("kvm_hv_hypercall", "5.18", "7.1", 40, "u16 rep_cnt @8, u16 rep_idx @10, u64 ingpa @16, u64 outgpa @24, u16 code @32, u16 var_cnt @34, bool fast @36"),
        new("kvm_pio", "4.14", "7.1", 28, "u32 rw @8, u32 port @12, u32 size @16, u32 count @20, u32 val @24"),
        new("kvm_fast_mmio", "4.14", "7.1", 16, "u64 gpa @8"),
        new("kvm_cpuid", "4.14", "5.4", 56, "u32 function @8, u64 rax @16, u64 rbx @24, u64 rcx @32, u64 rdx @40, bool found @48"),
        new("kvm_cpuid", "5.7", "7.1", 56, "u32 function @8, u32 index @12, u64 rax @16, u64 rbx @24, u64 rcx @32, u64 rdx @40, bool found @48, bool used_max_basic @49"),
        new("kvm_apic", "4.14", "5.17", 20, "u32 rw @8, u32 reg @12, u32 val @16"),
        new("kvm_apic", "5.18", "7.1", 24, "u32 rw @8, u32 reg @12, u64 val @16"),
        new("kvm_exit", "4.14", "5.2", 48, "u32 exit_reason @8, u64 guest_rip @16, u32 isa @24, u64 info1 @32, u64 info2 @40"),
        new("kvm_exit", "5.4", "5.8", 56, "u32 exit_reason @8, u64 guest_rip @16, u32 isa @24, u64 info1 @32, u64 info2 @40, u32 vcpu_id @48"),
        new("kvm_exit", "5.10", "6.13", 64, "u32 exit_reason @8, u64 guest_rip @16, u32 isa @24, u64 info1 @32, u64 info2 @40, u32 intr_info @48, u32 error_code @52, u32 vcpu_id @56"),
        new("kvm_exit", "6.14", "7.1", 72, "u32 exit_reason @8, u64 guest_rip @16, u32 isa @24, u64 info1 @32, u64 info2 @40, u32 intr_info @48, u32 error_code @52, u32 vcpu_id @56, u64 requests @64"),
        new("kvm_inj_virq", "4.14", "5.19", 12, "u32 irq @8"),
        new("kvm_inj_virq", "6.0", "7.1", 16, "u32 vector @8, bool soft @12, bool reinjected @13"),
        new("kvm_inj_exception", "4.14", "5.14", 16, "u8 exception @8, u8 has_error @9, u32 error_code @12"),
        new("kvm_inj_exception", "5.15", "5.15", 20, "u8 exception @8, u8 has_error @9, u32 error_code @12, bool reinjected @16"),
        new("kvm_inj_exception", "5.17", "5.19", 16, "u8 exception @8, u8 has_error @9, u32 error_code @12"),
        new("kvm_inj_exception", "6.0", "7.1", 20, "u8 exception @8, u8 has_error @9, u32 error_code @12, bool reinjected @16"),
        new("kvm_page_fault", "4.14", "6.0", 24, "u64 fault_address @8, u32 error_code @16"),
        new("kvm_page_fault", "6.1", "7.1", 40, "u32 vcpu_id @8, u64 guest_rip @16, u64 fault_address @24, u64 error_code @32"),
        new("kvm_msr", "4.14", "7.1", 32, "u32 write @8, u32 ecx @12, u64 data @16, u8 exception @24"),
        new("kvm_cr", "4.14", "7.1", 24, "u32 rw @8, u32 cr @12, u64 val @16"),
        new("kvm_pic_set_irq", "4.14", "7.1", 16, "u8 chip @8, u8 pin @9, u8 elcr @10, u8 imr @11, bool coalesced @12"),
        new("kvm_apic_ipi", "4.14", "7.1", 16, "u32 icr_low @8, u32 dest_id @12"),
        new("kvm_apic_accept_irq", "4.14", "5.0", 16, "u32 apicid @8, u16 dm @12, u8 tm @14, u8 vec @15"),
        new("kvm_apic_accept_irq", "5.2", "7.1", 20, "u32 apicid @8, u16 dm @12, u16 tm @14, u8 vec @16"),
        new("kvm_eoi", "4.14", "7.1", 16, "u32 apicid @8, s32 vector @12"),
        new("kvm_pv_eoi", "4.14", "7.1", 16, "u32 apicid @8, s32 vector @12"),
        new("kvm_nested_vmrun", "4.14", "6.0", 48, "u64 rip @8, u64 vmcb @16, u64 nested_rip @24, u32 int_ctl @32, u32 event_inj @36, bool npt @40"),
        new("kvm_nested_intercepts", "4.14", "5.8", 24, "u16 cr_read @8, u16 cr_write @10, u32 exceptions @12, u64 intercept @16"),
        new("kvm_nested_intercepts", "5.10", "7.1", 28, "u16 cr_read @8, u16 cr_write @10, u32 exceptions @12, u32 intercept1 @16, u32 intercept2 @20, u32 intercept3 @24"),
        new("kvm_nested_vmexit", "4.14", "5.8", 56, "u64 rip @8, u32 exit_code @16, u64 exit_info1 @24, u64 exit_info2 @32, u32 exit_int_info @40, u32 exit_int_info_err @44, u32 isa @48"),
        new("kvm_nested_vmexit", "5.10", "6.13", 64, "u32 exit_reason @8, u64 guest_rip @16, u32 isa @24, u64 info1 @32, u64 info2 @40, u32 intr_info @48, u32 error_code @52, u32 vcpu_id @56"),
        new("kvm_nested_vmexit", "6.14", "7.1", 72, "u32 exit_reason @8, u64 guest_rip @16, u32 isa @24, u64 info1 @32, u64 info2 @40, u32 intr_info @48, u32 error_code @52, u32 vcpu_id @56, u64 requests @64"),
        new("kvm_nested_vmexit_inject", "4.14", "7.1", 48, "u32 exit_code @8, u64 exit_info1 @16, u64 exit_info2 @24, u32 exit_int_info @32, u32 exit_int_info_err @36, u32 isa @40"),
        new("kvm_nested_intr_vmexit", "4.14", "7.1", 16, "u64 rip @8"),
        new("kvm_invlpga", "4.14", "6.0", 32, "u64 rip @8, s32 asid @16, u64 address @24"),
        new("kvm_invlpga", "6.1", "6.1", 32, "u64 rip @8, u32 asid @16, u64 address @24"),
        new("kvm_invlpga", "6.2", "6.8", 32, "u64 rip @8, s32 asid @16, u64 address @24"),
        new("kvm_invlpga", "6.9", "7.1", 32, "u64 rip @8, u32 asid @16, u64 address @24"),
        new("kvm_skinit", "4.14", "7.1", 24, "u64 rip @8, u32 slb @16"),
        new("kvm_emulate_insn", "4.14", "7.1", 40, "u64 rip @8, u32 csbase @16, u8 len @20, u8 insn[15] @21, u8 flags @36, u8 failed @37"),
        new("vcpu_match_mmio", "4.14", "7.1", 32, "u64 gva @8, u64 gpa @16, bool write @24, bool gpa_match @25"),
        new("kvm_write_tsc_offset", "4.14", "7.1", 32, "u32 vcpu_id @8, u64 previous_tsc_offset @16, u64 next_tsc_offset @24"),
        new("kvm_update_master_clock", "4.14", "7.1", 20, "bool use_master_clock @8, u32 host_clock @12, bool offset_matched @16"),
        new("kvm_track_tsc", "4.14", "7.1", 28, "u32 vcpu_id @8, u32 nr_vcpus_matched_tsc @12, u32 online_vcpus @16, bool use_master_clock @20, u32 host_clock @24"),
        new("kvm_pml_full", "4.14", "7.1", 12, "u32 vcpu_id @8"),
        new("kvm_ple_window", "4.14", "5.2", 24, "bool grow @8, u32 vcpu_id @12, s32 new @16, s32 old @20"),
        new("kvm_pvclock_update", "4.14", "7.1", 40, "u32 vcpu_id @8, u32 version @12, u64 tsc_timestamp @16, u64 system_time @24, u32 tsc_to_system_mul @32, s8 tsc_shift @36, u8 flags @37"),
        new("kvm_wait_lapic_expire", "4.14", "7.1", 24, "u32 vcpu_id @8, s64 delta @16"),
        new("kvm_enter_smm", "4.14", "5.12", 32, "u32 vcpu_id @8, u64 smbase @16, bool entering @24"),
        new("kvm_pi_irte_update", "4.14", "6.14", 40, "u32 host_irq @8, u32 vcpu_id @12, u32 gsi @16, u32 gvec @20, u64 pi_desc_addr @24, bool set @32"),
        new("kvm_pi_irte_update", "6.17", "7.1", 28, "u32 host_irq @8, s32 vcpu_id @12, u32 gsi @16, u32 gvec @20, bool set @24"),
        new("kvm_hv_notify_acked_sint", "4.14", "7.1", 16, "s32 vcpu_id @8, u32 sint @12"),
        new("kvm_hv_synic_set_irq", "4.14", "7.1", 24, "s32 vcpu_id @8, u32 sint @12, s32 vector @16, s32 ret @20"),
        new("kvm_hv_synic_send_eoi", "4.14", "7.1", 24, "s32 vcpu_id @8, u32 sint @12, s32 vector @16, s32 ret @20"),
        new("kvm_hv_synic_set_msr", "4.14", "7.1", 32, "s32 vcpu_id @8, u32 msr @12, u64 data @16, bool host @24"),
        new("kvm_hv_stimer_set_config", "4.14", "7.1", 32, "s32 vcpu_id @8, s32 timer_index @12, u64 config @16, bool host @24"),
        new("kvm_hv_stimer_set_count", "4.14", "7.1", 32, "s32 vcpu_id @8, s32 timer_index @12, u64 count @16, bool host @24"),
        new("kvm_hv_stimer_start_periodic", "4.14", "7.1", 32, "s32 vcpu_id @8, s32 timer_index @12, u64 time_now @16, u64 exp_time @24"),
        new("kvm_hv_stimer_start_one_shot", "4.14", "7.1", 32, "s32 vcpu_id @8, s32 timer_index @12, u64 time_now @16, u64 count @24"),
        new("kvm_hv_stimer_callback", "4.14", "7.1", 16, "s32 vcpu_id @8, s32 timer_index @12"),
        new("kvm_hv_stimer_expiration", "4.14", "4.19", 20, "s32 vcpu_id @8, s32 timer_index @12, s32 msg_send_result @16"),
        new("kvm_hv_stimer_expiration", "5.0", "7.1", 24, "s32 vcpu_id @8, s32 timer_index @12, s32 direct @16, s32 msg_send_result @20"),
        new("kvm_hv_stimer_cleanup", "4.14", "7.1", 16, "s32 vcpu_id @8, s32 timer_index @12"),
        new("kvm_avic_incomplete_ipi", "4.14", "7.1", 28, "u32 vcpu @8, u32 icrh @12, u32 icrl @16, u32 id @20, u32 index @24"),
        new("kvm_avic_unaccelerated_access", "4.14", "7.1", 24, "u32 vcpu @8, u32 offset @12, bool ft @16, bool rw @17, u32 vec @20"),
        new("kvm_hv_timer_state", "4.14", "7.1", 16, "u32 vcpu_id @8, u32 hv_timer_in_use @12"),
        new("kvm_hv_flush_tlb", "4.19", "6.1", 32, "u64 processor_mask @8, u64 address_space @16, u64 flags @24"),
        new("kvm_hv_flush_tlb", "6.2", "7.1", 40, "u64 processor_mask @8, u64 address_space @16, u64 flags @24, bool guest_mode @32"),
        new("kvm_hv_flush_tlb_ex", "4.19", "6.1", 40, "u64 valid_bank_mask @8, u64 format @16, u64 address_space @24, u64 flags @32"),
        new("kvm_hv_flush_tlb_ex", "6.2", "7.1", 48, "u64 valid_bank_mask @8, u64 format @16, u64 address_space @24, u64 flags @32, bool guest_mode @40"),
        new("kvm_hv_send_ipi", "5.0", "7.1", 24, "u32 vector @8, u64 processor_mask @16"),
        new("kvm_hv_send_ipi_ex", "5.0", "7.1", 32, "u32 vector @8, u64 format @16, u64 valid_bank_mask @24"),
        new("kvm_ple_window_update", "5.4", "7.1", 20, "u32 vcpu_id @8, u32 new @12, u32 old @16"),
        new("kvm_pv_tlb_flush", "5.4", "7.1", 16, "u32 vcpu_id @8, bool need_flush_tlb @12"),
        new("kvm_nested_vmenter_failed", "5.4", "5.12", 24, "ptr msg @8, u32 err @16"),
        new("kvm_nested_vmenter_failed", "5.14", "7.1", 16, "data_loc msg @8, u32 err @12"),
        new("kvm_apicv_update_request", "5.7", "5.17", 24, "bool activate @8, u64 bit @16"),
        new("kvm_avic_ga_log", "5.7", "7.1", 16, "u32 vmid @8, u32 vcpuid @12"),
        new("kvm_hv_syndbg_set_msr", "5.8", "7.1", 32, "s32 vcpu_id @8, u32 vp_index @12, u32 msr @16, u64 data @24"),
        new("kvm_hv_syndbg_get_msr", "5.8", "7.1", 32, "s32 vcpu_id @8, u32 vp_index @12, u32 msr @16, u64 data @24"),
        new("kvm_dirty_ring_push", "5.11", "7.1", 32, "s32 index @8, u32 dirty_index @12, u32 reset_index @16, u32 slot @20, u64 offset @24"),
        new("kvm_dirty_ring_reset", "5.11", "7.1", 20, "s32 index @8, u32 dirty_index @12, u32 reset_index @16"),
        new("kvm_dirty_ring_exit", "5.11", "7.1", 12, "s32 vcpu_id @8"),
        new("kvm_vmgexit_enter", "5.11", "7.1", 40, "u32 vcpu_id @8, u64 exit_reason @16, u64 info1 @24, u64 info2 @32"),
        new("kvm_vmgexit_exit", "5.11", "7.1", 40, "u32 vcpu_id @8, u64 exit_reason @16, u64 info1 @24, u64 info2 @32"),
        new("kvm_vmgexit_msr_protocol_enter", "5.11", "7.1", 24, "u32 vcpu_id @8, u64 ghcb_gpa @16"),
        new("kvm_vmgexit_msr_protocol_exit", "5.11", "7.1", 32, "u32 vcpu_id @8, u64 ghcb_gpa @16, s32 result @24"),
        new("kvm_xen_hypercall", "5.12", "6.1", 64, "u64 nr @8, u64 a0 @16, u64 a1 @24, u64 a2 @32, u64 a3 @40, u64 a4 @48, u64 a5 @56"),
        new("kvm_xen_hypercall", "6.2", "7.1", 72, "u8 cpl @8, u64 nr @16, u64 a0 @24, u64 a1 @32, u64 a2 @40, u64 a3 @48, u64 a4 @56, u64 a5 @64"),
        new("kvm_unmap_hva_range", "5.14", "7.1", 24, "u64 start @8, u64 end @16"),
        new("kvm_set_spte_hva", "5.14", "6.9", 16, "u64 hva @8"),
        new("kvm_age_hva", "5.14", "7.1", 24, "u64 start @8, u64 end @16"),
        new("kvm_test_age_hva", "5.14", "7.1", 16, "u64 hva @8"),
        new("kvm_hv_hypercall_done", "5.14", "7.1", 16, "u64 result @8"),
        new("kvm_smm_transition", "5.14", "7.1", 32, "u32 vcpu_id @8, u64 smbase @16, bool entering @24"),
        new("kvm_apicv_accept_irq", "5.17", "7.1", 20, "u32 apicid @8, u16 dm @12, u16 tm @14, u8 vec @16"),
        new("kvm_apicv_inhibit_changed", "5.18", "7.1", 24, "s32 reason @8, bool set @12, u64 inhibits @16"),
        new("kvm_avic_kick_vcpu_slowpath", "5.19", "7.1", 20, "u32 icrh @8, u32 icrl @12, u32 index @16"),
        new("kvm_avic_doorbell", "6.0", "7.1", 16, "u32 vcpuid @8, u32 apicid @12"),
        new("kvm_nested_vmenter", "6.1", "7.1", 64, "u64 rip @8, u64 vmcb @16, u64 nested_rip @24, u32 int_ctl @32, u32 event_inj @36, bool tdp_enabled @40, u64 guest_pgd @48, u32 isa @56"),
        new("kvm_rmp_fault", "6.12", "7.1", 48, "u32 vcpu_id @8, u64 gpa @16, u64 pfn @24, u64 error_code @32, s32 rmp_level @40, s32 psmash_ret @44"),
        new("kvm_vm_set_mem_attributes", "6.17", "7.1", 32, "u64 start @8, u64 end @16, u64 attr @24"),
    ];
}
