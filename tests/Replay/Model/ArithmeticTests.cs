using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Model;

/// <summary>Flags of sums, logic and division, as APM3 has them for each instruction.</summary>
public sealed class ArithmeticTests
{
    private const ulong CF = 1, Always = 2, PF = 4, AF = 0x10, ZF = 0x40, SF = 0x80, OF = 0x800;

    [Theory]
    [InlineData("add rbx, rcx", 0UL, 0UL, 0UL, ZF | PF)]
    [InlineData("add rbx, rcx", ulong.MaxValue, 1UL, 0UL, ZF | PF | CF | AF)]
    [InlineData("add rbx, rcx", 0x7fff_ffff_ffff_ffffUL, 1UL, 0x8000_0000_0000_0000UL, SF | OF | PF | AF)]
    [InlineData("add rbx, rcx", 0x8000_0000_0000_0000UL, 0x8000_0000_0000_0000UL, 0UL, ZF | PF | CF | OF)]
    [InlineData("add bl, cl", 0x1ffUL, 2UL, 0x101UL, CF | AF)]
    [InlineData("add ebx, ecx", 0xffff_ffff_ffff_ffffUL, 1UL, 0UL, ZF | PF | CF | AF)]
    [InlineData("sub rbx, rcx", 5UL, 5UL, 0UL, ZF | PF)]
    [InlineData("sub rbx, rcx", 0UL, 1UL, ulong.MaxValue, SF | PF | CF | AF)]
    [InlineData("sub rbx, rcx", 0x8000_0000_0000_0000UL, 1UL, 0x7fff_ffff_ffff_ffffUL, OF | PF | AF)]
    [InlineData("sub bl, cl", 0x110UL, 1UL, 0x10fUL, PF | AF)]
    public void The_flags_of_a_sum_tell_carry_zero_sign_overflow_and_parity(string line, ulong left, ulong right, ulong result, ulong flags)
    {
        Machine end = Run(line, left, right);
        Assert.Equal((result, flags | Always), (end.Processor.State.General[Registers.Rbx], end.Processor.State[VmcbField.RflagsRegister]));
        Assert.Equal(0UL, end.Undefined[VmcbField.RflagsRegister]);
    }

    [Theory]
    [InlineData("and rbx, rcx", 6UL, 3UL, 2UL, 0UL)]
    [InlineData("or rbx, rcx", 0x8000_0000_0000_0000UL, 3UL, 0x8000_0000_0000_0003UL, SF | PF)]
    [InlineData("xor rbx, rcx", 7UL, 7UL, 0UL, ZF | PF)]
    public void Logic_clears_carry_and_overflow_and_leaves_the_auxiliary_carry_open(string line, ulong left, ulong right, ulong result, ulong flags)
    {
        Machine end = Run(line, left, right, "l1 rflags=0x803");
        Assert.Equal((result, flags | Always), (end.Processor.State.General[Registers.Rbx], end.Processor.State[VmcbField.RflagsRegister] & ~AF));
        Assert.Equal(AF, end.Undefined[VmcbField.RflagsRegister]);
    }

    [Fact]
    public void Division_takes_both_halves_of_the_dividend()
    {
        Machine end = Run("div rcx", 0, 0x10, "l1 rdx=1 rax=0x23");
        Assert.Equal((0x1000_0000_0000_0002UL, 3UL), (end.Processor.State.General[Registers.Rax], end.Processor.State.General[Registers.Rdx]));
        Assert.Equal(CF | PF | AF | ZF | SF | OF, end.Undefined[VmcbField.RflagsRegister]);
    }

    [Fact]
    public void Division_by_a_byte_leaves_quotient_and_rest_in_ax() => Assert.Equal(0xffff_ffff_ffff_0305UL, Run("div cl", 0, 7, "l1 rax=0xffffffffffff0026").Processor.State.General[Registers.Rax]);

    [Theory]
    [InlineData(0UL, 5UL, 0UL)]
    [InlineData(1UL, 0UL, 1UL)]
    [InlineData(2UL, 0UL, 1UL)]
    public void A_quotient_that_does_not_exist_or_fit_raises_DE(ulong high, ulong low, ulong divisor) =>
        Assert.Equal(0x61001UL, Run("div rcx", 0, divisor, $"l1 rdx={high} rax={low}").Processor.State[VmcbField.Rip]);

    private static Machine Run(string line, ulong rbx, ulong rcx, string setup = "") =>
        ScenarioRun.Of(ScenarioParser.Parse(new StringReader($"scenario x\nl1 rbx=0x{rbx:x} rcx=0x{rcx:x}\n{setup}\nL1:\n  {line}\n"))[0]).Machine;
}
