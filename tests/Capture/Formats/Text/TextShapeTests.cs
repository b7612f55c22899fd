using System.Globalization;
using System.Text;
using Differ.Capture;
using Differ.Capture.Bytes;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Text;
using Differ.Capture.Tracepoints;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>Lines like one before are read by their shape; what is read has to be what taking each apart gives.</summary>
public sealed class TextShapeTests
{
    private const int Lines = 4000;

    private static readonly (string Name, string Text)[] Texts =
    [
        ("kvm_exit", "vcpu 0 reason npf rip 0xffffffff81061b26 info1 0x0000000100000004 info2 0x0000000000002000 intr_info 0x80000b0d error_code 0x00000000"),
        ("kvm_exit", "vcpu 0 reason UD excp rip 0x1000 info1 0x0000000000000000 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000 requests 0x0000000000000040"),
        ("kvm_exit", "reason EXIT_NPF rip 0xffffffff81061b26 native_write_msr+0x6 info 100000004 fee000b0"),
        ("kvm_exit", "exit_reason=1024 guest_rip=0x1000 isa=2 info1=0x0000000100000004 info2=0x0000000000002000 intr_info=0x00000000 error_code=0x00000000 vcpu_id=1"),
        ("kvm_entry", "vcpu 1, rip 0x10 intr_info 0x800000ec error_code 0x00000000"),
        ("kvm_entry", "vcpu 1, rip 0x10"),
        ("kvm_nested_vmenter", "rip: 0x7 vmcb: 0x0000000001234000 nested_rip: 0x000000000000fff0 int_ctl: 0x01000000 event_inj: 0x80000300 nested_npt=y nested_cr3: 0x0000000004567000"),
        ("kvm_nested_intercepts", "cr_read: 0011 cr_write: 011f excp: 00060042 intercepts: bc4c8027 0000003f 00000002"),
        ("kvm_invlpga", "rip: 0x1000 asid: -12 address: 0x2000"),
        ("kvm_msr", "msr_write c0000080 = 0x1d01"),
        ("kvm_emulate_insn", "0:1000:0f 01 d9 (prot64)"),
        ("kvm_cpuid", "func 0 idx 0 rax 10 rbx 68747541 rcx 444d4163 rdx 69746e65, cpuid entry found"),
        ("kvm_page_fault", "vcpu 0 rip 0x1000 address 0x0000000000002000 error_code 0x100000004"),
        ("kvm_inj_virq", "IRQ 0x20"),
        ("kvm_inj_exception", "#PF (0x0)"),
        ("kvm_nested_vmenter_failed", "msg=Consistency Check(s) err=0x5"),
        ("kvm_fpu", "load"),
        ("kvm_set_irq", "gsi 4 level 0 source 0"),
    ];

    public static TheoryData<string> Printers => [.. Enum.GetNames<TextPrinter>()];

    [Theory]
    [MemberData(nameof(Printers))]
    public void What_is_read_of_many_lines_is_what_is_read_of_each_alone(string printer)
    {
        var random = new Random(11);
        var builder = new TextTraceBuilder(Enum.Parse<TextPrinter>(printer));
        for (int i = 0; i < Lines; i++)
        {
            (string name, string text) = Texts[random.Next(3) > 0 ? i % Texts.Length : random.Next(Texts.Length)];
            builder.Event(name, OtherDigits(random, text), thread: 7 + random.Next(2), cpu: random.Next(2));
        }

        Compare(Damaged(random, builder.ToBytes()));
    }

    [Theory]
    [InlineData("info1 0x0000000000000012", "info1 0x000000000000001g")]
    [InlineData("rip 0x1000", "rip 0x100:")]
    [InlineData("vcpu 0", "vcpu a")]
    [InlineData("vcpu 0", "vcpu x")]
    [InlineData("[000]", "[001]")]
    [InlineData("reason npf", "reason hlt")]
    [InlineData("1.000", "1.00x")]
    public void A_line_that_differs_in_more_than_digits_is_taken_apart(string there, string instead)
    {
        TextTraceBuilder builder = new(TextPrinter.TraceCmd);
        for (int i = 0; i < 20; i++)
        {
            builder.Event("kvm_exit", TextTraceBuilder.Exit("npf", info1: 0x12)).Event("kvm_entry", "vcpu 0, rip 0x1000");
        }

        string text = builder.ToString();
        int last = text.LastIndexOf(there, StringComparison.Ordinal);
        Compare(Encoding.UTF8.GetBytes(text[..last] + instead + text[(last + there.Length)..]));
    }

    [Fact]
    public void A_zero_is_no_mark_of_a_hexadecimal_number_where_another_digit_was_none()
    {
        TextTraceBuilder builder = new();
        foreach (int digit in (int[])[1, 2, 3, 0])
        {
            builder.Event("kvm_avic_unaccelerated_access", $"vcpu={digit}, offset=0x20(x), trap, read, vec=0x{digit}");
            builder.Event("kvm_nested_intercepts", $"cr_read: {digit}x12 cr_write: 011f excp: 00060042 intercept: 0000003fbc4c8027");
        }

        Compare(builder.ToBytes());
    }

    [Theory]
    [InlineData("kvm_inj_exception", "#PF (0x0)", "#PF (0x4)", "#PF (0x4)", "#PF (0x0)")]
    [InlineData("kvm_inj_exception", "#UD (0x0)", "#PF (0x4)", "#UD (0x0)", "#PF (0x0)")]
    [InlineData("kvm_nested_vmenter_failed", "msg=foo err=0x5", "bar", "msg=foo err=0x5", "bar")]
    [InlineData("kvm_invlpga", "rip: 0x10 asid: -0x5 address: 0x20", "rip: 0x10 asid: -5 address: 0x20", "rip: 0x10 asid: -0x7 address: 0x20", "rip: 0x10 asid: 15 address: 0x20")]
    public void A_text_that_is_whole_in_several_forms_has_the_meaning_of_the_first_whatever_came_before(string name, params string[] texts)
    {
        foreach (string order in (string[])["0123", "3210", "00112233", "01010101"])
        {
            TextTraceBuilder builder = new();
            foreach (char i in order)
            {
                builder.Event(name, texts[i - '0']);
            }

            Compare(builder.ToBytes());
        }
    }

    [Theory]
    [InlineData("  CPU 0/KV-1234     3d..1.   612.630301: kvm_foo: hello", "  CPU 0/KV-1234     3d..1.   612.630302: kvm_foo: x-5 [001] 7.000000: kvm_entry: vcpu 0, rip 0x10")]
    [InlineData("  CPU 0/KV-1234     3d..1.   612.630301: kvm_entry: vcpu 0 rip 10a[001] 7.0: foo: bar", "  CPU 0/KV-1234     3d..1.   612.630301: kvm_entry: vcpu 0 rip 101[001] 7.0: foo: bar")]
    [InlineData("  CPU 0/KVM-1234 [001] 612.: kvm_foo: hello", "  CPU 0/KVM-1234 [001] 613.: kvm_foo: hello")]
    public void A_line_whose_end_can_say_what_its_start_is_has_no_shape(string known, string other) =>
        Compare(Encoding.UTF8.GetBytes(string.Join('\n', [known, known, known, other, known, other, ""])));

    [Theory]
    [InlineData("CPU 0/KVM-967 [001] 612.{0:d6}: kvm_fpu: load")]
    [InlineData("CPU 0/KVM-967 [001] 612.{0:d6}: kvm_set_irq: gsi 4 level 0 source 0")]
    [InlineData("       CPU 0/KVM-967   [001]   612.{0:d6}: kvm_entry: vcpu 0, rip 0x10")]
    [InlineData("CPU 0/KVM-967 [001] 612.{0:d6}: kvm_entry: vcpu 0, rip 0x{0:d4}")]
    public void Lines_that_differ_in_digits_are_learned_once(string line)
    {
        const int Few = 100, More = 2000;
        Allocated(line, Few);
        long difference = Allocated(line, Few + More) - Allocated(line, Few);
        Assert.True(difference < 4 * More, $"{difference} bytes for {More} lines");
    }

    [Fact]
    public void Times_of_ticks_and_of_nanoseconds_are_read_by_their_shape()
    {
        foreach (string time in (string[])["9234567890123", "612.63030112", "612.6"])
        {
            string[] lines = [.. Enumerable.Range(10, 40).Select(i => $"   CPU 0/KVM-967     [001] d..1. {time[..^1]}{i}: kvm_entry: vcpu 0, rip 0x10{i % 10}0")];
            Compare(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        }
    }

    [Fact]
    public void A_name_at_the_end_of_a_piece_that_is_looked_over_is_seen()
    {
        const string Line = "  CPU 0/KVM-7       [000] d..1.     1.000001: kvm_fpu: load\n", Seen = "  CPU 0/KVM-7       [000] d..1.     1.000001: kvm_hypercall: nr 0x0 a0 0x0 a1 0x0 a2 0x0 a3 0x0\n";
        const int Piece = 1 << 18;
        for (int shift = -3; shift < 4; shift++)
        {
            StringBuilder text = new StringBuilder().Insert(0, Line, Piece / Line.Length);
            int name = Seen.IndexOf("kvm_", StringComparison.Ordinal);
            text.Length = Piece + shift - name;
            text[^1] = '\n';
            using var source = new MemorySource(Encoding.UTF8.GetBytes(text + Seen + text));
            Assert.True(TextSurvey.Of(new TextInput(source), ["kvm_hypercall"]).Has("kvm_hypercall"));
        }
    }

    [Fact]
    public void The_first_look_takes_no_memory_per_line_however_many_names_there_are()
    {
        const int Names = 200, More = 20;
        string once = string.Concat(Enumerable.Range(0, Names).Select(i => $"  CPU 0/KVM-7       [000] d..1.     1.000001: kvm_event_{i}: nothing to see\n"));
        long[] allocated = [.. ((int[])[1, 1, 1 + More]).Select(times =>
        {
            using var source = new MemorySource(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(once, times))));
            long before = GC.GetAllocatedBytesForCurrentThread();
            _ = TextSurvey.Of(new TextInput(source), []);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        })];
        Assert.InRange(allocated[2] - allocated[1], long.MinValue, Names * More);
    }

    [CorpusFact]
    public void Every_text_of_the_collection_is_read_as_its_lines_are_alone()
    {
        foreach (string text in Directory.EnumerateFiles(Repository.Corpus!, "*.txt", SearchOption.AllDirectories))
        {
            byte[] bytes = File.ReadAllBytes(text);
            if (TraceFormats.All.OfType<TextFormat>().Single().Sniff(bytes.AsSpan(0, Math.Min(bytes.Length, 1 << 16))))
            {
                Compare(bytes);
            }
        }
    }

    private static string OtherDigits(Random random, string text) => new([.. text.Select((letter, i) =>
        char.IsAsciiDigit(letter) && random.Next(3) == 0 && !(i + 1 < text.Length && text[i + 1] == 'x') ? (char)('0' + random.Next(10)) : letter)]);

    // Every twentieth line has a letter of another kind.
    private static byte[] Damaged(Random random, byte[] text)
    {
        for (int i = 0; i < Lines / 20; i++)
        {
            int at = random.Next(text.Length);
            text[at] = text[at] == '\n' ? text[at] : random.GetItems<byte>("09afgx: .[]-"u8, 1)[0];
        }

        return text;
    }

    private static long Allocated(string line, int lines)
    {
        using var source = new MemorySource(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1000, lines)
            .Select(i => string.Format(CultureInfo.InvariantCulture, line, i) + "\n"))));
        using var reader = new TextTraceReader(null, null, () => new TextInput(source), new TextInput(source), source.Length);
        var seen = new Seen { Keeps = false };
        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.Read(seen, new CaptureNotes(), null, CancellationToken.None);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Compare(byte[] text)
    {
        using var source = new MemorySource(text);
        Seen seen = new();
        using (var reader = new TextTraceReader(null, null, () => new TextInput(source), new TextInput(source), source.Length))
        {
            reader.Read(seen, new CaptureNotes(), null, CancellationToken.None);
        }

        Dictionary<long, string> alone = Alone(source);
        Assert.NotEmpty(alone);

        // A line that stands there twice is one event.
        Dictionary<long, string> once = alone.DistinctBy(one => one.Value).ToDictionary();
        Assert.Empty(once.Keys.Except(seen.Events.Keys));
        Assert.Equal(alone.Where(one => seen.Events.ContainsKey(one.Key)).ToDictionary(), seen.Events.Where(one => alone.ContainsKey(one.Key)).ToDictionary());
    }

    // Events whose whole text is known, each read without what came before.
    private static Dictionary<long, string> Alone(MemorySource source)
    {
        using var reader = new TextTraceReader(null, null, () => new TextInput(source), new TextInput(source), source.Length);
        var lines = new TextLines(new TextInput(source));
        var events = new Dictionary<long, string>();
        byte[] record = new byte[2 * TextLines.LongestLine];
        while (lines.MoveNext())
        {
            var line = new TextLine();
            if (!line.Read(lines.Current) || (line.Fraction == 0) != (reader.Header.ClockUnit == Differ.Schemas.Run.ClockUnit.Ticks))
            {
                continue;
            }

            TextEvent found = reader.EventOf(line.System, line.Name)!;
            int length = 0;
            bool whole = true;
            TextForm? form = found.IsRead(everything: true) ? found.Read(line.Body, record, out length, out whole) : null;
            if (whole && (form is not null || !found.IsRead(everything: true)))
            {
                events.Add(lines.Offset, Told(line.Time, line.Cpu, line.Thread, form?.Type ?? found.Type, record.AsSpan(0, form is null ? 0 : length)));
            }
        }

        return events;
    }

    private static string Told(ulong time, int cpu, int thread, TraceEventType type, ReadOnlySpan<byte> record) =>
        $"{time} {cpu} {thread} {type.Layout.Name} {string.Join(' ', type.Layout.Fields.Select(field => field.Name))} {Convert.ToHexString(record)}";

    private sealed class Seen : IEventSink
    {
        public Dictionary<long, string> Events { get; } = [];

        public bool Keeps { get; init; } = true;

        public bool WantsEverything => true;

        public void Take(in RawEvent raw)
        {
            if (Keeps)
            {
                Events[raw.FileOffset] = Told(raw.Time.Value, raw.Cpu, raw.Thread, raw.Type, raw.Payload);
            }
        }

        public void Lost(in LossMark mark)
        {
            // Only events are compared.
        }
    }
}
