namespace Differ.Capture.Formats.Text.Forms;

/// <summary>Guest accesses that L0 handles: registers, ports, memory, hypercalls, instructions.</summary>
internal static class AccessForms
{
    private static readonly IReadOnlyList<TextRow> VmgexitRows =
    [
        new("vcpu {vcpu_id:d}, exit_reason {exit_reason:x}, exit_info1 {info1:x}, exit_info2 {info2:x}"),
        new("vcpu_id={vcpu_id:d} exit_reason={exit_reason:x} info1={info1:x} info2={info2:x}"),
    ];

    public static IReadOnlyList<(string Name, IReadOnlyList<TextRow> Rows)> All { get; } =
    [
        ("kvm_msr",
        [
            new("msr_{write:=read|write} {ecx:x} = {data:x}{exception:? (#GP)}"),
            new("write={write:d} ecx={ecx:x} data={data:x} exception={exception:d}"),
        ]),
        ("kvm_cr", [new("cr_{rw:=read|write} {cr:x} = {val:x}"), new("rw={rw:d} cr={cr:x} val={val:x}")]),
        ("kvm_pio",
        [
            new("pio_{rw:=read|write} at {port:x} size {size:d} count {count:d} val {val:x}{:skip}"),
            new("rw={rw:d} port={port:x} size={size:d} count={count:d} val={val:x}"),
        ]),
        ("kvm_mmio",
        [
            new("mmio {type:=unsatisfied-read|read|write} len {len:d} gpa {gpa:x} val {val:x}"),
            new("type={type:d} len={len:d} gpa={gpa:x} val={val:x}"),
        ]),
        ("kvm_cpuid",
        [
            new("func {function:x}<< idx {index:x}>> rax {rax:x} rbx {rbx:x} rcx {rcx:x} rdx {rdx:x}, cpuid entry {found:=not found|found}{:skip}"),
            new("function={function:x}<< index={index:x}>> rax={rax:x} rbx={rbx:x} rcx={rcx:x} rdx={rdx:x} found={found:d}{:skip}"),
        ]),
        ("kvm_hypercall",
        [
            new("nr {nr:x} a0 {a0:x} a1 {a1:x} a2 {a2:x} a3 {a3:x}"),
            new("nr={nr:x} a0={a0:x} a1={a1:x} a2={a2:x} a3={a3:x}"),
        ]),
        ("kvm_hv_hypercall",
        [
            new("code {code:x} {fast:=slow|fast}<< var_cnt {:x}>> {:=cnt|rep_cnt} {rep_cnt:x} idx {rep_idx:x} in {ingpa:x} out {outgpa:x}"),
            new("rep_cnt={rep_cnt:x} rep_idx={rep_idx:x} ingpa={ingpa:x} outgpa={outgpa:x} code={code:x}<< var_cnt={:x}>> fast={fast:d}"),
        ]),
        ("kvm_xen_hypercall",
        [
            new("<<cpl {cpl:d} >>nr {nr:x} a0 {a0:x} a1 {a1:x} a2 {a2:x} a3 {a3:x} a4 {a4:x} a5 {a5:x}"),
            new("<<cpl={cpl:d} >>nr={nr:x} a0={a0:x} a1={a1:x} a2={a2:x} a3={a3:x} a4={a4:x} a5={a5:x}"),
        ]),
        ("kvm_emulate_insn",
        [
            new("{csbase:x}:{rip:x}:{insn:bytes} ({flags:mode}){failed:? failed}"),

            // The plugin drops the mode: 0xff is what the kernel itself writes for one it does not know.
            new("{csbase:x}:{rip:x}: {insn:bytes}{failed:? FAIL}", "flags=255", "flags"),
            new("rip={rip:x} csbase={csbase:x} len={len:d} insn=ARRAY[{insn:array}] flags={flags:d} failed={failed:d}"),
        ]),
        ("kvm_page_fault",
        [
            new("vcpu {vcpu_id:d} rip {guest_rip:x} address {fault_address:x} error_code {error_code:x}"),
            new("address {fault_address:x} error_code {error_code:x}"),
            new("vcpu_id={vcpu_id:d} guest_rip={guest_rip:x} fault_address={fault_address:x} error_code={error_code:x}"),
            new("fault_address={fault_address:x} error_code={error_code:x}"),
        ]),
        ("kvm_invlpga",
        [
            new("rip: {rip:x} asid: {asid:i} address: {address:x}"),
            new("rip={rip:x} asid={asid:i} address={address:x}"),
        ]),
        ("kvm_skinit", [new("rip: {rip:x} slb: {slb:x}"), new("rip={rip:x} slb={slb:x}")]),
        ("kvm_apic", [new("apic_{rw:=read|write} {reg:apic} = {val:x}"), new("rw={rw:d} reg={reg:d} val={val:x}")]),
        ("kvm_vmgexit_enter", VmgexitRows),
        ("kvm_vmgexit_exit", VmgexitRows),
        ("kvm_vmgexit_msr_protocol_enter", [new("vcpu {vcpu_id:d}, ghcb_gpa {ghcb_gpa:x}"), new("vcpu_id={vcpu_id:d} ghcb_gpa={ghcb_gpa:x}")]),
        ("kvm_vmgexit_msr_protocol_exit",
        [
            new("vcpu {vcpu_id:d}, ghcb_gpa {ghcb_gpa:x}, result {result:i}"),
            new("vcpu_id={vcpu_id:d} ghcb_gpa={ghcb_gpa:x} result={result:i}"),
        ]),
        ("kvm_avic_incomplete_ipi",
        [
            new("vcpu={vcpu:d}, icrh:icrl={icrh:x}:{icrl:x}, id={id:d}, index={index:d}"),
            new("vcpu={vcpu:d} icrh={icrh:x} icrl={icrl:x} id={id:d} index={index:d}"),
        ]),
        ("kvm_avic_unaccelerated_access",
        [
            new("vcpu={vcpu:d}, offset={offset:x}({:skip}), {ft:=fault|trap}, {rw:=read|write}, vec={vec:x}"),
            new("vcpu={vcpu:d} offset={offset:x} ft={ft:d} rw={rw:d} vec={vec:x}"),
        ]),
    ];
}
