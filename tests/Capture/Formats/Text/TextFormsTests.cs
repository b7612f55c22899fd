using Differ.Capture.Formats.Text;
using Differ.Capture.Formats.Text.Forms;
using Differ.Capture.Tracepoints;
using Differ.Tests.Support;

namespace Differ.Tests.Capture.Formats.Text;

public sealed class TextFormsTests
{
    private const string ExitInfo = "guest_rip=0xffffffff81061b26 info1=0x100000004 info2=0xfee000b0";

    [Theory]
    [InlineData("kvm_exit", "reason npf rip 0xffffffff81061b26 info 100000004 fee000b0",
        "isa=2 exit_reason=0x400 " + ExitInfo)]
    [InlineData("kvm_exit", "vcpu 1 reason npf rip 0xffffffff81061b26 info 100000004 fee000b0",
        "isa=2 vcpu_id=0x1 exit_reason=0x400 " + ExitInfo)]
    [InlineData("kvm_exit", "vcpu 1 reason npf rip 0xffffffff81061b26 info1 0x0000000100000004 info2 0x00000000fee000b0 intr_info 0x00000000 error_code 0x00000000",
        "isa=2 vcpu_id=0x1 exit_reason=0x400 " + ExitInfo + " intr_info=0x0 error_code=0x0")]
    [InlineData("kvm_exit", "vcpu 1 reason GP excp rip 0xffffffff81061b26 info1 0x0000000100000004 info2 0x00000000fee000b0 intr_info 0x80000b0d error_code 0x00000000 requests 0x0000000000000040",
        "isa=2 vcpu_id=0x1 exit_reason=0x4d " + ExitInfo + " intr_info=0x80000b0d error_code=0x0")]
    [InlineData("kvm_exit", "reason EXIT_NPF rip 0xffffffff81061b26 info 100000004 fee000b0", "isa=2 exit_reason=0x400 " + ExitInfo)]
    [InlineData("kvm_exit", "reason EXIT_NPF rip 0xffffffff81061b26 native_write_msr+0x6 info 100000004 fee000b0", "isa=2 exit_reason=0x400 " + ExitInfo)]
    [InlineData("kvm_exit", "reason UNKNOWN (166) rip 0xffffffff81061b26 info 0 0", "isa=2 exit_reason=0xa6 guest_rip=0xffffffff81061b26 info1=0x0 info2=0x0")]
    [InlineData("kvm_exit", "reason EXIT_ERR rip 0x10 info 0 0", "isa=2 exit_reason=0xffffffff guest_rip=0x10 info1=0x0 info2=0x0")]
    [InlineData("kvm_exit", "exit_reason=128 guest_rip=0xffffffff81061b26 isa=2 info1=0x0000000000000000 info2=0x0000000000000000 intr_info=0x00000000 error_code=0x00000000 vcpu_id=1",
        "exit_reason=0x80 guest_rip=0xffffffff81061b26 isa=0x2 info1=0x0 info2=0x0 intr_info=0x0 error_code=0x0 vcpu_id=0x1")]
    [InlineData("kvm_exit", "[FAILED TO PARSE] exit_reason=1024 guest_rip=0xffffffff81061b26 isa=2 info1=4294967300 info2=4276093104 intr_info=0 error_code=0 vcpu_id=1 requests=0",
        "exit_reason=0x400 guest_rip=0xffffffff81061b26 isa=0x2 info1=0x100000004 info2=0xfee000b0 intr_info=0x0 error_code=0x0 vcpu_id=0x1")]
    [InlineData("kvm_entry", "vcpu 1", "vcpu_id=0x1")]
    [InlineData("kvm_entry", "vcpu 1, rip 0xffffffff81061b26", "vcpu_id=0x1 rip=0xffffffff81061b26")]
    [InlineData("kvm_entry", "vcpu 1, rip 0xffffffff81061b26[immediate exit]", "vcpu_id=0x1 rip=0xffffffff81061b26 immediate_exit=0x1")]
    [InlineData("kvm_entry", "vcpu 1, rip 0x10 intr_info 0x800000ec error_code 0x00000000",
        "vcpu_id=0x1 rip=0x10 intr_info=0x800000ec error_code=0x0 immediate_exit=0x0")]
    [InlineData("kvm_entry", "vcpu 1, rip 0x10 intr_info 0x800000ec error_code 0x00000000[immediate exit]",
        "vcpu_id=0x1 rip=0x10 intr_info=0x800000ec error_code=0x0 immediate_exit=0x1")]
    [InlineData("kvm_entry", " vcpu 1 rip 0xffffffff81061b26", "vcpu_id=0x1 rip=0xffffffff81061b26")]
    [InlineData("kvm_entry", "vcpu 1 rip 0xffffffff81061b26 func+0x12", "vcpu_id=0x1 rip=0xffffffff81061b26")]
    [InlineData("kvm_entry", "vcpu 1<CANT FIND FIELD rip>vcpu 1", "vcpu_id=0x1")]
    [InlineData("kvm_entry", "vcpu_id=0 rip=0xfff0 immediate_exit=0", "vcpu_id=0x0 rip=0xfff0 immediate_exit=0x0")]
    public void An_exit_and_an_entry_are_read_as_every_kernel_and_tool_prints_them(string name, string body, string fields) => Reads(name, body, fields);

    [Theory]
    [InlineData("kvm_nested_vmrun", "rip: 0xffffffff81061b26 vmcb: 0x0000000001234000 nrip: 0x000000000000fff0 int_ctl: 0x01000000 event_inj: 0x00000000 npt: on",
        "rip=0xffffffff81061b26 vmcb=0x1234000 nested_rip=0xfff0 int_ctl=0x1000000 event_inj=0x0 npt=0x1")]
    [InlineData("kvm_nested_vmenter", "rip: 0xffffffff81061b29 vmcb: 0x0000000001234000 nested_rip: 0x000000000000fff0 int_ctl: 0x01000000 event_inj: 0x80000300 nested_npt=y nested_cr3: 0x0000000004567000",
        "rip=0xffffffff81061b29 vmcb=0x1234000 nested_rip=0xfff0 int_ctl=0x1000000 event_inj=0x80000300 tdp_enabled=0x1 guest_pgd=0x4567000")]
    [InlineData("kvm_nested_vmenter", "rip: 0x1 vmcb: 0x2 nested_rip: 0x3 int_ctl: 0x4 event_inj: 0x5 nested_npt=n guest_cr3: 0x6",
        "rip=0x1 vmcb=0x2 nested_rip=0x3 int_ctl=0x4 event_inj=0x5 tdp_enabled=0x0 guest_pgd=0x6")]
    [InlineData("kvm_nested_intercepts", "cr_read: 0011 cr_write: 011f excp: 00060042 intercept: 0000003fbc4c8027",
        "cr_read=0x11 cr_write=0x11f exceptions=0x60042 intercept=0x3fbc4c8027")]
    [InlineData("kvm_nested_intercepts", "cr_read: 0011 cr_write: 011f excp: 00060042 intercepts: bc4c8027 0000003f 00000002",
        "cr_read=0x11 cr_write=0x11f exceptions=0x60042 intercept1=0xbc4c8027 intercept2=0x3f intercept3=0x2")]
    [InlineData("kvm_nested_intercepts", "cr_read=0011 cr_write=011f exceptions=00060042 intercept1=bc4c8027 intercept2=0000003f intercept3=00000002",
        "cr_read=0x11 cr_write=0x11f exceptions=0x60042 intercept1=0xbc4c8027 intercept2=0x3f intercept3=0x2")]
    [InlineData("kvm_nested_vmexit", "rip: 0x000000000000fff0 reason: hlt ext_inf1: 0x0000000000000000 ext_inf2: 0x0000000000000000 ext_int: 0x00000000 ext_int_err: 0x00000000",
        "rip=0xfff0 exit_code=0x78 exit_info1=0x0 exit_info2=0x0 exit_int_info=0x0 exit_int_info_err=0x0")]
    [InlineData("kvm_nested_vmexit", "rip fff0 reason EXIT_HLT info1 0 info2 0 int_info 0 int_info_err 0",
        "rip=0xfff0 exit_code=0x78 exit_info1=0x0 exit_info2=0x0 exit_int_info=0x0 exit_int_info_err=0x0")]
    [InlineData("kvm_nested_vmexit", "rip fff0reason EXIT_HLT info1 0 info2 0 int_info 0 int_info_err 0",
        "rip=0xfff0 exit_code=0x78 exit_info1=0x0 exit_info2=0x0 exit_int_info=0x0 exit_int_info_err=0x0")]
    [InlineData("kvm_nested_vmexit", "vcpu 1 reason hlt rip 0xfff0 info1 0x1 info2 0x2 intr_info 0x00000000 error_code 0x00000000",
        "vcpu_id=0x1 exit_reason=0x78 guest_rip=0xfff0 info1=0x1 info2=0x2 intr_info=0x0 error_code=0x0")]
    [InlineData("kvm_nested_vmexit", "<CANT FIND FIELD rip>vcpu 1 reason hlt rip 0xfff0 info1 0x1 info2 0x2 intr_info 0x00000000 error_code 0x00000000",
        "vcpu_id=0x1 exit_reason=0x78 guest_rip=0xfff0 info1=0x1 info2=0x2 intr_info=0x0 error_code=0x0")]
    [InlineData("kvm_nested_vmexit_inject", "reason: hlt ext_inf1: 0x0000000000000000 ext_inf2: 0x0000000000000000 ext_int: 0x00000000 ext_int_err: 0x00000000",
        "exit_code=0x78 exit_info1=0x0 exit_info2=0x0 exit_int_info=0x0 exit_int_info_err=0x0")]
    [InlineData("kvm_nested_vmexit_inject", "reason EXIT_IOIO info1 11 info2 406275 int_info 0 int_info_err 0",
        "exit_code=0x7b exit_info1=0x11 exit_info2=0x406275 exit_int_info=0x0 exit_int_info_err=0x0")]
    [InlineData("kvm_nested_vmexit_inject", "reason: 0xffffffff ext_inf1: 0x0 ext_inf2: 0x0 ext_int: 0x0 ext_int_err: 0x0",
        "exit_code=0xffffffff exit_info1=0x0 exit_info2=0x0 exit_int_info=0x0 exit_int_info_err=0x0")]
    [InlineData("kvm_nested_vmexit_inject", "exit_code=123 exit_info1=0x0000000000000011 exit_info2=0x0000000000406275 exit_int_info=0x00000000 exit_int_info_err=0x00000000 isa=2",
        "exit_code=0x7b exit_info1=0x11 exit_info2=0x406275 exit_int_info=0x0 exit_int_info_err=0x0")]
    [InlineData("kvm_nested_intr_vmexit", "rip: 0x000000000000fff0", "rip=0xfff0")]
    [InlineData("kvm_nested_vmenter_failed", "control->asid == 0", "err=0x0 msg=\"control->asid == 0\"")]
    [InlineData("kvm_nested_vmenter_failed", "msg=control->asid == 0 err=0", "msg=\"control->asid == 0\" err=0x0")]
    public void A_nested_event_is_read_as_every_kernel_and_tool_prints_it(string name, string body, string fields) => Reads(name, body, fields);

    [Theory]
    [InlineData("kvm_inj_virq", "irq 236", "irq=0xec")]
    [InlineData("kvm_inj_virq", "IRQ 0xec", "soft=0x0 vector=0xec reinjected=0x0")]
    [InlineData("kvm_inj_virq", "Soft/INTn 0x80 [reinjected]", "soft=0x1 vector=0x80 reinjected=0x1")]
    [InlineData("kvm_inj_virq", "vector=0x8 soft=0 reinjected=1", "vector=0x8 soft=0x0 reinjected=0x1")]
    [InlineData("kvm_inj_exception", "#UD", "has_error=0x0 error_code=0x0 exception=0x6 reinjected=0x0")]
    [InlineData("kvm_inj_exception", "#UD [reinjected]", "has_error=0x0 error_code=0x0 exception=0x6 reinjected=0x1")]
    [InlineData("kvm_inj_exception", "[FAILED TO PARSE] exception=14 has_error=1 error_code=2 reinjected=0", "exception=0xe has_error=0x1 error_code=0x2 reinjected=0x0")]
    [InlineData("kvm_inj_exception", "#GP (0x18)", "has_error=0x1 exception=0xd error_code=0x18")]
    [InlineData("kvm_page_fault", "address fee000b0 error_code f", "fault_address=0xfee000b0 error_code=0xf")]
    [InlineData("kvm_page_fault", "vcpu 1 rip 0x10 address 0x00000000fee000b0 error_code 0x10000000f", "vcpu_id=0x1 guest_rip=0x10 fault_address=0xfee000b0 error_code=0x10000000f")]
    [InlineData("kvm_msr", "msr_write c0000080 = 0xd01", "write=0x1 ecx=0xc0000080 data=0xd01 exception=0x0")]
    [InlineData("kvm_msr", "msr_read c0010117 = 0x0 (#GP)", "write=0x0 ecx=0xc0010117 data=0x0 exception=0x1")]
    [InlineData("kvm_msr", "write=1 ecx=4b564d01 data=0xe8c21 exception=0", "write=0x1 ecx=0x4b564d01 data=0xe8c21 exception=0x0")]
    [InlineData("kvm_cr", "cr_write 4 = 0x6f0", "rw=0x1 cr=0x4 val=0x6f0")]
    [InlineData("kvm_pio", "pio_write at 0x70 size 1 count 1 val 0x8f ", "rw=0x1 port=0x70 size=0x1 count=0x1 val=0x8f")]
    [InlineData("kvm_pio", "pio_read at 0x71 size 1 count 4 val 0x0 (...)", "rw=0x0 port=0x71 size=0x1 count=0x4 val=0x0")]
    [InlineData("kvm_mmio", "mmio unsatisfied-read len 4 gpa 0xfee000f0 val 0x0", "type=0x0 len=0x4 gpa=0xfee000f0 val=0x0")]
    [InlineData("kvm_mmio", "mmio write len 4 gpa 0xfee000f0 val 0x1ff", "type=0x2 len=0x4 gpa=0xfee000f0 val=0x1ff")]
    [InlineData("kvm_cpuid", "func 40000000 rax 40000001 rbx 1 rcx 2 rdx 3, cpuid entry not found", "function=0x40000000 rax=0x40000001 rbx=0x1 rcx=0x2 rdx=0x3 found=0x0")]
    [InlineData("kvm_cpuid", "func 80000001 idx 6 rax 1 rbx 2 rcx 3 rdx 4, cpuid entry found, used max basic", "function=0x80000001 index=0x6 rax=0x1 rbx=0x2 rcx=0x3 rdx=0x4 found=0x1")]
    [InlineData("kvm_hypercall", "nr 0x1 a0 0x0 a1 0x2 a2 0x3 a3 0x4", "nr=0x1 a0=0x0 a1=0x2 a2=0x3 a3=0x4")]
    [InlineData("kvm_emulate_insn", "f0000:ec2f:0f 20 c1 (real)", "csbase=0xf0000 rip=0xec2f insn=0f20c100000000000000000000000000 len=0x3 flags=0x0 failed=0x0")]
    [InlineData("kvm_emulate_insn", "0:400d70:0f 01 d9 (prot64) failed", "csbase=0x0 rip=0x400d70 insn=0f01d900000000000000000000000000 len=0x3 flags=0x9 failed=0x1")]
    [InlineData("kvm_emulate_insn", "0:10:cc (0x2)", "csbase=0x0 rip=0x10 insn=cc000000000000000000000000000000 len=0x1 flags=0x2 failed=0x0")]
    [InlineData("kvm_emulate_insn", "f0000:ec2f: 0f 20 c1", "flags=0xff csbase=0xf0000 rip=0xec2f insn=0f20c100000000000000000000000000 len=0x3 failed=0x0")]
    [InlineData("kvm_emulate_insn", "f0000:ec2f: 0f 20 c1 FAIL", "flags=0xff csbase=0xf0000 rip=0xec2f insn=0f20c100000000000000000000000000 len=0x3 failed=0x1")]
    [InlineData("kvm_emulate_insn", "rip=ec2f csbase=f0000 len=3 insn=ARRAY[0f, 20, c1, 66, 81, e1, ff, ff, ff, 1f, 66, 83, c9, 01, 0f] flags=0 failed=0",
        "rip=0xec2f csbase=0xf0000 len=0x3 insn=0f20c16681e1ffffff1f6683c9010f00 flags=0x0 failed=0x0")]
    [InlineData("kvm_userspace_exit", "reason KVM_EXIT_IO (2)", "reason=0x2")]
    [InlineData("kvm_userspace_exit", "reason 0x21 (33)", "reason=0x21")]
    [InlineData("kvm_userspace_exit", "reason restart (4)", "reason=0xa errno=-4")]
    [InlineData("kvm_userspace_exit", "reason error (22)", "reason=0x0 errno=-22")]
    [InlineData("kvm_userspace_exit", "reason=0 errno=-4", "reason=0x0 errno=-4")]
    [InlineData("kvm_smm_transition", "vcpu 0: leaving SMM, smbase 0x30000", "vcpu_id=0x0 entering=0x0 smbase=0x30000")]
    [InlineData("kvm_vcpu_wakeup", "wait time 2798512 ns, polling valid", "waited=0x1 ns=0x2ab3b0 valid=0x1")]
    [InlineData("kvm_apic", "apic_write APIC_LVT0 = 0x8700", "rw=0x1 reg=0x350 val=0x8700")]
    [InlineData("kvm_apic_accept_irq", "apicid a vec 48 (INIT|level)", "apicid=0xa vec=0x30 dm=0x500 tm=0x1")]
    [InlineData("kvm_apic_ipi", "dst 0 vec 16 (SIPI|physical|assert|edge|all-but-self)", "dest_id=0x0 icr_low=0xc4610")]
    [InlineData("kvm_eoi", "apicid 0 vector -1", "apicid=0x0 vector=-1")]
    [InlineData("kvm_invlpga", "rip: 0x0000000000000010 asid: -1 address: 0x0000000000001000", "rip=0x10 asid=-1 address=0x1000")]
    [InlineData("kvm_skinit", "rip: 0x0000000000400df4 slb: 0x1fec2000", "rip=0x400df4 slb=0x1fec2000")]
    [InlineData("kvm_hv_hypercall", "code 0x2 fast cnt 0x1 idx 0x0 in 0x10 out 0x20", "code=0x2 fast=0x1 rep_cnt=0x1 rep_idx=0x0 ingpa=0x10 outgpa=0x20")]
    [InlineData("kvm_hv_hypercall", "code 0x2 slow var_cnt 0x9 rep_cnt 0x1 idx 0x0 in 0x10 out 0x20", "code=0x2 fast=0x0 rep_cnt=0x1 rep_idx=0x0 ingpa=0x10 outgpa=0x20")]
    [InlineData("kvm_avic_incomplete_ipi", "vcpu=1, icrh:icrl=0x01000000:000008fd, id=1, index=255", "vcpu=0x1 icrh=0x1000000 icrl=0x8fd id=0x1 index=0xff")]
    [InlineData("kvm_vmgexit_msr_protocol_exit", "vcpu 0, ghcb_gpa 0000000000001001, result 1", "vcpu_id=0x0 ghcb_gpa=0x1001 result=1")]
    public void Any_other_event_is_read_as_every_kernel_and_tool_prints_it(string name, string body, string fields) => Reads(name, body, fields);

    [Fact]
    public void An_error_code_of_0_tells_nothing_before_6_0_where_the_vector_may_push_one()
    {
        string text = new TextTraceBuilder().Event("kvm_inj_virq", "irq 8").Event("kvm_inj_exception", "#GP (0x0)").Event("kvm_inj_exception", "#UD (0x0)").Events();
        Assert.Contains("kvm_inj_exception: error_code=0x0 exception=0xd\n", text, StringComparison.Ordinal);
        Assert.Contains("kvm_inj_exception: has_error=0x0 error_code=0x0 exception=0x6\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_code_of_0_is_pushed_where_the_text_shows_a_kernel_since_6_0()
    {
        string text = new TextTraceBuilder().Event("kvm_inj_virq", "IRQ 0x8").Event("kvm_inj_exception", "#GP (0x0)").Events();
        Assert.Contains("has_error=0x1 exception=0xd error_code=0x0 reinjected=0x0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_of_KVM_RUN_is_no_reason_whatever_came_before()
    {
        string text = new TextTraceBuilder().Event("kvm_userspace_exit", "reason KVM_EXIT_IO (2)").Event("kvm_userspace_exit", "reason restart (4)").Events();
        Assert.EndsWith("kvm_userspace_exit: reason=0xa errno=-4\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stable_branch_that_says_reinjected_before_6_0_keeps_the_old_error_code()
    {
        string text = new TextTraceBuilder().Event("kvm_inj_exception", "#PF (0x0) [reinjected]").Event("kvm_inj_exception", "#PF (0x0)").Events();
        Assert.Contains("error_code=0x0 exception=0xe reinjected=0x1\n", text, StringComparison.Ordinal);
        Assert.Contains("error_code=0x0 exception=0xe reinjected=0x0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_without_the_mark_is_no_immediate_exit_where_the_mark_occurs_elsewhere()
    {
        string text = new TextTraceBuilder().Event("kvm_entry", "vcpu 0, rip 0x10").Event("kvm_entry", "vcpu 0, rip 0x10[immediate exit]").Events();
        Assert.Contains("kvm_entry: vcpu_id=0x0 rip=0x10 immediate_exit=0x0\n", text, StringComparison.Ordinal);
        Assert.Contains("kvm_entry: vcpu_id=0x0 rip=0x10 immediate_exit=0x1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reason_of_an_Intel_host_is_refused()
    {
        CommandResult result = TextTrace.Check(new TextTraceBuilder()
            .Event("kvm_exit", "vcpu 0 reason EPT_VIOLATION rip 0x10 info1 0x181 info2 0x0 intr_info 0x0 error_code 0x0").ToString());
        Assert.Equal(2, result.Status);
        Assert.Contains("DIF0110", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_name_of_the_kernels_exit_table_comes_back_as_its_number()
    {
        foreach (Differ.Schemas.Vocabulary.SvmExitRow row in Differ.Schemas.Vocabulary.SvmExitTable.Rows.Where(row => row.KernelName is { } name && name[0] != '0'))
        {
            Assert.True(TextWords.Of("exit").Find(System.Text.Encoding.UTF8.GetBytes(row.KernelName!), out ulong code), row.KernelName);
            Assert.Equal(row.First, code);
        }
    }

    [Theory]
    [InlineData("read_cr8", 0x008)]
    [InlineData("write_dr7", 0x037)]
    [InlineData("XF excp", 0x053)]
    [InlineData("write_cr4_trap", 0x094)]
    [InlineData("0x8e", 0x08e)]
    [InlineData("0xffffffff", 0xffffffff)]
    public void A_reason_out_of_a_run_comes_back_as_its_number(string name, ulong code)
    {
        Assert.True(TextWords.Of("exit").Find(System.Text.Encoding.UTF8.GetBytes(name), out ulong found));
        Assert.Equal(code, found);
    }

    [Fact]
    public void Every_form_has_the_fields_its_tracepoint_requires_and_no_others()
    {
        foreach ((string name, IReadOnlyList<TextRow> rows) in TextForms.All)
        {
            Tracepoint tracepoint = KvmTracepoints.Find("kvm", name)!;
            foreach (TextForm form in rows.SelectMany(row => TextForm.Of(name, row)))
            {
                // Throws where a required field is missing.
                Assert.Equal(tracepoint, BoundTracepoint.Bind(tracepoint, form.Type.Layout, bigEndian: false, new Differ.Schemas.Run.TextTable()).Tracepoint);
                Assert.All(
                    form.Type.Layout.Fields, field => Assert.Contains(field.Name, tracepoint.Rows.Select(row => row.Name).Append("isa").Append("flags")));
            }
        }
    }

    private static void Reads(string name, string body, string fields)
    {
        string text = new TextTraceBuilder().Event(name, body).Events();
        string expected = fields.Replace("isa=2", "isa=0x2", StringComparison.Ordinal);
        Assert.Equal($"{name}: {expected}", text[text.IndexOf(name, StringComparison.Ordinal)..].TrimEnd('\n'));
    }
}
