using System.Text;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>Probes in KVM, as tracefs prints them: how their lines go is learned from the lines.</summary>
public sealed class TextProbesTests
{
    private const string Left = "(svm_complete_interrupts+0x4/0x90 [kvm_amd]) vcpu=0 vmcb=0xff11000000001000 vmcb02=0xff11000000002000 gif=0x1 efer=0x1500 c058={0x9,0x3000200,0x0} c5f8=0x7000 regs={0x1,0x174}";

    private static readonly int Asid = VmcbLayout.Of(VmcbField.GuestAsid).Position, Rax = VmcbLayout.Of(VmcbField.Rax).Position, Rcx = VmcbLayout.Of(VmcbField.GuestRcx).Position;

    [Fact]
    public void The_text_of_a_probe_becomes_a_state()
    {
        KeptRecord record = Exit(Text(Left));
        Assert.Equal(Observed<ulong>.Of(9), record.States.At(StateMoment.L1AtExit, Asid));
        Assert.Equal(Observed<ulong>.Of(0x7000), record.States.At(StateMoment.L1AtExit, Rax));
        Assert.Equal(Observed<ulong>.Of(0x174), record.States.At(StateMoment.L1AtExit, Rcx));
    }

    [Fact]
    public void A_read_of_guest_memory_is_told_with_where_it_returned_to()
    {
        string text = Text("(emulator_leave_smm+0x60/0x7d0 [kvm] <- kvm_vcpu_read_guest) vcpu=0 gpa=0x103105c len=4 val=0xffffffffc0930100 ret=0", "rdguest");
        Assert.Equal([new GuestRead(0x103105c, 4, 0xc0930100)], Exit(text).Events.Where(one => one.Kind == KvmEventKind.GuestRead).Select(one => GuestRead.Of(one)));
    }

    // A mailer breaks it into dozens of lines: what stands in the first is known.
    [Fact]
    public void Of_a_probe_that_was_broken_the_first_line_counts()
    {
        KeptRecord record = Exit(Text(Left).Replace(" c058=", "\n> c058=", StringComparison.Ordinal));
        Assert.Equal(Observed<ulong>.Of(0x1500), record.States.At(StateMoment.L1AtExit, VmcbLayout.Of(VmcbField.EferRegister).Position));
        Assert.False(record.States.At(StateMoment.L1AtExit, Asid).IsKnown);
    }

    [Fact]
    public void Recorders_that_chose_other_fields_may_be_in_one_text()
    {
        string text = Text(Left) + Text(Left.Replace(" gif=0x1", "", StringComparison.Ordinal).Replace("{0x9,0x3000200,0x0}", "{0xa,0x3000200}", StringComparison.Ordinal), from: 2_000_000);
        Assert.Equal([9UL, 10UL], Recording.Of(Encoding.UTF8.GetBytes(text)).Records.Select(one => one.States.At(StateMoment.L1AtExit, Asid)).Where(one => one.IsKnown).Select(one => one.Value));
    }

    // Their arrays are zeros, whatever was recorded.
    [Theory]
    [InlineData(TextPrinter.TraceCmd, "exit")]
    [InlineData(TextPrinter.Ftrace, "differ:exit")]
    internal void What_trace_cmd_report_and_perf_script_print_of_a_probe_proves_nothing(TextPrinter printer, string name)
    {
        string text = Text("(ffffffffc0b2d7e4)" + Left[Left.IndexOf(')', StringComparison.Ordinal)..][1..], name, printer: printer);
        Assert.True(Exit(text).States.IsEmpty);
        string report = TextTrace.Check(text).Output;
        Assert.Contains("DIF0347", report, StringComparison.Ordinal);
        Assert.Contains(" (1): events of the probes in KVM", report, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("code 0x1")]
    [InlineData("(main) vcpu=0")]
    public void An_event_of_another_group_with_the_name_of_a_probe_is_none(string body)
    {
        KeptRecord record = Exit(Text(body));
        Assert.True(record.States.IsEmpty);
        Assert.Equal(RecordFlags.None, record.Flags & RecordFlags.LossInside);
    }

    [Theory]
    [InlineData(" c058={0x9,0x3000200,0x0}", " c058={0x9,0x3000200")]
    [InlineData(" efer=0x1500", " efer=0x1500 name=\"text\"")]
    public void A_probe_that_cannot_be_read_counts_as_lost(string part, string cut)
    {
        string first = Text(Left), second = Text(Left.Replace(part, cut, StringComparison.Ordinal), from: 2_000_000);
        IReadOnlyList<KeptRecord> records = Recording.Of(Encoding.UTF8.GetBytes(first + second)).Records;
        Assert.Single(records, static one => one.States.At(StateMoment.L1AtExit, Asid).IsKnown);
    }

    private static KeptRecord Exit(string text) => Assert.Single(Recording.Of(Encoding.UTF8.GetBytes(text)).Records, static one => (one.Flags & RecordFlags.NoExit) == 0);

    private static string Text(string body, string name = "exit", TextPrinter printer = TextPrinter.Ftrace, long from = 1_000_000) => new TextTraceBuilder(printer).At(from).AllOfKvm()
        .Event("kvm_exit", TextTraceBuilder.Exit("npf", info1: 0x100000004, info2: 0x2000)).Event(name, body).Event("kvm_entry", "vcpu 0, rip 0x1000").ToString();
}
