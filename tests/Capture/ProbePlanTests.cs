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
        ProbePlan plan = PlanOf(obstacle: (_, symbol) => symbol == "kvm_wait_lapic_expire" ? "is no symbol of this kernel" : null);
        PlannedProbe entry = plan.Probes.Single(probe => probe.Name == "entry");
        Assert.Equal("kvm_amd:svm_vcpu_run", entry.Symbol);
        Assert.DoesNotContain(" c5f8=", entry.Definition, StringComparison.Ordinal);
        Assert.Contains("entry is set on svm_vcpu_run (kvm_wait_lapic_expire is no symbol of this kernel", Assert.Single(plan.Missing), StringComparison.Ordinal);
    }

    [Fact]
    public void A_probe_that_cannot_be_set_is_told_with_what_it_costs()
    {
        ProbePlan plan = PlanOf(obstacle: (_, symbol) => symbol == "kvm_vcpu_unmap" ? "may not be probed (noinstr)" : null);
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
        ProbePlan plan = ProbePlan.Of(EventLevel.Full, _ => types, (_, _) => null, _ => true);
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
        ProbePlan plan = ProbePlan.Of(EventLevel.Full, _ => types, (_, _) => null, _ => false);
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

    private static ProbePlan PlanOf(EventLevel level = EventLevel.Full, Func<string, string, string?>? obstacle = null) =>
        ProbePlan.Of(level, KvmTypes.Of, obstacle ?? ((_, _) => null), _ => true);
}
