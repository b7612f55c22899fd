using Differ.Capture.Btf;

namespace Differ.Tests.Support;

/// <summary>Types of a made up kernel with KVM, and a host that has them.</summary>
internal static class KvmTypes
{
    /// <summary>Functions that probes are set on, by module.</summary>
    public static readonly (string Module, string Name)[] Functions =
    [
        ("kvm", "kvm_wait_lapic_expire"), ("kvm", "kvm_vcpu_unmap"), ("kvm", "kvm_vcpu_read_guest"), ("kvm_amd", "svm_complete_interrupts"),
        ("kvm_amd", "__nested_copy_vmcb_control_to_cache"), ("kvm_amd", "nested_svm_vmexit"), ("kvm_amd", "svm_set_efer"), ("kvm_amd", "svm_set_gif"),
        ("kvm_amd", "svm_vcpu_after_set_cpuid"), ("kvm_amd", "svm_cancel_injection"), ("kvm_amd", "svm_set_nested_state"), ("kvm_amd", "svm_leave_nested"),
        ("kvm_amd", "svm_vcpu_run"), ("kvm_amd", "svm_handle_exit"),
    ];

    /// <summary>BTF of vmlinux, kvm and kvm_amd.</summary>
    public static (byte[] Kernel, byte[] Kvm, byte[] Amd) Bytes()
    {
        var kernel = new BtfBuilder();
        int u64 = kernel.Int("u64", 8), u32 = kernel.Int("u32", 4), u8 = kernel.Int("bool", 1);
        byte[] kernelBytes = kernel.ToBytes();
        return (kernelBytes, Module(kernel, u64, u32, u8, "kvm"), Module(kernel, u64, u32, u8, "kvm_amd"));
    }

    /// <summary>The types of a module by its name.</summary>
    public static BtfTypes Of(string module)
    {
        (byte[] kernel, byte[] kvm, byte[] amd) = Bytes();
        return BtfTypes.Read(module == "kvm" ? kvm : amd, BtfTypes.Read(kernel));
    }

    /// <summary>Writes a host into a folder.</summary>
    public static void WriteHost(string root, Func<string, bool>? hasSymbol = null, bool hasTypes = true)
    {
        void Write(string path, string text)
        {
            string file = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, text);
        }

        (string Module, string Name)[] functions = [.. Functions.Where(function => hasSymbol?.Invoke(function.Name) != false)];
        Write("proc/kallsyms", string.Concat(functions.Select((function, i) => $"ffffffffc0{i:x6} t {function.Name}\t[{function.Module}]\n")));
        Write("proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: Made up\nmicrocode\t: 0x1\n\nprocessor\t: 1\n");
        Write("proc/sys/kernel/osrelease", "6.99.0-made-up\n");
        Write("sys/module/kvm_amd/initstate", "live\n");
        Write("sys/module/kvm/initstate", "live\n");
        Write("sys/module/kvm_amd/parameters/nested", "1\n");
        Write("sys/kernel/tracing/kprobe_events", "");
        Write("sys/kernel/tracing/available_filter_functions", string.Concat(functions.Select(function => $"{function.Name} [{function.Module}]\n")));
        Write("sys/kernel/tracing/events/kvm/enable", "0\n");
        Write("sys/kernel/debug/kprobes/blacklist", "0xffffffff81000000-0xffffffff81000010\tnoinstr_function\n");
        if (hasTypes)
        {
            Directory.CreateDirectory(Path.Combine(root, "sys/kernel/btf"));
            (byte[] kernel, byte[] kvm, byte[] amd) = Bytes();
            File.WriteAllBytes(Path.Combine(root, "sys/kernel/btf/vmlinux"), kernel);
            File.WriteAllBytes(Path.Combine(root, "sys/kernel/btf/kvm"), kvm);
            File.WriteAllBytes(Path.Combine(root, "sys/kernel/btf/kvm_amd"), amd);
        }
    }

    private static byte[] Module(BtfBuilder kernel, int u64, int u32, int u8, string module)
    {
        var types = new BtfBuilder(kernel);
        int arch = types.Struct("kvm_vcpu_arch", 3000,
            ("regs", types.Array(u64, 17), 0), ("cr0", u64, 200), ("cr3", u64, 208), ("cr4", u64, 216), ("hflags", u32, 224), ("efer", u64, 232),
            ("exception", types.Array(u8, 24), 240), ("exception_vmexit", types.Array(u8, 24), 264), ("interrupt", types.Array(u8, 3), 288),
            ("nmi_pending", u32, 292), ("nmi_injected", u8, 296), ("cpuid_nent", u32, 300), ("cpuid_entries", types.Pointer(u8), 304), ("dr6", u64, 312));
        int vcpu = types.Struct("kvm_vcpu", 4000, ("kvm", types.Pointer(u8), 0), ("vcpu_id", u32, 36), ("arch", arch, 100));
        int map = types.Struct("kvm_host_map", 40, ("hva", types.Pointer(u8), 8), ("gfn", types.Typedef("gfn_t", u64), 24));
        int vmcb = types.Struct("vmcb", 4096), control = types.Struct("vmcb_control_area", 1024);
        int info = types.Struct("kvm_vmcb_info", 16, ("ptr", types.Pointer(vmcb), 0));
        int inner = types.Union("", 8, ("nested_run_pending", u8, 0));
        int nested = types.Struct("svm_nested_state", 200, ("vmcb02", info, 0), ("hsave_msr", u64, 16), ("vm_cr_msr", u64, 24), ("vmcb12_gpa", u64, 32), ("", inner, 40));

        // As in a kernel: kvm does not know what kvm_amd puts around a vCPU.
        int svm = module == "kvm" ? vcpu : types.Struct("vcpu_svm", 5000,
            ("vcpu", vcpu, 0), ("vmcb", types.Pointer(vmcb), 4000), ("vmcb01", info, 4008), ("nested", nested, 4032), ("guest_gif", u8, 4300), ("nmi_masked", u8, 4301));
        int ofVcpu = types.Pointer(vcpu), ofSvm = types.Pointer(svm), any = types.Pointer(0);
        foreach ((_, string name) in Functions.Where(function => function.Module == module))
        {
            types.Function(name, name switch
            {
                "kvm_vcpu_unmap" => [("vcpu", ofVcpu), ("map", types.Pointer(map))],
                "kvm_vcpu_read_guest" => [("vcpu", ofVcpu), ("gpa", types.Typedef("gpa_t", u64)), ("data", any), ("len", u64)],
                "__nested_copy_vmcb_control_to_cache" => [("vcpu", ofVcpu), ("to", any), ("from", types.Pointer(types.Const(control)))],
                "svm_set_efer" => [("vcpu", ofVcpu), ("efer", u64)],
                "svm_set_gif" => [("svm", ofSvm), ("value", u8)],
                "nested_svm_vmexit" => [("svm", ofSvm)],
                _ => [("vcpu", ofVcpu)],
            });
        }

        return types.ToBytes();
    }
}
