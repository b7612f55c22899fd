using System.Globalization;
using System.Text;

namespace Differ.Tests.Support;

/// <summary>Who prints a trace.</summary>
internal enum TextPrinter
{
    /// <summary>The file <c>trace</c> of tracefs.</summary>
    Ftrace,

    /// <summary>trace-cmd report.</summary>
    TraceCmd,

    /// <summary>perf script.</summary>
    Perf,
}

/// <summary>Writes a trace as text, the smallest for one statement. Each event is a microsecond after the one before.</summary>
internal sealed class TextTraceBuilder(TextPrinter printer = TextPrinter.Ftrace)
{
    private readonly StringBuilder _text = new();
    private long _microseconds = 1_000_000;

    /// <summary>The print of kvm_exit since 5.10.</summary>
    public static string Exit(string reason, string rip = "0x1000", ulong info1 = 0, ulong info2 = 0, uint interrupted = 0) => string.Create(
        CultureInfo.InvariantCulture,
        $"vcpu 0 reason {reason} rip {rip} info1 0x{info1:x16} info2 0x{info2:x16} intr_info 0x{interrupted:x8} error_code 0x00000000");

    /// <summary>An event.</summary>
    public TextTraceBuilder Event(string name, string body, int thread = 7, int cpu = 0, string comm = "CPU 0/KVM")
    {
        string time = string.Create(CultureInfo.InvariantCulture, $"{_microseconds / 1_000_000}.{_microseconds % 1_000_000:d6}");
        _microseconds++;
        return Line(printer switch
        {
            TextPrinter.Ftrace => string.Create(CultureInfo.InvariantCulture, $"{comm,16}-{thread,-7} [{cpu:d3}] d..1. {time,12}: {name}: {body}"),
            TextPrinter.TraceCmd => string.Create(CultureInfo.InvariantCulture, $"{comm,16}-{thread,-5} [{cpu:d3}] {time,12}: {name + ":",-21} {body}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{comm,16} {thread,7} [{cpu:d3}] {time,12}: {"kvm:" + name,30}: {body}"),
        });
    }

    /// <summary>Anything else.</summary>
    public TextTraceBuilder Line(string line)
    {
        _text.Append(line).Append('\n');
        return this;
    }

    /// <summary>The time of the next event.</summary>
    public TextTraceBuilder At(long microseconds)
    {
        _microseconds = microseconds;
        return this;
    }

    /// <summary>A vCPU that has entered a guest of 6.1, so that what follows belongs to it, and some of kvm's other events.</summary>
    public TextTraceBuilder AllOfKvm()
    {
        foreach (string name in (string[])["kvm_set_irq", "kvm_pic_set_irq", "kvm_track_tsc", "kvm_unmap_hva_range", "kvm_halt_poll_ns"])
        {
            Event(name, "whatever 0");
        }

        return Event("kvm_fpu", "load")
            .Event("kvm_cpuid", "func 0 idx 0 rax 10 rbx 68747541 rcx 444d4163 rdx 69746e65, cpuid entry found")
            .Event("kvm_msr", "msr_write c0000080 = 0x1d01")
            .Event("kvm_entry", "vcpu 0, rip 0x1000");
    }

    /// <summary>The text.</summary>
    public override string ToString() => _text.ToString();

    /// <summary>The text as bytes.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());

    /// <summary>Every event with its fields, as <c>differ show --events</c> prints them.</summary>
    public string Events() => TextTrace.Show(ToString(), "--events");

    /// <summary>Every record, as <c>differ show</c> prints them.</summary>
    public string Records() => TextTrace.Show(ToString());
}

/// <summary>Reads a text with the program.</summary>
internal static class TextTrace
{
    /// <summary>What <c>differ show</c> prints of a text on its standard input.</summary>
    public static string Show(string text, params string[] options)
    {
        CommandResult result = CommandLine.RunWith(Encoding.UTF8.GetBytes(text), ["show", .. options, "-"]);
        Assert.True(result.Status == 0, result.Errors);
        return result.Output;
    }

    /// <summary>What <c>differ check</c> reports of a text on its standard input, with every remark.</summary>
    public static CommandResult Check(string text) => CommandLine.RunWith(Encoding.UTF8.GetBytes(text), "check", "--verbose", "-");
}
