namespace Differ.Tests.Support;

/// <summary>Tells what one vCPU did, in the tracepoints and layouts of a chosen kernel.</summary>
/// <remarks>Fields the kernel lacks are left out, names it changed are its own. The order of events is the teller's.</remarks>
/// <param name="tell">Takes CPU, time and record of each event.</param>
/// <param name="kernel">The layouts.</param>
/// <param name="thread">The host thread.</param>
/// <param name="vcpu">KVM's number of the vCPU.</param>
internal sealed class KvmStory(Action<int, ulong, EventRecord> tell, KernelLayouts kernel, int thread = 100, uint vcpu = 0)
{
    /// <summary>A story that is recorded in a buffer of trace.dat.</summary>
    public KvmStory(InstanceBuilder buffer, KernelLayouts kernel, int thread = 100, uint vcpu = 0)
        : this((cpu, time, record) => buffer.Cpu(cpu).Event(time, record), kernel, thread, vcpu)
    {
    }

    /// <summary>Time of the next event.</summary>
    public ulong Time { get; set; } = 1_000_000;

    /// <summary>Time from one event to the next.</summary>
    public ulong Step { get; set; } = 1000;

    /// <summary>The host CPU of the next event.</summary>
    public int Cpu { get; set; }

    /// <summary>A capture that describes all tracepoints of a kernel.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="builder">Where to; a plain file if nothing is said.</param>
    /// <param name="except">A tracepoint that was not recorded.</param>
    public static TraceDatBuilder Capture(KernelLayouts kernel, TraceDatBuilder? builder = null, string except = "")
    {
        builder ??= new TraceDatBuilder();
        foreach (EventFormat format in kernel.Formats.Where(format => format.Name != except))
        {
            builder.Describe("kvm", format.Text);
        }

        return builder.Uname(kernel.Kernel + ".0");
    }

    public KvmStory Entry(ulong rip, uint eventInj = 0) => Add(
        Record("kvm_entry").With("vcpu_id", vcpu).WithAny("rip", rip).WithAny("intr_info", eventInj));

    public KvmStory Exit(ulong code, ulong rip, ulong info1 = 0, ulong info2 = 0, uint intInfo = 0, uint isa = 2) => Add(
        Record("kvm_exit").With("exit_reason", code).With("guest_rip", rip).With("isa", isa).With("info1", info1).With("info2", info2)
            .WithAny("intr_info", intInfo).WithAny("vcpu_id", vcpu));

    public KvmStory NestedVmexit(ulong code, ulong rip, ulong info1 = 0, ulong info2 = 0, uint intInfo = 0) => Add(
        Record("kvm_nested_vmexit").WithAny("exit_reason", code).WithAny("exit_code", code).WithAny("guest_rip", rip).WithAny("rip", rip)
            .WithAny("info1", info1).WithAny("exit_info1", info1).WithAny("info2", info2).WithAny("exit_info2", info2)
            .WithAny("intr_info", intInfo).WithAny("exit_int_info", intInfo).WithAny("vcpu_id", vcpu).With("isa", 2));

    /// <summary>kvm_exit and kvm_nested_vmexit of the same exit from L2.</summary>
    public KvmStory ExitFromL2(ulong code, ulong rip, ulong info1 = 0, ulong info2 = 0, uint intInfo = 0) =>
        Exit(code, rip, info1, info2, intInfo).NestedVmexit(code, rip, info1, info2, intInfo);

    public KvmStory Vmenter(ulong rip, ulong vmcb12, ulong nestedRip, uint intCtl = 0, uint eventInj = 0, ulong root = 0x5000, bool nestedPaging = true) => Add(
        Record(kernel.Has("kvm_nested_vmenter") ? "kvm_nested_vmenter" : "kvm_nested_vmrun").With("rip", rip).With("vmcb", vmcb12)
            .With("nested_rip", nestedRip).With("int_ctl", intCtl).With("event_inj", eventInj)
            .WithAny("npt", nestedPaging ? 1UL : 0).WithAny("tdp_enabled", nestedPaging ? 1UL : 0).WithAny("guest_pgd", root).WithAny("isa", 2));

    public KvmStory Intercepts(uint crs, uint exceptions, uint word3, uint word4, uint word5 = 0) => Add(
        Record("kvm_nested_intercepts").With("cr_read", crs & 0xffff).With("cr_write", crs >> 16).With("exceptions", exceptions)
            .WithAny("intercept", ((ulong)word4 << 32) | word3).WithAny("intercept1", word3).WithAny("intercept2", word4).WithAny("intercept3", word5));

    public KvmStory Inject(ulong code, ulong info1 = 0, ulong info2 = 0, uint intInfo = 0) => Add(
        Record("kvm_nested_vmexit_inject").With("exit_code", code).With("exit_info1", info1).With("exit_info2", info2)
            .With("exit_int_info", intInfo).With("isa", 2));

    public KvmStory Exception(byte vector, uint? error = null, bool reinjected = false) => Add(
        Record("kvm_inj_exception").With("exception", vector).With("has_error", error is null ? 0UL : 1).With("error_code", error ?? 0)
            .WithAny("reinjected", reinjected ? 1UL : 0));

    public KvmStory Msr(bool write, uint index, ulong value, bool faulted = false) => Add(
        Record("kvm_msr").With("write", write ? 1UL : 0).With("ecx", index).With("data", value).With("exception", faulted ? 1UL : 0));

    /// <summary>System Management Mode is entered or left.</summary>
    public KvmStory Smm(bool entering) => Add(Record(kernel.Has("kvm_smm_transition") ? "kvm_smm_transition" : "kvm_enter_smm")
        .With("vcpu_id", vcpu).With("smbase", 0x30000).With("entering", entering ? 1UL : 0));

    /// <summary>Any event, with fields by name.</summary>
    public KvmStory Event(string name, params (string Field, ulong Value)[] values) => Add(values.Aggregate(
        Record(name), (record, value) => record.With(value.Field, value.Value)));

    /// <summary>A record to be filled by the teller.</summary>
    public EventRecord Record(string name) => kernel[name].Record(thread);

    /// <summary>A record of a probe, to be filled by the teller.</summary>
    public EventRecord Probe(EventFormat format) => format.Record(thread).With("vcpu", vcpu);

    public KvmStory Add(EventRecord record)
    {
        tell(Cpu, Time, record);
        Time += Step;
        return this;
    }
}
