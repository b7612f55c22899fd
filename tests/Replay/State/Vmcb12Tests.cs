using Differ.Replay.State;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.State;

public sealed class Vmcb12Tests
{
    private static readonly NestedIntercepts Words = new(0x0001, 0x0100, 1 << 14, 1u << 31, 1, Observed<uint>.Of(1 << 2));

    [Fact]
    public void Nothing_is_known_before_a_VMRUN()
    {
        var vmcb = new Vmcb12();
        Assert.True(vmcb.Known.IsEmpty);
        Assert.True(vmcb.Intercepts(SvmExitCode.Cpuid).IsUnknown);
        Assert.False(vmcb.EventInj.Valid);
        Assert.False(vmcb.Address.IsKnown);
    }

    [Theory]
    [InlineData(0x000, 1)]
    [InlineData(0x018, 1)]
    [InlineData(0x010, -1)]
    [InlineData(0x020, 0)]
    [InlineData(0x04e, 1)]
    [InlineData(0x046, -1)]
    [InlineData(0x07f, 1)]
    [InlineData(0x060, -1)]
    [InlineData(0x080, 1)]
    [InlineData(0x081, -1)]
    [InlineData(0x0a2, 1)]
    [InlineData(0x400, -1)]
    public void An_exit_code_is_its_bit_in_the_intercept_vector(ulong code, int answer)
    {
        var vmcb = new Vmcb12();
        vmcb.Load(Run(nestedPaging: Truth.Yes), Words);
        Assert.Equal((Answer)answer, vmcb.Intercepts(new SvmExitCode(code)).Answer);
    }

    [Fact]
    public void Word_5_is_unknown_on_kernels_that_do_not_record_it()
    {
        var vmcb = new Vmcb12();
        vmcb.Load(Run(nestedPaging: Truth.Yes), Words with { Word5 = Observed<uint>.Unseen });
        Assert.True(vmcb.Intercepts(SvmExitCode.Invpcid).IsUnknown);
        Assert.True(vmcb.Intercepts(SvmExitCode.Vmrun).IsYes);
    }

    // SVM-L-TDP-FLAG: with nested paging the recorded address is nCR3, else CR3.
    [Fact]
    public void The_recorded_address_is_nCR3_with_nested_paging_and_CR3_without()
    {
        var vmcb = new Vmcb12();
        vmcb.Load(Run(nestedPaging: Truth.Yes), null);
        Assert.Equal((Bits64.Of(0x7000), Bits64.Hidden), (vmcb[VmcbField.NCr3], vmcb[VmcbField.Cr3Register]));
        vmcb.Load(Run(nestedPaging: Truth.No), null);
        Assert.Equal((Bits64.Hidden, Bits64.Of(0x7000)), (vmcb[VmcbField.NCr3], vmcb[VmcbField.Cr3Register]));
        vmcb.Load(Run(nestedPaging: Truth.Unknown), null);
        Assert.Equal((Bits64.Hidden, Bits64.Hidden), (vmcb[VmcbField.NCr3], vmcb[VmcbField.Cr3Register]));
    }

    [Fact]
    public void The_low_halves_of_controls_are_known_and_the_high_halves_are_not()
    {
        var vmcb = new Vmcb12();
        vmcb.Load(Run(nestedPaging: Truth.Yes), Words);
        Assert.Equal(0xffff_ffffUL, vmcb[VmcbField.IntCtl].Known);
        Assert.Equal(0xffff_ffffUL, vmcb[VmcbField.EventInj].Known);
        Assert.Equal(EventInfo.Of(EventType.Interrupt, 0x31), vmcb.EventInj);
    }

    [Fact]
    public void A_VMRUN_leaves_nothing_of_the_one_before()
    {
        var vmcb = new Vmcb12 { [VmcbField.EferRegister] = Bits64.Of(0) };
        vmcb.Load(Run(nestedPaging: Truth.Yes), Words);
        Assert.False(vmcb[VmcbField.EferRegister].IsKnown);
        vmcb.Load(Run(nestedPaging: Truth.Yes), null);
        Assert.True(vmcb.Intercepts(SvmExitCode.Vmrun).IsUnknown);
    }

    [Fact]
    public void The_known_fields_are_those_of_which_a_bit_is_known()
    {
        var vmcb = new Vmcb12 { [VmcbField.Dr6] = new Bits64(0, 1) };
        Assert.Equal(VmcbFields.Of(VmcbField.Dr6), vmcb.Known);
        vmcb[VmcbField.Dr6] = Bits64.Hidden;
        Assert.True(vmcb.Known.IsEmpty);
    }

    private static NestedVmenter Run(Truth nestedPaging) => new(
        0x1003, 0x5000, 0x2000, 0, EventInfo.Of(EventType.Interrupt, 0x31), nestedPaging, Observed<ulong>.Of(0x7000));
}
