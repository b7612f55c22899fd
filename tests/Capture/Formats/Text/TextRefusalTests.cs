using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

/// <summary>Texts of what is not KVM on AMD are refused in one line, and those of which too little was copied are read without a claim.</summary>
public sealed class TextRefusalTests
{
    [Theory]
    [InlineData("vcpu 0 reason EPT_VIOLATION rip 0x2000 info1 0x0000000000000181 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000")]
    [InlineData("vcpu 0 reason MSR_WRITE rip 0x2000")]
    [InlineData("vcpu 0 reason VMREAD")]
    [InlineData("reason CR_ACCESS rip 0x2000 info 1 0")]
    public void Exits_of_VMX_are_told_by_their_names_however_much_of_the_line_is_cut(string body)
    {
        string text = new TextTraceBuilder().AllOfKvm().Event("kvm_exit", body).Event("kvm_entry", "vcpu 0").ToString();
        Refused(text, "DIF0110", " at line 10: kvm_exit names the reason ");
    }

    [Theory]
    [InlineData("kvm_nested_vmexit", "vcpu 0 reason DR_ACCESS info1 0x0000000000000216")]
    [InlineData("kvm_nested_vmexit_inject", "reason: VMCLEAR ext_inf1: 0x0")]
    public void So_are_exits_of_their_guests(string name, string body) =>
        Refused(new TextTraceBuilder().Event("kvm_entry", "vcpu 0").Event(name, body).ToString(), "DIF0110", " at line 2: ");

    [Theory]
    [InlineData("PC: 0xffff800010001000", "TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0xffff800010001004")]
    [InlineData("PC: 0x000000008020019c", "SEPC:0x80200198, SCAUSE:0x15, STVAL:0x10000000, HTVAL:0x4000000, HTINST:0x0")]
    public void Exits_in_forms_of_another_architecture_are_refused(string entry, string exit)
    {
        string text = new TextTraceBuilder().Event("kvm_entry", entry).Event("kvm_exit", exit).Event("kvm_userspace_exit", "reason restart (4)").Event("kvm_entry", entry).ToString();
        Refused(text, "DIF0109", " at line 1: ");
    }

    [Theory]
    [InlineData("kvm_s390_sie_enter", "00[0401c00180000000-0000000000000000]: entering sie flags 0")]
    [InlineData("kvm_guest_enter", "VCPU 0: trap=0x500 pc=0xc0 msr=0x8")]
    public void So_are_tracepoints_of_another_architecture(string name, string body) => Refused(new TextTraceBuilder().Event(name, body).ToString(), "DIF0109", name);

    [Fact]
    public void The_form_of_function_graph_is_named()
    {
        string text = "# tracer: function_graph\n#\n# CPU  DURATION                  FUNCTION CALLS\n# |     |   |                     |   |   |   |\n"
            + " 1)               |  svm_vcpu_run [kvm_amd]() {\n 1)   1.120 us    |  }\n 1)               |  /* kvm_entry: vcpu 0, rip 0x2002 */\n";
        Refused(text, "DIF0346", "set current_tracer to nop");
    }

    [Fact]
    public void A_text_without_one_event_of_kvm_is_refused() => Refused(
        new TextTraceBuilder().Event("sched_switch", "prev_comm=a prev_pid=1 prev_prio=120 prev_state=S ==> next_comm=b next_pid=0 next_prio=120").ToString(), "DIF0361", "kvm:*");

    [Theory]
    [InlineData("  {1}: {2}")]
    [InlineData("kvm:{1}: {2}")]
    [InlineData("> {1}:      {2}")]
    [InlineData("   1.00000{0}: {1}: {2}")]
    [InlineData("1.00000{0}: kvm:{1}: {2}")]
    public void Events_without_thread_and_CPU_are_shown_and_nothing_is_claimed_of_them(string form)
    {
        (string Name, string Body)[] events =
        [
            ("kvm_entry", "vcpu 0, rip 0x2000"),
            ("kvm_exit", TextTraceBuilder.Exit("hypercall", "0x2000")),
            ("kvm_nested_vmexit", TextTraceBuilder.Exit("hypercall", "0x2000")),
            ("kvm_inj_exception", "#GP (0x0)"),
            ("kvm_entry", "vcpu 0, rip 0x2000"),
        ];
        string text = "L0 says:\n\n" + string.Concat(events.Select((one, i) => string.Format(System.Globalization.CultureInfo.InvariantCulture, form, i, one.Name, one.Body) + "\n"))
            + "\nNote the second entry.\n";
        CommandResult result = TextTrace.Check(text);
        Assert.Equal((4, ""), (result.Status, result.Errors));
        Assert.Contains(string.Concat("DIF0345", " (1): "), result.Output, StringComparison.Ordinal);
        Assert.Contains("0 conform", result.Output, StringComparison.Ordinal);
        Assert.Contains("0 diverge", result.Output, StringComparison.Ordinal);
        Assert.Contains("VMMCALL", TextTrace.Show(text), StringComparison.Ordinal);
        Assert.Contains("kvm_entry\t2\n", TextTrace.Show(text, "--counts"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kvm_exit: see below")]
    [InlineData("kvm_nested_vmenter_failed: whatever")]
    [InlineData("The event kvm_exit: vcpu 0, rip 0x1000 is missing.")]
    public void Prose_about_events_is_no_trace(string words) => Refused(words + "\n", "DIF0102", "");

    [Theory]
    [InlineData("reason 0xffffffff", "[FAILED TO PARSE] exit_code=4294967295 exit_info1=0 exit_info2=0 exit_int_info=0 exit_int_info_err=0 isa=2")]
    [InlineData("reason invalid_guest_state", "exit_code=4294967295 exit_info1=0x0 exit_info2=0x0 exit_int_info=0x0 exit_int_info_err=0x0 isa=2")]
    [InlineData("reason -1", "exit_code=-1 exit_info1=0x0 exit_info2=0x0 exit_int_info=0x0 exit_int_info_err=0x0 isa=2")]
    [InlineData("reason 0xffffffffffffffff", "reason EXIT_ERR info1 0 info2 0 int_info 0 int_info_err 0")]
    [InlineData("", "reason UNKNOWN (4294967295) info1 0 info2 0 int_info 0 int_info_err 0")]
    public void VMEXIT_INVALID_is_the_same_in_every_form(string reason, string inject)
    {
        string exit = reason.Length > 0 ? TextTraceBuilder.Exit(reason["reason ".Length..]) : "reason EXIT_ERR rip 0x1000 info 0 0";
        string text = new TextTraceBuilder().Event("kvm_entry", "vcpu 0, rip 0x1000").Event("kvm_exit", exit).Event("kvm_nested_vmexit_inject", inject)
            .Event("kvm_entry", "vcpu 0, rip 0x1000").ToString();
        string records = TextTrace.Show(text);
        Assert.Contains("exit_reason INVALID", records, StringComparison.Ordinal);
        Assert.Contains("kvm_nested_vmexit_inject  exit_code INVALID", records, StringComparison.Ordinal);
    }

    private static void Refused(string text, string code, string words)
    {
        CommandResult result = TextTrace.Check(text);
        Assert.Equal(2, result.Status);
        string line = Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(code, line, StringComparison.Ordinal);
        Assert.Contains(words, line, StringComparison.Ordinal);
    }
}
