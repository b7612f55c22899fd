using System.Globalization;
using Differ.Capture.Bytes;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Capture.Formats.TraceDat;

/// <summary>The options of a trace.dat file that tell something about the recording (trace-cmd lib/trace-cmd/include/private/trace-cmd-private.h).</summary>
/// <param name="options">All options, in the order of the file.</param>
/// <param name="bigEndian">Byte order of the file.</param>
internal sealed class TraceDatOptions(IReadOnlyList<TraceDatOption> options, bool bigEndian)
{
    /// <summary>Numbers of options.</summary>
    public const int
        Done = 0, Date = 1, CpuStat = 2, Buffer = 3, TraceClock = 4, Uname = 5, Offset = 7, CpuCountOption = 8,
        Guest = 13, TscToNs = 14, HeaderInfo = 16, FtraceEvents = 17, EventFormats = 18, Cmdlines = 21;

    private const int MostGuestCpus = 1 << 16;

    /// <summary>CPUCOUNT: CPUs of the machine where there are more than the header says; else 0.</summary>
    public uint CpuCount => Find(CpuCountOption) is { Data.Length: >= 4 } option ? Reader(option).U32("number of CPUs") : 0;

    /// <summary>UNAME: "Linux host release machine"; the host is "(none)" where it has no name.</summary>
    public (string Host, string Release) Kernel
    {
        get
        {
            string[] words = Text(Find(Uname)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return words.Length < 3 ? ("", "") : (words[1] == "(none)" ? "" : words[1], words[2]);
        }
    }

    /// <summary>TRACECLOCK: the clock in brackets.</summary>
    public string Clock
    {
        get
        {
            string text = Text(Find(TraceClock));
            int open = text.IndexOf('[', StringComparison.Ordinal);
            int close = text.IndexOf(']', StringComparison.Ordinal);
            return open >= 0 && close > open ? text[(open + 1)..close] : "";
        }
    }

    /// <summary>TSC2NSEC: how to convert the TSC. trace-cmd stores an offset too and does not add it; neither does Differ, so that times agree.</summary>
    public (uint Multiplier, int Shift)? Tsc
    {
        get
        {
            if (Find(TscToNs) is not { Data.Length: >= 8 } option)
            {
                return null;
            }

            SourceReader reader = Reader(option);
            uint multiplier = reader.U32("TSC multiplier");
            uint shift = reader.U32("TSC shift");
            return shift < 64 && multiplier > 0 ? (multiplier, (int)shift) : null;
        }
    }

    /// <summary>Nanoseconds that DATE (in microseconds) and OFFSET (in nanoseconds) say are to be added to every time.</summary>
    public ulong TimeOffset => unchecked((Hexadecimal(Text(Find(Date))) * 1000) + Signed(Text(Find(Offset))));

    /// <summary>CPUSTAT: events overwritten or dropped by CPU.</summary>
    public IReadOnlyDictionary<int, ulong> Overruns
    {
        get
        {
            var overruns = new Dictionary<int, ulong>();
            int cpu = -1;
            foreach (TraceDatOption option in options.Where(option => option.Id == CpuStat))
            {
                foreach (ReadOnlySpan<char> line in Text(option).AsSpan().EnumerateLines())
                {
                    int colon = line.IndexOf(':');
                    if (colon < 0 || !ulong.TryParse(line[(colon + 1)..], NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture, out ulong value))
                    {
                        continue;
                    }

                    switch (line[..colon])
                    {
                        case "CPU":
                            cpu = (int)Math.Min(value, int.MaxValue);
                            break;
                        case "overrun" or "commit overrun" or "dropped events":
                            overruns[cpu] = unchecked(overruns.GetValueOrDefault(cpu) + value);
                            break;
                        default:
                            break;
                    }
                }
            }

            return overruns;
        }
    }

    /// <summary>GUEST: the thread of each vCPU, and the number of the VM in the order of the options.</summary>
    public IReadOnlyDictionary<int, int> MachineOfThread
    {
        get
        {
            var machines = new Dictionary<int, int>();
            int machine = 0;
            foreach (TraceDatOption option in options.Where(option => option.Id == Guest))
            {
                SourceReader reader = Reader(option);
                _ = reader.CString(option.Data.Length, "name of a guest");
                _ = reader.U64("trace of a guest");
                uint count = Math.Min(reader.U32("vCPUs of a guest"), MostGuestCpus);
                for (uint i = 0; i < count; i++)
                {
                    _ = reader.U32("vCPU of a guest");
                    machines[unchecked((int)reader.U32("thread of a vCPU"))] = machine;
                }

                machine++;
            }

            return machines;
        }
    }

    /// <summary>What a clock's numbers are, and how to convert them (Linux kernel/trace/trace.c, <c>trace_clocks</c>).</summary>
    public static ClockUnit UnitOf(string clock) => clock switch
    {
        "counter" or "uptime" or "x86-tsc" or "ppc-tb" => ClockUnit.Ticks,
        _ => ClockUnit.Nanoseconds,
    };

    private TraceDatOption? Find(int id) => options.FirstOrDefault(option => option.Id == id);

    private SourceReader Reader(TraceDatOption option) => new(new MemorySource(option.Data), 0, bigEndian);

    private static string Text(TraceDatOption? option) => option is null ? "" : Utf8Text.Decode(option.Data).TrimEnd('\0', '\n', ' ');

    private static ulong Hexadecimal(string text)
    {
        ReadOnlySpan<char> digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(2) : text;
        return ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : 0;
    }

    private static ulong Signed(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? unchecked((ulong)value) : 0;
}
