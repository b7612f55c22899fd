using Differ.Capture.Tracepoints;

namespace Differ.Capture.Recording;

/// <summary>A function of KVM that a probe may be set on.</summary>
/// <param name="Module">The module that has it.</param>
/// <param name="Symbol">Its name.</param>
/// <param name="Parameters">Types of its first parameters, as the definitions take them from registers; * for any.</param>
internal sealed record ProbePlace(string Module, string Symbol, params string[] Parameters)
{
    /// <summary>Fields whose value is not what the probe says it is there.</summary>
    public string[] NotThere { get; init; } = [];

    /// <summary>Functions, of kvm_amd or kvm, of which one must call it for the probe to be hit where it matters; empty where it is called from elsewhere, or through a pointer.</summary>
    public string[] Callers { get; init; } = [];

    /// <summary>What is not seen from there; empty where nothing is missing.</summary>
    public string Loss { get; init; } = "";
}

/// <summary>A probe before the offsets of a kernel are in it.</summary>
/// <param name="Name">Name of the event.</param>
/// <param name="Evidence">What stays unknown without it.</param>
/// <param name="Places">Where it may be set; the best first.</param>
/// <param name="Full">Its fields: name, what is fetched, type. In braces stand members of structures, of which the first that a kernel has counts.</param>
internal sealed record ProbeTemplate(string Name, string Evidence, ProbePlace[] Places, string[] Full)
{
    /// <summary>The fields where costs matter.</summary>
    public string[] Lean { get; init; } = Full;

    /// <summary>Whether it is set on the return.</summary>
    public bool AtReturn { get; init; }
}

/// <summary>Every probe that is set in KVM. A new one is a row; what reads it is a row of <see cref="Probes"/>.</summary>
/// <remarks>Arguments stand in %di, %si, %dx, %cx in the order of the parameters: pahole leaves functions out of BTF where they do not.</remarks>
internal static class ProbeTemplates
{
    private const string Vcpu = "kvm_vcpu*";
    private const string VcpuNumber = "vcpu=+{kvm_vcpu.vcpu_id}(%di):s32";
    private const string Efer = "efer=+{kvm_vcpu.arch.efer}(%di):x64", Cr0 = "cr0=+{kvm_vcpu.arch.cr0}(%di):x64", Cr4 = "cr4=+{kvm_vcpu.arch.cr4}(%di):x64";
    private const string Vmcb12 = "vmcb12=+{vcpu_svm.nested.vmcb12_gpa|vcpu_svm.nested.vmcb}(%di):x64";
    private const string Exception = "exc=+{kvm_vcpu.arch.exception}(%di):x64[3]", ExceptionVmexit = "excvm=+{kvm_vcpu.arch.exception_vmexit}(%di):x64[3]";
    private const string Registers = "regs=+{kvm_vcpu.arch.regs}(%di):x64[16]";

    private static readonly string[] Entering = ["svm_vcpu_run", "kvm_arch_vcpu_ioctl_run", "vcpu_enter_guest"];

    private static readonly string[] Which =
    [
        VcpuNumber,
        "kvm=+{kvm_vcpu.kvm}(%di):x64",
        "vmcb=+{vcpu_svm.vmcb}(%di):x64",
        "vmcb02=+{vcpu_svm.nested.vmcb02.ptr}(%di):x64",
        Vmcb12,
        "run=+{vcpu_svm.nested.nested_run_pending|kvm_vcpu.arch.nested_run_pending}(%di):x8",
        "gif=+{vcpu_svm.guest_gif}(%di):x8",
        "nmimask=+{vcpu_svm.nmi_masked}(%di):x8",
        "hflags=+{kvm_vcpu.arch.hflags}(%di):x32",
        Efer,
    ];

    private static readonly string[] Queued =
    [
        "intr=+{kvm_vcpu.arch.interrupt}(%di):x8[3]",
        "nmip=+{kvm_vcpu.arch.nmi_pending}(%di):x32",
        "nmii=+{kvm_vcpu.arch.nmi_injected}(%di):x8",
        "h058=+0x58(+{vcpu_svm.vmcb01.ptr}(%di)):x64[3]",
        Current("c000", 3),
    ];

    private static readonly string[] FullState = [.. Which, Cr0, "cr3=+{kvm_vcpu.arch.cr3}(%di):x64", Cr4, Exception, ExceptionVmexit, .. Queued];

    // ES to DS, GDTR, IDTR: what VMRUN loads besides, and #VMEXIT saves.
    private static readonly string[] Tables = [Current("c400", 8), Current("c460", 2), Current("c480", 2)];

    private static readonly string[] FullSave =
        [Current("c4c8", 2), Current("c548", 7), Current("c5d8", 1), Current("c5f8", 1), Current("c640", 1), Current("c668", 1), Registers];

    private static readonly string[] LeanState = [.. Which.Where(field => !field.StartsWith("kvm=", StringComparison.Ordinal)), Exception, .. Queued];

    private static readonly string[] LeanSave = [Current("c4c8", 2), Current("c570", 2), Current("c5f8", 1)];

    private static readonly string[] Vmcb12AtVmrun =
    [
        VcpuNumber, "va=%dx:x64", "hsave=+{vcpu_svm.nested.hsave_msr}(%di):x64", "vmcr=+{vcpu_svm.nested.vm_cr_msr}(%di):x64", Efer, Cr0, Cr4,
        "regs=+{kvm_vcpu.arch.regs}(%di):x64[4]", "g000=+0x0(%dx):x64[64]", "g200=+0x200(%dx):x64[64]", "g400=+0x400(%dx):x64[64]", "g600=+0x600(%dx):x64[20]",
        "h400=+0x400(+{vcpu_svm.vmcb01.ptr}(%di)):x64[64]", "h600=+0x600(+{vcpu_svm.vmcb01.ptr}(%di)):x64[15]",
    ];

    /// <summary>All, in the order in which they are set.</summary>
    public static IReadOnlyList<ProbeTemplate> All { get; } =
    [
        new("entry", "the intercepts, GIF, V_IRQ, EVENTINJ and registers that L0 entered the guest with",
            [
                new("kvm", "kvm_wait_lapic_expire", Vcpu) { Callers = Entering },
                new("kvm", "kvm_load_guest_xsave_state", Vcpu) { Callers = Entering },
                new("kvm_amd", "svm_vcpu_run", Vcpu)
                {
                    // They are written behind its start.
                    NotThere = ["c040", "c058", "c548", "c570", "c5d8", "c5f8", "c640", "regs"],
                    Loss = "ASID, TLB_CONTROL, V_TPR, RFLAGS, RAX, RSP and RIP at the entry",
                },
            ],
            [.. FullState, "dr6=+{kvm_vcpu.arch.dr6}(%di):x64", Current("c040", 18), .. Tables, .. FullSave])
        {
            Lean = [.. LeanState, Current("c058", 15), .. LeanSave],
        },
        new("exit", "the VMCB and the registers as the #VMEXIT left them",
            [
                new("kvm_amd", "svm_complete_interrupts", Vcpu) { Callers = ["svm_vcpu_run"] },
                new("kvm_amd", "svm_handle_exit", Vcpu) { Loss = "the state at exits that KVM handles at once (fast path)" },
            ],
            [.. FullState, Current("c040", 20), Current("c410", 2), .. FullSave])
        {
            Lean = [.. LeanState, Current("c058", 17), .. LeanSave],
        },
        new("vmrun", "vmcb12 as L1 left it for VMRUN, and L1's state that VMRUN saves",
            [
                new("kvm_amd", "__nested_copy_vmcb_control_to_cache", Vcpu, "*", "vmcb_control_area*") { Callers = ["nested_svm_vmrun", "nested_svm_copy_vmcb12_to_cache"] },
                new("kvm_amd", "enter_svm_guest_mode", Vcpu, "u64", "vmcb*") { Callers = ["nested_svm_vmrun"], Loss = "the vmcb12 of VMRUNs that fail" },
            ],
            Vmcb12AtVmrun),
        new("unmap", "vmcb12 as the #VMEXIT left it, and what VMSAVE and VMLOAD met",
            [new("kvm", "kvm_vcpu_unmap", Vcpu, "kvm_host_map*") { Callers = ["nested_svm_vmexit", "nested_svm_vmexit_update_vmcb12"] }],
            [
                VcpuNumber, "gfn=+{kvm_host_map.gfn}(%si):x64", "hva=+{kvm_host_map.hva}(%si):x64", "g000=+0x0(+{kvm_host_map.hva}(%si)):x64[34]",
                "g400=+0x400(+{kvm_host_map.hva}(%si)):x64[64]", "g600=+0x600(+{kvm_host_map.hva}(%si)):x64[15]",
            ]),
        new("vmexit", "what L0 was about to show L1",
            [new("kvm_amd", "nested_svm_vmexit", "vcpu_svm*")],
            [VcpuNumber, Exception, ExceptionVmexit, Vmcb12, Efer, Current("c058", 17), .. Tables, Current("c4c8", 2), Current("c548", 7), Current("c5d8", 1), Current("c5f8", 1)]),
        new("efer", "changes of EFER", [new("kvm_amd", "svm_set_efer", Vcpu, "u64")], [VcpuNumber, "old=+{kvm_vcpu.arch.efer}(%di):x64", "new=%si:x64"]),
        new("gif", "changes of GIF that no exit shows", [new("kvm_amd", "svm_set_gif", "vcpu_svm*", "bool")], [VcpuNumber, "value=%si:x8"]),
        new("cpuid", "the CPUID that the guest was given",
            [new("kvm_amd", "svm_vcpu_after_set_cpuid", Vcpu)],
            [
                VcpuNumber, "n=+{kvm_vcpu.arch.cpuid_nent}(%di):s32", Cpuid(0), Cpuid(1), Cpuid(2), Cpuid(3), Cpuid(4),
            ]),
        new("cancel", "which entries KVM gave up", [new("kvm_amd", "svm_cancel_injection", Vcpu)], [VcpuNumber]),
        new("setnested", "which VMRUNs are the VMM's restoring of a guest", [new("kvm_amd", "svm_set_nested_state", Vcpu)], [VcpuNumber]),
        new("leave", "when KVM left the nested guest by force", [new("kvm_amd", "svm_leave_nested", Vcpu)], [VcpuNumber]),
        new("rdguest", "the words of L1's permission maps (MSRPM, IOPM) that L0 read",
            [new("kvm", "kvm_vcpu_read_guest", Vcpu, "gpa_t", "void*", "*")],
            ["vcpu=+{kvm_vcpu.vcpu_id}($arg1):s32", "gpa=$arg2:x64", "len=$arg4:u64", "val=+0($arg3):x64", "ret=$retval:s32"])
        {
            AtReturn = true,
        },
    ];

    // Bytes of the VMCB that runs.
    private static string Current(string name, int words) => $"{name}=+0x{name[1..].TrimStart('0').PadLeft(1, '0')}(+{{vcpu_svm.vmcb}}(%di)):x64{(words > 1 ? $"[{words}]" : "")}";

    private static string Cpuid(int part) => $"e{part}=+0x{part * 0x200:x}(+{{kvm_vcpu.arch.cpuid_entries}}(%di)):x64[64]";
}
