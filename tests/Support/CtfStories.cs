using System.Globalization;
using System.Text;

namespace Differ.Tests.Support;

/// <summary>A recording of the kernel as the writers of CTF would have it.</summary>
internal static class CtfStories
{
    /// <summary>Fields that LTTng's probes have, by the kernel's name of the tracepoint; of kernels whose arguments they know.</summary>
    private static readonly Dictionary<string, string[]> Probes = new(StringComparer.Ordinal)
    {
        ["kvm_entry"] = ["vcpu_id"],
        ["kvm_exit"] = ["exit_reason", "guest_rip", "isa", "info1", "info2"],
        ["kvm_nested_vmrun"] = ["rip", "vmcb", "nested_rip", "int_ctl", "event_inj", "npt"],
        ["kvm_nested_intercepts"] = ["cr_read", "cr_write", "exceptions", "intercept"],
        ["kvm_nested_vmexit"] = ["rip", "exit_code", "exit_info1", "exit_info2", "exit_int_info", "exit_int_info_err", "isa"],
        ["kvm_inj_exception"] = ["exception", "has_error", "error_code"],
        ["kvm_hypercall"] = ["nr", "a0", "a1", "a2", "a3"],
    };

    /// <summary>What perf data convert makes of the events of a trace.dat, a stream for each CPU.</summary>
    /// <param name="traceDat">The recording.</param>
    /// <param name="kernel">Its tracepoints.</param>
    /// <param name="probes">Its probes of the group differ.</param>
    public static Dictionary<string, byte[]> Perf(byte[] traceDat, KernelLayouts kernel, params IReadOnlyList<EventFormat> probes)
    {
        EventList events = EventList.Of(traceDat);
        var builder = new CtfBuilder { Start = CtfDescriptions.Perf };
        List<EventFormat> formats = [.. kernel.Formats, .. probes];
        builder.Events = string.Concat(formats.Select((format, i) => PerfEvent(probes.Contains(format) ? "differ" : "kvm", format, i)));
        foreach (IGrouping<int, KeptEvent> cpu in events.Events.GroupBy(one => one.Cpu))
        {
            byte[] Build(ulong size)
            {
                var writer = new BitWriter(false);
                writer.Write(0xc1fc1fc1, 32).Write(Convert.FromHexString(CtfBuilder.Uuid)).Write(0, 32).Write(cpu.First().Time, 64).Write(cpu.Last().Time, 64)
                    .Write(size, 64).Write(size, 64).Write(0, 64).Write((ulong)cpu.Key, 32);
                foreach (KeptEvent one in cpu)
                {
                    int id = formats.FindIndex(format => format.Name == one.Name);
                    WritePerf(writer, one, id, formats[id]);
                }

                return size > 0 ? writer.ToBytes() : Build((ulong)writer.Position);
            }

            builder.Bytes($"perf_stream_{cpu.Key}", Build(0));
        }

        return builder.Files;
    }

    /// <summary>What LTTng would have recorded of the events of a trace.dat, in one stream.</summary>
    public static Dictionary<string, byte[]> Lttng(byte[] traceDat, KernelLayouts kernel, CtfBuilder? builder = null)
    {
        EventList events = EventList.Of(traceDat);
        builder ??= new CtfBuilder();
        List<EventFormat> formats = [.. kernel.Formats.Where(format => Probes.ContainsKey(format.Name))];
        builder.Events = string.Concat(formats.Select((format, i) =>
            $"event {{\n\tname = \"{format.Name.Replace("kvm_", "kvm_x86_", StringComparison.Ordinal)}\";\n\tid = {i};\n\tstream_id = 0;\n\tfields := struct {{\n"
            + string.Concat(Recorded(format).Select(field => $"\t\t{Integer(field.Size * 8, false)} _{field.Name};\n")) + "\t};\n};\n\n"));
        List<KeptEvent> recorded = [.. events.Events.Where(one => Probes.ContainsKey(one.Name))];
        return builder.Packet("channel0_0", writer =>
        {
            foreach (KeptEvent one in recorded)
            {
                EventFormat format = kernel[one.Name];
                Compact(writer, formats.IndexOf(format), one.Time, one.Thread);
                foreach (FieldLayout field in Recorded(format))
                {
                    writer.Align(8).Write(NumberOf(one, field), field.Size * 8);
                }
            }
        }, begin: recorded[0].Time, end: recorded[^1].Time).Files;
    }

    /// <summary>Writes the short header of LTTng, and the context with thread, process and name.</summary>
    public static BitWriter Compact(BitWriter writer, int id, ulong time, int thread) =>
        writer.Align(8).Write((ulong)id, 5).Write(time, 27).Write((ulong)thread, 32).Write(50, 32).Write(Encoding.ASCII.GetBytes("CPU 0/KVM\0\0\0\0\0\0\0"));

    private static IEnumerable<FieldLayout> Recorded(EventFormat format) => Probes[format.Name].Select(name => format.Fields.First(field => field.Name == name));

    private static ulong NumberOf(KeptEvent one, FieldLayout field)
    {
        Span<byte> eight = stackalloc byte[8];
        one.Payload.AsSpan(field.Offset, field.Size).CopyTo(eight);
        return BitConverter.ToUInt64(eight);
    }

    private static string PerfEvent(string group, EventFormat format, int id)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"event {{\n\tid = {id};\n\tname = \"{group}:{format.Name}\";\n\tstream_id = 0;\n\tfields := struct {{\n");
        foreach ((string type, string name) in (ReadOnlySpan<(string, string)>)[
            (Integer(64, false), "perf_ip"), (Integer(32, true), "perf_tid"), (Integer(32, true), "perf_pid"),
            (Integer(32, false), "common_type"), (Integer(32, false), "common_flags"), (Integer(32, false), "common_preempt_count"), (Integer(32, true), "common_pid")])
        {
            text.Append(CultureInfo.InvariantCulture, $"\t\t{type} {name};\n");
        }

        foreach (FieldLayout field in format.Fields)
        {
            text.Append(CultureInfo.InvariantCulture, $"\t\t{(IsText(field) ? "string { encoding = UTF8; }" : Integer(Widened(field), field.Type[0] == 's'))} {field.Name}{(IsArray(field) ? $"[{field.Count}]" : "")};\n");
        }

        return text.Append("\t} align(1);\n};\n\n").ToString();
    }

    private static void WritePerf(BitWriter writer, KeptEvent one, int id, EventFormat format)
    {
        writer.Align(8).Write((ulong)id, 32).Write(one.Time, 64).Write(0xffff_ffff_c031_5918, 64).Write(0, 32).Write(50, 32)
            .Write((ulong)format.Id, 32).Write(0, 32).Write(0, 32).Write((ulong)one.Thread, 32);
        foreach (FieldLayout field in format.Fields)
        {
            if (IsText(field))
            {
                int place = (int)NumberOf(one, field with { Type = "u32", Count = 0 });
                writer.Align(8).Write(field.Count > 0 ? "\\x0f"u8.ToArray() : one.Payload[(place & 0xffff)..((place & 0xffff) + (place >> 16) - 1)]).Write(0, 8);
            }
            else
            {
                for (int i = 0; i < Math.Max(1, field.Count); i++)
                {
                    writer.Write(NumberOf(one, field with { Offset = field.Offset + (i * field.ElementSize), Count = 0 }), Widened(field));
                }
            }
        }
    }

    // perf takes an array of bytes for a text, and knows two sizes of numbers.
    private static bool IsText(FieldLayout field) => field.Type == "data_loc" || (field.Count > 0 && field.ElementSize == 1);

    private static bool IsArray(FieldLayout field) => field.Count > 0 && field.ElementSize > 1;

    private static int Widened(FieldLayout field) => field.ElementSize == 8 ? 64 : 32;

    private static string Integer(int bits, bool signed) =>
        $"integer {{ size = {bits}; align = {(bits == 64 || bits == 32 ? 1 : 8)}; signed = {(signed ? "true" : "false")}; encoding = none; base = decimal; }}";
}
