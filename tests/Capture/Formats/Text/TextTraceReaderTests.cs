using System.Text;
using Differ.Capture;
using Differ.Capture.Diagnostics;
using Differ.Capture.Formats.Text;
using Differ.Schemas.Run;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

public sealed class TextTraceReaderTests
{
    private static TextTraceBuilder Sample(TextPrinter printer = TextPrinter.Ftrace) => new TextTraceBuilder(printer).AllOfKvm()
        .Event("kvm_exit", TextTraceBuilder.Exit("npf", info1: 0x100000004, info2: 0x2000))
        .Event("kvm_page_fault", "vcpu 0 rip 0x1000 address 0x0000000000002000 error_code 0x100000004")
        .Event("kvm_entry", "vcpu 0, rip 0x1000")
        .Event("kvm_exit", TextTraceBuilder.Exit("UD excp"))
        .Event("kvm_emulate_insn", "0:1000:0f 01 d9 (prot64)")
        .Event("kvm_inj_exception", "#UD")
        .Event("kvm_entry", "vcpu 0, rip 0x1000");

    [Theory]
    [InlineData(TextPrinter.TraceCmd)]
    [InlineData(TextPrinter.Perf)]
    internal void The_same_events_make_the_same_records_whoever_prints_them(TextPrinter printer) =>
        Assert.Equal(Sample().Records(), Sample(printer).Records());

    [Theory]
    [InlineData(TextPrinter.Ftrace, "ftrace text", "# tracer: nop\n#\n")]
    [InlineData(TextPrinter.TraceCmd, "trace-cmd report", "version = 6\ncpus=1\n")]
    [InlineData(TextPrinter.Perf, "perf script", "")]
    internal void The_report_names_who_printed_the_text(TextPrinter printer, string name, string heading) =>
        Assert.Contains(name, TextTrace.Check(heading + Sample(printer)).Output, StringComparison.Ordinal);

    [Fact]
    public void Quotation_marks_returns_and_prose_around_events_change_nothing()
    {
        string pasted = "Hello,\r\nthis is what I see [1]:\r\n\r\n" + string.Concat(Sample().ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => "> " + line + "\r\n> \r\n")) + "-- \r\nA. Sender\r\n";
        Assert.Equal(Sample().Records(), TextTrace.Show(pasted));
        Notes("DIF0332", "4", TextTrace.Check(pasted).Output);
        Assert.Contains("[first: line 1]", TextTrace.Check(pasted).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_broken_over_several_lines_is_put_together_again()
    {
        string broken = Sample().ToString().Replace(" info1 ", "\n> info1 ", StringComparison.Ordinal).Replace(" intr_info ", "\n> intr_info ", StringComparison.Ordinal);
        Assert.Equal(Sample().Records(), TextTrace.Show(broken));
        Notes("DIF0339", "2", TextTrace.Check(broken).Output);
    }

    [Fact]
    public void An_event_that_cannot_be_read_counts_as_lost_and_is_named_with_its_line()
    {
        string text = new TextTraceBuilder().AllOfKvm().Event("kvm_exit", "vcpu 0 reason np").Event("kvm_entry", "vcpu 0, rip 0x1000").ToString();
        string report = TextTrace.Check(text).Output;
        Notes("DIF0333", "1", report);
        Assert.Contains("[first: line 10: kvm_exit]", report, StringComparison.Ordinal);
        Assert.Contains("events lost", TextTrace.Show(text), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_behind_a_known_form_is_left_out_and_said()
    {
        string text = new TextTraceBuilder().AllOfKvm().Event("kvm_exit", TextTraceBuilder.Exit("hlt") + " novelty 0x1").ToString();
        Assert.Contains("HLT", TextTrace.Show(text), StringComparison.Ordinal);
        Notes("DIF0334", "1", TextTrace.Check(text).Output);
    }

    [Theory]
    [InlineData("CPU:1 [LOST 12 EVENTS]", 1, 12)]
    [InlineData("CPU:3 [LOST EVENTS]", 3, 0)]
    [InlineData("CPU:0 [78 EVENTS DROPPED]", 0, 78)]
    [InlineData("CPU:2 [EVENTS DROPPED]", 2, 0)]
    [InlineData("> CPU 1: [5 events lost]", 1, 5)]
    [InlineData("       CPU 0/KVM   956 [002]   604.483717: PERF_RECORD_LOST lost 5", 2, 5)]
    [InlineData("##### CPU 2 buffer started ####", 2, 0)]
    public void A_mark_of_loss_names_its_CPU_and_counts_its_events(string line, int cpu, ulong events)
    {
        var collected = new Collected();
        using CaptureSession session = Open(Encoding.UTF8.GetBytes(Sample() + line + "\n"));
        CpuLoss loss = Assert.Single(session.ReadExits(collected).Losses);
        Assert.Equal((cpu, 1UL, events, events == 0 ? 1UL : 0), (loss.Cpu, loss.Marks, loss.Events, loss.Uncounted));
    }

    [Fact]
    public void A_loss_makes_what_it_may_hide_undecided()
    {
        string text = new TextTraceBuilder().AllOfKvm().Event("kvm_exit", TextTraceBuilder.Exit("UD excp"))
            .Line("CPU:0 [LOST 3 EVENTS]").Event("kvm_entry", "vcpu 0, rip 0x1000").Records();
        Assert.Contains("events lost inside", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Ftraces_heading_says_how_many_events_were_overwritten()
    {
        string report = TextTrace.Check("# tracer: nop\n#\n# entries-in-buffer/entries-written: 1020/15890   #P:1\n#\n" + Sample()).Output;
        Notes("DIF0121", "14870", report);
    }

    [Theory]
    [InlineData("[...]")]
    [InlineData("--")]
    [InlineData("<snip>")]
    [InlineData("   CPU 0/KVM-7       [000] d..1.   1.0000 kvm_exit vcpu")]
    public void An_omission_between_events_counts_as_a_loss(string line)
    {
        string text = new TextTraceBuilder().AllOfKvm().Event("kvm_exit", TextTraceBuilder.Exit("hlt")).Line(line).Event("kvm_entry", "vcpu 0, rip 0x1000").ToString();
        Notes("DIF0342", "1", TextTrace.Check(text).Output);
    }

    [Fact]
    public void The_plugins_print_lacks_fields_that_are_absent_and_not_zero()
    {
        string text = new TextTraceBuilder(TextPrinter.TraceCmd).AllOfKvm()
            .Event("kvm_exit", "reason EXIT_NPF rip 0x1000 info 100000004 2000").Event("kvm_entry", " vcpu 0 rip 0x1000").ToString();
        Assert.Contains("kvm_exit: isa=0x2 exit_reason=0x400 guest_rip=0x1000 info1=0x100000004 info2=0x2000\n", TextTrace.Show(text, "--events"), StringComparison.Ordinal);
        Notes("DIF0336", "2", TextTrace.Check(text).Output);
        Assert.Contains("kvm_exit without vcpu_id, intr_info, error_code", TextTrace.Check(text).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_of_few_tracepoints_claims_nothing_of_the_others()
    {
        string text = new TextTraceBuilder().Event("kvm_entry", "vcpu 0, rip 0x1000").Event("kvm_exit", TextTraceBuilder.Exit("hlt")).Event("kvm_entry", "vcpu 0, rip 0x1001").ToString();
        string report = TextTrace.Check(text).Output;
        Assert.Contains("DIF0338", report, StringComparison.Ordinal);
        Assert.Contains("not recorded:", report, StringComparison.Ordinal);
        Assert.Contains("whether L1 or L2 was running", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_of_other_systems_are_counted_and_the_vCPUs_go_on()
    {
        string text = new TextTraceBuilder().Event("sched_switch", "prev_comm=CPU 0/KVM prev_pid=7 ==> next_comm=kvm_x [120]")
            .Event("kvm_entry", "vcpu 0, rip 0x1000").ToString();
        Assert.Contains("sched_switch\t1\n", TextTrace.Show(text, "--counts"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1234567", "1234567 [000]")]
    [InlineData("0.000012345", "0.000012345 [000]")]
    public void Any_clock_is_read(string time, string shown) =>
        Assert.StartsWith(shown, TextTrace.Show($"CPU 0/KVM-7 [000] d..1. {time}: kvm_fpu: load\n", "--events"), StringComparison.Ordinal);

    [Fact]
    public void Events_of_another_clock_are_left_out_and_said()
    {
        string text = Sample() + "       CPU 0/KVM-7       [000] d..1.   123456: kvm_fpu: load\n";
        Notes("DIF0341", "1", TextTrace.Check(text).Output);
    }

    [Fact]
    public void A_line_without_end_is_passed_over_and_counted()
    {
        string text = Sample() + new string('x', 10 * TextLines.LongestLine) + "\n" + "       CPU 0/KVM-7       [000] d..1.   9.000000: kvm_fpu: load\n";
        Notes("DIF0335", "1", TextTrace.Check(text).Output);
        Assert.Contains("kvm_fpu\t2\n", TextTrace.Show(text, "--counts"), StringComparison.Ordinal);
    }

    [Fact]
    public void More_names_than_the_limit_are_counted_together()
    {
        var builder = new TextTraceBuilder();
        for (int i = 0; i < TextTraceReader.MostNames + 10; i++)
        {
            builder.Event($"name_{i}", "x");
        }

        builder = new TextTraceBuilder().AllOfKvm().Line(builder.ToString());
        Assert.Contains("DIF0340", TextTrace.Check(builder.ToString()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trace_without_events_says_what_to_do()
    {
        CommandResult result = TextTrace.Check("# tracer: nop\n#\n");
        Assert.Equal(2, result.Status);
        Assert.Contains("DIF0331", result.Errors, StringComparison.Ordinal);
        Assert.Contains(" at line 2: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Wide_text_says_how_to_convert_it()
    {
        CommandResult result = CommandLine.RunWith([0xff, 0xfe, .. Encoding.Unicode.GetBytes(Sample().ToString())], "check", "-");
        Assert.Equal(2, result.Status);
        Assert.Contains("DIF0330", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Prose_alone_is_no_trace()
    {
        CommandResult result = TextTrace.Check("Dear list,\nmy guest hangs [1].\n");
        Assert.Equal(2, result.Status);
        Assert.Contains("DIF0102", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_longer_than_the_first_look_is_read_to_its_end()
    {
        TextTraceBuilder builder = new TextTraceBuilder().AllOfKvm();
        for (int i = 0; i < 20_000; i++)
        {
            builder.Event("kvm_exit", TextTraceBuilder.Exit("hlt")).Event("kvm_entry", "vcpu 0, rip 0x1000");
        }

        Assert.Contains("kvm_exit\t20000\n", TextTrace.Show(builder.ToString(), "--counts"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_cut_anywhere_is_read_or_refused()
    {
        byte[] whole = Sample().ToBytes();
        for (int length = 0; length <= whole.Length; length++)
        {
            IsReadOrRefused(whole[..length]);
        }
    }

    [Fact]
    public void A_text_with_any_byte_changed_is_read_or_refused()
    {
        byte[] whole = Sample().ToBytes();
        var random = new Random(20240611);
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] changed = [.. whole];
            changed[at] = (byte)random.Next(256);
            IsReadOrRefused(changed);
        }
    }

    [Fact]
    public void Rounded_times_are_said() => Notes("DIF0337", "1", TextTrace.Check(Sample().ToString()).Output);

    private static void Notes(string code, string count, string report) => Assert.Contains($"{code} ({count}): ", report, StringComparison.Ordinal);

    private static void IsReadOrRefused(byte[] bytes)
    {
        try
        {
            using CaptureSession session = Open(bytes);
            RunSummary summary = session.ReadExits(new Collected());
            Assert.True(summary.Events > 0);
        }
        catch (CaptureFormatException refusal)
        {
            Assert.StartsWith("DIF0", refusal.Code, StringComparison.Ordinal);
        }
    }

    private static CaptureSession Open(byte[] bytes) => CaptureSession.Open(new MemoryStream(bytes));

    private sealed class Collected : IExitSink
    {
        public int Count { get; private set; }

        public void Take(in ExitRecord record) => Count++;
    }
}
