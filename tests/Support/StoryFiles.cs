using System.Globalization;
using System.Text;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Support;

/// <summary>One story in every format: the recording that each tool would make of the same events.</summary>
internal static class StoryFiles
{
    /// <summary>What trace-cmd records.</summary>
    public static byte[] TraceDat(string kernel, Action<KvmStory> tell, int version = 7, string compression = "none")
    {
        var layouts = KernelLayouts.Of(kernel);
        TraceDatBuilder builder = KvmStory.Capture(layouts, new TraceDatBuilder { Version = version, Compression = compression });
        tell(new KvmStory(builder.Top, layouts));
        return builder.File;
    }

    /// <summary>What perf records, into a file or a pipe, compressed or not.</summary>
    public static byte[] Perf(string kernel, Action<KvmStory> tell, bool pipe = false, bool packed = false)
    {
        var layouts = KernelLayouts.Of(kernel);
        var builder = new PerfDataBuilder { Pipe = pipe };
        var events = layouts.Formats.ToDictionary(format => format.Name, format => new PerfEvent(PerfTracepoint.Of(format), (ulong)format.Id), StringComparer.Ordinal);
        foreach (PerfEvent one in events.Values)
        {
            builder.Event(one);
        }

        void Tell(PerfDataBuilder file) => tell(new KvmStory(
            (cpu, time, record) => file.Sample(events[record.Format.Name], time, cpu, record.Thread, record.ToBytes(bigEndian: false)), layouts));
        if (packed)
        {
            return builder.Packed(Tell, piece: 100).FinishedRound().File;
        }

        Tell(builder);
        return builder.FinishedRound().File;
    }

    /// <summary>What the kernel prints, with nanoseconds, behind an event each of the tracepoints on whose silence rules rest, of a thread without a guest: they were on.</summary>
    public static byte[] Text(string kernel, Action<KvmStory> tell)
    {
        var text = new StringBuilder();
        foreach (string other in (string[])["kvm_set_irq", "kvm_pic_set_irq", "kvm_track_tsc", "kvm_halt_poll_ns", "kvm_msi_set_irq", "kvm_ack_irq", "kvm_pvclock_update", "kvm_write_tsc_offset"])
        {
            text.Append(CultureInfo.InvariantCulture, $"       CPU 0/KVM-100   [000]     0.000000001: {other}: whatever\n");
        }

        if (kernel is not null && Version.Parse(kernel) >= new Version(6, 0))
        {
            text.Append("       CPU 0/KVM-100   [000]     0.000000001: kvm_avic_doorbell: vcpuid 0, apicid 0\n");
        }

        string error = Version.Parse(kernel!) >= new Version(6, 0) ? "" : " (0x0)";
        text.Append(CultureInfo.InvariantCulture, $"           qemu-99    [000]     0.000000002: kvm_inj_exception: #DB{error}\n");

        tell(new KvmStory(
            (cpu, time, record) => text.Append(CultureInfo.InvariantCulture, $"       CPU 0/KVM-{record.Thread}   [{cpu:d3}]     {time / 1_000_000_000}.{time % 1_000_000_000:d9}: {record.Format.Name}: {Print(record)}\n"),
            KernelLayouts.Of(kernel!)));
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    // TP_printk of Linux arch/x86/kvm/trace.h for the events of the stories.
    private static string Print(EventRecord record) => record.Format.Name switch
    {
        "kvm_entry" => Entry(record),
        "kvm_exit" => Exit(record),
        "kvm_nested_vmexit" when record.Format.Has("exit_reason") => Exit(record),
        "kvm_nested_vmexit" => Make($"rip: 0x{record["rip"]:x16} reason: {Reason(record["exit_code"])} ext_inf1: 0x{record["exit_info1"]:x16} ext_inf2: 0x{record["exit_info2"]:x16} ext_int: 0x{record["exit_int_info"]:x8} ext_int_err: 0x{record["exit_int_info_err"]:x8}"),
        "kvm_nested_vmexit_inject" => Make($"reason: {Reason(record["exit_code"])} ext_inf1: 0x{record["exit_info1"]:x16} ext_inf2: 0x{record["exit_info2"]:x16} ext_int: 0x{record["exit_int_info"]:x8} ext_int_err: 0x{record["exit_int_info_err"]:x8}"),
        "kvm_nested_vmrun" => Make($"rip: 0x{record["rip"]:x16} vmcb: 0x{record["vmcb"]:x16} nrip: 0x{record["nested_rip"]:x16} int_ctl: 0x{record["int_ctl"]:x8} event_inj: 0x{record["event_inj"]:x8} npt: on"),
        "kvm_nested_vmenter" => Make($"rip: 0x{record["rip"]:x16} vmcb: 0x{record["vmcb"]:x16} nested_rip: 0x{record["nested_rip"]:x16} int_ctl: 0x{record["int_ctl"]:x8} event_inj: 0x{record["event_inj"]:x8} nested_npt=y nested_cr3: 0x{record["guest_pgd"]:x16}"),
        "kvm_nested_intercepts" => Make($"cr_read: {record["cr_read"]:x4} cr_write: {record["cr_write"]:x4} excp: {record["exceptions"]:x8} ") + (record.Format.Has("intercept")
            ? Make($"intercept: {record["intercept"]:x16}") : Make($"intercepts: {record["intercept1"]:x8} {record["intercept2"]:x8} {record["intercept3"]:x8}")),
        "kvm_inj_exception" => Make($"{ExceptionVector.All.Single(row => row.Vector == record["exception"]).Name}{(IsSince60(record) ? "" : " (0x0)")}"),
        "kvm_hypercall" => Make($"nr 0x{record["nr"]:x} a0 0x0 a1 0x0 a2 0x0 a3 0x0"),
        string name => throw new ArgumentException($"the print of {name} is not written down", nameof(record)),
    };

    private static bool IsSince60(EventRecord record) => record.Format.Has("reinjected") && record.Format.Size == 20;

    private static string Entry(EventRecord record) => Make($"vcpu {record["vcpu_id"]}")
        + (record.Format.Has("rip") ? Make($", rip 0x{record["rip"]:x}") : "")
        + (record.Format.Has("intr_info") ? Make($" intr_info 0x{record["intr_info"]:x8} error_code 0x{record["error_code"]:x8}") : "");

    private static string Exit(EventRecord record)
    {
        string start = (record.Format.Has("vcpu_id") ? Make($"vcpu {record["vcpu_id"]} ") : "") + Make($"reason {Reason(record["exit_reason"])} rip 0x{record["guest_rip"]:x} ");
        return record.Format.Has("intr_info")
            ? start + Make($"info1 0x{record["info1"]:x16} info2 0x{record["info2"]:x16} intr_info 0x{record["intr_info"]:x8} error_code 0x{record["error_code"]:x8}")
                + (record.Format.Has("requests") ? Make($" requests 0x{record["requests"]:x16}") : "")
            : start + Make($"info {record["info1"]:x} {record["info2"]:x}");
    }

    private static string Reason(ulong code) => SvmExitTable.Rows.Single(row => row.First == code).KernelName!;

    private static string Make(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
