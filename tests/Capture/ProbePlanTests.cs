using Differ.Capture.Btf;
using Differ.Capture.Recording;
using Differ.Tests.Support;

namespace Differ.Tests.Capture;

public sealed class ProbePlanTests
{
    [Fact]
    public void Every_probe_is_set_where_the_kernel_has_all()
    {
        ProbePlan plan = PlanOf();
        Assert.Empty(plan.Missing);
        Assert.Equal(
            ["entry", "exit", "vmrun", "unmap", "vmexit", "efer", "gif", "cpuid", "cancel", "setnested", "leave", "rdguest"], plan.Probes.Select(probe => probe.Name));
        Assert.Equal("p:differ/efer kvm_amd:svm_set_efer vcpu=+36(%di):s32 old=+332(%di):x64 new=%si:x64", plan.Probes.Single(probe => probe.Name == "efer").Definition);
        Assert.StartsWith("r:differ/rdguest kvm:kvm_vcpu_read_guest vcpu=+36($arg1):s32", plan.Probes.Single(probe => probe.Name == "rdguest").Definition, StringComparison.Ordinal);
        Assert.Contains(" c058=+0x58(+4000(%di)):x64[15]", PlanOf(EventLevel.Lean).Probes[0].Definition, StringComparison.Ordinal);
    }

    [Fact]
    public void Lean_costs_less_than_full_and_stock_sets_nothing()
    {
        Assert.True(PlanOf(EventLevel.Lean).InstructionsPerExit < PlanOf().InstructionsPerExit);
        Assert.Empty(PlanOf(EventLevel.Stock).Probes);
    }

    [Fact]
    public void The_next_function_is_taken_where_the_best_is_missing()
    {
        ProbePlan plan = PlanOf(obstacle: place => place.Symbol == "kvm_wait_lapic_expire" ? "is no symbol of this kernel" : null);
        PlannedProbe entry = plan.Probes.Single(probe => probe.Name == "entry");
        Assert.Equal("kvm_amd:svm_vcpu_run", entry.Symbol);
        Assert.DoesNotContain(" c5f8=", entry.Definition, StringComparison.Ordinal);
        Assert.Contains("entry is set on svm_vcpu_run (kvm_wait_lapic_expire is no symbol of this kernel", Assert.Single(plan.Missing), StringComparison.Ordinal);
    }

    [Fact]
    public void A_probe_that_cannot_be_set_is_told_with_what_it_costs()
    {
        ProbePlan plan = PlanOf(obstacle: place => place.Symbol == "kvm_vcpu_unmap" ? "may not be probed (noinstr)" : null);
        Assert.Equal(
            "unmap is not set (kvm_vcpu_unmap may not be probed (noinstr)); not seen: vmcb12 as the #VMEXIT left it, and what VMSAVE and VMLOAD met", Assert.Single(plan.Missing));
    }

    [Fact]
    public void A_function_with_other_parameters_is_not_probed()
    {
        var kernel = new BtfBuilder();
        var amd = new BtfBuilder(kernel);
        int vcpu = amd.Struct("kvm_vcpu", 64, ("vcpu_id", amd.Int("u32", 4), 0));
        amd.Struct("vcpu_svm", 64, ("vcpu", vcpu, 0));
        amd.Function("svm_set_efer", ("efer", amd.Int("u64", 8)), ("vcpu", amd.Pointer(vcpu)));
        BtfTypes types = BtfTypes.Read(amd.ToBytes(), BtfTypes.Read(kernel.ToBytes()));
        ProbePlan plan = ProbePlan.Of(EventLevel.Full, _ => types, _ => null, _ => true);
        Assert.Contains(plan.Missing, line => line.Contains("svm_set_efer has other parameters (u64 efer, kvm_vcpu* vcpu)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_member_that_a_kernel_lacks_drops_its_field_only()
    {
        var kernel = new BtfBuilder();
        var amd = new BtfBuilder(kernel);
        int vcpu = amd.Struct("kvm_vcpu", 64, ("vcpu_id", amd.Int("u32", 4), 4));
        amd.Struct("vcpu_svm", 64, ("vcpu", vcpu, 0));
        amd.Function("svm_set_efer", ("vcpu", amd.Pointer(vcpu)), ("efer", amd.Int("u64", 8)));
        BtfTypes types = BtfTypes.Read(amd.ToBytes(), BtfTypes.Read(kernel.ToBytes()));
        ProbePlan plan = ProbePlan.Of(EventLevel.Full, _ => types, _ => null, _ => false);
        Assert.Equal("p:differ/efer svm_set_efer vcpu=+4(%di):s32 new=%si:x64", Assert.Single(plan.Probes).Definition);
        Assert.Contains(plan.Missing, line => line.StartsWith("efer without old:", StringComparison.Ordinal));
    }

    [Fact]
    public void A_host_is_asked_for_its_symbols()
    {
        using var scratch = new Scratch();
        KvmTypes.WriteHost(scratch["host"], symbol => symbol != "svm_set_gif");
        var host = new HostKernel(scratch["host"]);
        Assert.Null(host.Obstacle);
        Assert.Null(host.ObstacleToProbes);
        Assert.Contains("gif is not set (svm_set_gif is no symbol of this kernel)", Assert.Single(host.Plan(EventLevel.Full).Missing), StringComparison.Ordinal);
        Assert.Equal(
            ["kernel 6.99.0-made-up ", "cpu vendor_id=AuthenticAMD", "cpu model name=Made up", "cpu microcode=0x1", "kvm_amd nested=1"], host.Facts);
    }

    [Fact]
    public void A_symbol_with_two_addresses_or_beyond_ftrace_is_not_probed()
    {
        using var scratch = new Scratch();
        KvmTypes.WriteHost(scratch["host"]);
        File.AppendAllText(scratch["host/proc/kallsyms"], "ffffffffc1000000 t svm_set_gif\t[kvm_amd]\n");
        string functions = scratch["host/sys/kernel/tracing/available_filter_functions"];
        File.WriteAllText(functions, File.ReadAllText(functions).Replace("svm_leave_nested", "another", StringComparison.Ordinal));
        File.AppendAllText(scratch["host/sys/kernel/debug/kprobes/blacklist"], "0xffffffff81000020-0xffffffff81000030\tsvm_set_efer\n");
        IReadOnlyList<string> missing = new HostKernel(scratch["host"]).Plan(EventLevel.Full).Missing;
        Assert.Contains(missing, line => line.Contains("svm_set_gif is the name of several functions", StringComparison.Ordinal));
        Assert.Contains(missing, line => line.Contains("svm_leave_nested cannot be traced by ftrace", StringComparison.Ordinal));
        Assert.Contains(missing, line => line.Contains("svm_set_efer may not be probed (noinstr)", StringComparison.Ordinal));
    }

    // The code of the caller shows whether it calls.
    [Theory]
    [InlineData(true, "kvm_amd:svm_complete_interrupts", 0)]
    [InlineData(false, "kvm_amd:svm_handle_exit", 1)]
    public void A_function_that_the_compiler_put_into_its_caller_is_not_probed(bool calls, string symbol, int missing)
    {
        using var scratch = new Scratch();
        KvmTypes.WriteHost(scratch["host"]);
        const ulong Caller = 0xffff_ffff_c200_0000, Called = 0xffff_ffff_c300_0000;
        string kallsyms = scratch["host/proc/kallsyms"];
        File.WriteAllText(kallsyms, string.Concat(File.ReadAllLines(kallsyms)
            .Where(line => !line.Contains("svm_vcpu_run", StringComparison.Ordinal) && !line.Contains("svm_complete_interrupts", StringComparison.Ordinal) && !line.Contains("svm_handle_exit", StringComparison.Ordinal))
            .Append($"{Caller + 0x200:x} t svm_vcpu_reset\t[kvm_amd]").Append($"{Caller:x} t svm_vcpu_run\t[kvm_amd]")
            .Append($"{Called:x} t svm_complete_interrupts\t[kvm_amd]").Append($"{Called + 0x100:x} t svm_handle_exit\t[kvm_amd]").Select(line => line + "\n")));
        byte[] code = new byte[0x200];
        code[0x30] = 0xe8;
        BitConverter.TryWriteBytes(code.AsSpan(0x31), (int)(Called - (Caller + 0x35) + (calls ? 0UL : 1)));

        // kvm_wait_lapic_expire is called there too.
        code[0x40] = 0xe9;
        BitConverter.TryWriteBytes(code.AsSpan(0x41), unchecked((int)(0xffff_ffff_c000_0000 - (Caller + 0x45))));
        File.WriteAllBytes(scratch["host/proc/kcore"], Core(Caller, code));
        ProbePlan plan = new HostKernel(scratch["host"]).Plan(EventLevel.Full);
        Assert.Equal("kvm:kvm_wait_lapic_expire", plan.Probes.Single(probe => probe.Name == "entry").Symbol);
        Assert.Equal(symbol, plan.Probes.Single(probe => probe.Name == "exit").Symbol);
        string[] told = [.. plan.Missing.Where(line => line.StartsWith("exit ", StringComparison.Ordinal))];
        Assert.Equal(missing, told.Length);
        Assert.All(told, line => Assert.Equal(
            "exit is set on svm_handle_exit (svm_complete_interrupts is not called by svm_vcpu_run: the compiler put it there); not seen: the state at exits that KVM handles at once (fast path)", line));
    }

    [Fact]
    public void Without_its_code_a_copy_of_a_function_shows_that_it_may_not_be_called()
    {
        using var scratch = new Scratch();
        KvmTypes.WriteHost(scratch["host"]);
        File.AppendAllText(scratch["host/proc/kallsyms"], "ffffffffc1000000 t kvm_vcpu_unmap.part.0\t[kvm]\nffffffffc1000100 t svm_set_efer.cold\t[kvm_amd]\n");
        Assert.Equal(
            "unmap is not set (kvm_vcpu_unmap has the copy kvm_vcpu_unmap.part.0, which its callers may call in its place); not seen: vmcb12 as the #VMEXIT left it, and what VMSAVE and VMLOAD met",
            Assert.Single(new HostKernel(scratch["host"]).Plan(EventLevel.Full).Missing));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    [InlineData(300)]
    public void A_core_that_is_cut_or_none_tells_of_no_call(int length)
    {
        using var scratch = new Scratch();
        byte[] core = Core(0x1000, new byte[0x200]);
        File.WriteAllBytes(scratch["kcore"], core[..length]);
        using KernelText? text = KernelText.Open(scratch["kcore"]);
        Assert.Null(text?.Reaches(0x1000, 0x1200, 0x5000));
        File.WriteAllBytes(scratch["kcore"], core);
        using KernelText whole = KernelText.Open(scratch["kcore"])!;
        Assert.False(whole.Reaches(0x1000, 0x1200, 0x5000));
        Assert.Null(whole.Reaches(0x1100, 0x1201, 0x5000));
        Assert.Null(whole.Reaches(0x800, 0x900, 0x5000));
    }

    [Fact]
    public void Types_that_are_damaged_are_named_by_their_file()
    {
        using var scratch = new Scratch();
        KvmTypes.WriteHost(scratch["host"]);
        string file = scratch["host/sys/kernel/btf/kvm_amd"];
        File.WriteAllBytes(file, [1, 2, 3]);
        Assert.StartsWith($"{file}: DIF0108", Assert.Throws<IOException>(() => new HostKernel(scratch["host"]).Plan(EventLevel.Full)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_cannot_record_says_why()
    {
        using var scratch = new Scratch();
        Assert.StartsWith("kvm_amd is not loaded", new HostKernel(scratch["host"]).Obstacle, StringComparison.Ordinal);
        Directory.CreateDirectory(scratch["host/sys/module/kvm_intel"]);
        Assert.StartsWith("this is an Intel host", new HostKernel(scratch["host"]).Obstacle, StringComparison.Ordinal);
        Directory.CreateDirectory(scratch["host/sys/module/kvm_amd"]);
        Assert.StartsWith("tracefs is not there", new HostKernel(scratch["host"]).Obstacle, StringComparison.Ordinal);
        KvmTypes.WriteHost(scratch["host"], hasTypes: false);
        Assert.Null(new HostKernel(scratch["host"]).Obstacle);
        Assert.StartsWith("the kernel has no BTF", new HostKernel(scratch["host"]).ObstacleToProbes, StringComparison.Ordinal);
        File.Delete(scratch["host/sys/kernel/tracing/kprobe_events"]);
        Assert.StartsWith("the kernel has no kprobe events", new HostKernel(scratch["host"]).ObstacleToProbes, StringComparison.Ordinal);
        Directory.CreateDirectory(scratch["host/sys/kernel/security"]);
        File.WriteAllText(scratch["host/sys/kernel/security/lockdown"], "none integrity [confidentiality]\n");
        Assert.StartsWith("the kernel is locked down", new HostKernel(scratch["host"]).Obstacle, StringComparison.Ordinal);
    }

    [Fact]
    public void Counts_that_differ_say_what_is_not_seen()
    {
        ProbePlan plan = PlanOf();
        var counts = new Dictionary<string, ulong>
        {
            ["entry"] = 5000,
            ["kvm_entry"] = 5001,
            ["exit"] = 5010,
            ["cancel"] = 10,
            ["kvm_exit"] = 5000,
            ["vmrun"] = 0,
            ["kvm_nested_vmenter"] = 70,
        };
        IReadOnlyList<ProbeBalance> balances = ProbeBalance.Of(plan, counts);
        Assert.Equal([true, true, false, true], balances.Select(balance => balance.Holds));
        Assert.Equal(
            "vmrun is 0, kvm_nested_vmenter + kvm_nested_vmenter_failed 70: the probe is not called everywhere; not always seen: vmcb12 as L1 left it for VMRUN, and L1's state that VMRUN saves",
            balances[2].ToString());
    }

    // The VMM restores a guest that was in L2, or one that was not: only the first is a hit of the probe on VMRUN.
    [Theory]
    [InlineData(8, 8, true)]
    [InlineData(48, 40, true)]
    [InlineData(48, 30, false)]
    [InlineData(40, 48, false)]
    public void Restored_guests_may_be_hits_of_the_probe_on_VMRUN(ulong vmrun, ulong vmenter, bool holds) => Assert.Equal(
        holds, ProbeBalance.Of(PlanOf(), new Dictionary<string, ulong> { ["vmrun"] = vmrun, ["setnested"] = 10, ["kvm_nested_vmenter"] = vmenter })[2].Holds);

    [Theory]
    [InlineData("none [integrity] confidentiality\n", null)]
    [InlineData("none integrity [confidentiality]\n", "the kernel is locked down (confidentiality), which forbids tracing: boot with lockdown=integrity, or without it")]
    public void Of_the_lockdowns_the_one_that_forbids_tracing_is_named(string lockdown, string? line)
    {
        using var scratch = new Scratch();
        KvmTypes.WriteHost(scratch["host"]);
        Directory.CreateDirectory(scratch["host/sys/kernel/security"]);
        File.WriteAllText(scratch["host/sys/kernel/security/lockdown"], lockdown);
        Assert.Equal(line, new HostKernel(scratch["host"]).Obstacle);
    }

    [Theory]
    [InlineData("sys/kernel/btf/vmlinux")]
    [InlineData("sys/kernel/btf/kvm_amd")]
    public void Types_that_are_missing_are_named_in_one_line(string file)
    {
        using var scratch = new Scratch();
        KvmTypes.WriteHost(scratch["host"]);
        File.Delete(scratch["host/" + file]);
        Assert.Equal(
            "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF, CONFIG_DEBUG_INFO_BTF_MODULES): /sys/kernel/btf lacks vmlinux or kvm_amd", new HostKernel(scratch["host"]).ObstacleToProbes);
    }

    // An ELF core file with one segment.
    private static byte[] Core(ulong address, byte[] memory)
    {
        byte[] core = new byte[0x100 + memory.Length];
        "\u007fELF\u0002\u0001"u8.CopyTo(core);
        BitConverter.TryWriteBytes(core.AsSpan(0x20), 0x40UL);
        BitConverter.TryWriteBytes(core.AsSpan(0x36), (ushort)56);
        BitConverter.TryWriteBytes(core.AsSpan(0x38), (ushort)1);
        BitConverter.TryWriteBytes(core.AsSpan(0x40), 1);
        BitConverter.TryWriteBytes(core.AsSpan(0x48), 0x100UL);
        BitConverter.TryWriteBytes(core.AsSpan(0x50), address);
        BitConverter.TryWriteBytes(core.AsSpan(0x60), (ulong)memory.Length);
        memory.CopyTo(core, 0x100);
        return core;
    }

    private static ProbePlan PlanOf(EventLevel level = EventLevel.Full, Func<ProbePlace, string?>? obstacle = null) =>
        ProbePlan.Of(level, KvmTypes.Of, obstacle ?? (_ => null), _ => true);
}
