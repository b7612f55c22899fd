namespace Differ.Capture.Formats.Text.Forms;

/// <summary>Injection, APIC, halting and the way out to user space.</summary>
internal static class EventForms
{
    private const string Smm = "vcpu {vcpu_id:d}: {entering:=leaving|entering} SMM, smbase {smbase:x}";
    private const string RawSmm = "vcpu_id={vcpu_id:d} smbase={smbase:x} entering={entering:d}";

    private static readonly IReadOnlyList<TextRow> AcceptRows =
    [
        new("apicid {apicid:x} vec {vec:d} ({dm:delivery}|{tm:=edge|level}){:skip}"),
        new("apicid={apicid:x} dm={dm:d} tm={tm:d} vec={vec:d}"),
    ];

    private static readonly IReadOnlyList<TextRow> EoiRows = [new("apicid {apicid:x} vector {vector:i}"), new("apicid={apicid:x} vector={vector:i}")];

    private static readonly IReadOnlyList<TextRow> AsyncRows = [new("token {token:x} gva {gva:x}"), new("token={token:x} gva={gva:x}")];

    /// <summary>All of them. A text that is whole in several forms of its event has the meaning of the first.</summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<TextRow> Rows)> All { get; } =
    [
        ("kvm_inj_virq",
        [
            new("{soft:=IRQ|Soft/INTn} {vector:x}{reinjected:? [reinjected]}"),
            new("irq {irq:d}"),
            new("vector={vector:d} soft={soft:d} reinjected={reinjected:d}"),
            new("irq={irq:d}"),
            new(TextForms.Unparsed + "vector={vector:d} soft={soft:d} reinjected={reinjected:d}"),
        ]),
        ("kvm_inj_exception",
        [
            // Since 6.0 the error code stands there only when one is pushed.
            new("{exception:exception} ({error_code:x}){reinjected:? [reinjected]}", "has_error=1", Era: TextEra.New),
            new("{exception:exception}{reinjected:? [reinjected]}", "has_error=0 error_code=0", Era: TextEra.New),

            // Before, it always stands there, as 0 where none is pushed: 0 tells only of a vector that never has one.
            new("{exception:plain} (0x0){reinjected:? [reinjected]}", "has_error=0 error_code=0", Era: TextEra.Mixed),
            new("{exception:pushing} (0x0){reinjected:? [reinjected]}", "error_code=0", "has_error", TextEra.Mixed),
            new("{exception:exception} ({error_code:x}){reinjected:? [reinjected]}", "has_error=1", Era: TextEra.Mixed),
            new("{exception:plain} (0x0)", "has_error=0 error_code=0", Era: TextEra.Old),
            new("{exception:pushing} (0x0)", "error_code=0", "has_error", TextEra.Old),
            new("{exception:exception} ({error_code:x})", "has_error=1", Era: TextEra.Old),
            new("exception={exception:d} has_error={has_error:d} error_code={error_code:d}<< reinjected={reinjected:d}>>"),
            new(TextForms.Unparsed + "exception={exception:d} has_error={has_error:d} error_code={error_code:d}<< reinjected={reinjected:d}>>"),
        ]),
        ("kvm_userspace_exit",
        [
            // Where KVM_RUN returns an error it stands in place of the reason; that of a signal is KVM_EXIT_INTR (10).
            new("reason restart ({:d})", "reason=10 errno=-4"),
            new("reason error ({errno:neg})", "reason=0"),
            new("reason KVM_EXIT_{:skip} ({reason:d})"),
            new("reason {:x} ({reason:d})"),
            new("reason={reason:d} errno={errno:i}"),
        ]),
        ("kvm_enter_smm", [new(Smm), new(RawSmm)]),
        ("kvm_smm_transition", [new(Smm), new(RawSmm)]),
        ("kvm_vcpu_wakeup",
        [
            new("{waited:=poll|wait} time {ns:d} ns, polling {valid:=invalid|valid}"),
            new("ns={ns:d} waited={waited:d} valid={valid:d}"),
        ]),
        ("kvm_apic_accept_irq", AcceptRows),
        ("kvm_apicv_accept_irq", AcceptRows),
        ("kvm_apic_ipi",
        [
            new("dst {dest_id:x} vec {icr_low:d} ({icr_low:delivery}|{icr_low:=physical|logical@11}|{icr_low:=de-assert|assert@14}|{icr_low:=edge|level@15}|{icr_low:=dst|self|all|all-but-self@18})"),

            // libtraceevent takes the cast to u8 in the print for the field: the upper bits are gone.
            new("icr_low={:d} dest_id={dest_id:x}", Lacks: "icr_low"),
        ]),
        ("kvm_eoi", EoiRows),
        ("kvm_pv_eoi", EoiRows),
        ("kvm_fpu", [new("{load:=unload|load}"), new("load={load:d}")]),
        ("kvm_hv_flush_tlb",
        [
            new("processor_mask {:x} address_space {:x} flags {:x} (L2)", "guest_mode=1"),
            new("processor_mask {:x} address_space {:x} flags {:x}"),
            new("processor_mask={:x} address_space={:x} flags={:x}<< guest_mode={guest_mode:d}>>"),
        ]),
        ("kvm_hv_flush_tlb_ex",
        [
            new("valid_bank_mask {:x} format {:x} address_space {:x} flags {:x} (L2)", "guest_mode=1"),
            new("valid_bank_mask {:x} format {:x} address_space {:x} flags {:x}"),
            new("valid_bank_mask={:x} format={:x} address_space={:x} flags={:x}<< guest_mode={guest_mode:d}>>"),
        ]),
        ("kvm_async_pf_not_present", AsyncRows),
        ("kvm_async_pf_ready", AsyncRows),
        ("kvm_apicv_inhibit_changed",
        [
            new("{set:=cleared|set} reason={reason:i}, inhibits={inhibits:x}{:skip}"),
            new("reason={reason:i} set={set:d} inhibits={inhibits:x}"),
        ]),
    ];
}
