using Differ.Replay.Scenarios;

namespace Differ.Tests.Replay.Scenarios;

public sealed class AssemblerTests
{
    [Theory]
    [InlineData("nop", "90")]
    [InlineData("vmrun", "0f01d8")]
    [InlineData("vmmcall", "0f01d9")]
    [InlineData("vmgexit", "f30f01d9")]
    [InlineData("invlpga", "0f01df")]
    [InlineData("invlpgb", "0f01fe")]
    [InlineData("tlbsync", "0f01ff")]
    [InlineData("monitor", "0f01c8")]
    [InlineData("mwait", "0f01c9")]
    [InlineData("pushfq", "9c")]
    [InlineData("iretq", "48cf")]
    [InlineData("int3", "cc")]
    [InlineData("int1", "f1")]
    [InlineData("int 0x80", "cd80")]
    [InlineData("mov cr0, rbx", "0f22c3")]
    [InlineData("mov rbx, cr8", "440f20c3")]
    [InlineData("mov dr4, rbx", "0f23e3")]
    [InlineData("mov rbx, dr7", "0f21fb")]
    [InlineData("mov rbx, [0x5088]", "488b1c2588500000")]
    [InlineData("mov [rbx+0x10], rax", "48894310")]
    [InlineData("MOV RBX, [RCX]", "488b19")]
    [InlineData("push rbx", "53")]
    [InlineData("add rax, 1", "4883c001")]
    [InlineData("add rax, -1", "4883c0ff")]
    [InlineData("in al, dx", "ec")]
    [InlineData("out 0x80, al", "e680")]
    [InlineData("insb", "6c")]
    [InlineData("rep outsb", "f36e")]
    [InlineData("lock add [rbx], rax", "f0480103")]
    [InlineData("lidt [0x8000]", "0f011c2500800000")]
    [InlineData("invpcid rbx, [0x8000]", "660f38821c2500800000")]
    [InlineData("jmp 0x20000", "ebfe")]
    [InlineData("db 0f 01 d9", "0f01d9")]
    public void A_line_becomes_the_shortest_bytes_of_its_instruction(string line, string bytes) =>
        Assert.Equal(bytes, Convert.ToHexStringLower(Assembler.Assemble(line, 0x20000)!));

    [Theory]
    [InlineData("vmfly")]
    [InlineData("mov rbx")]
    [InlineData("mov rbx, cr0, rcx")]
    [InlineData("mov rbx, [0x10")]
    [InlineData("mov rbx, [rcx+1+2]")]
    [InlineData("mov rbx, [1+rcx]")]
    [InlineData("mov rbx, banana")]
    [InlineData("int 0x100")]
    [InlineData("push cr0")]
    [InlineData("lock")]
    [InlineData("rep banana")]
    [InlineData("db")]
    [InlineData("db 0g")]
    [InlineData("db 100")]
    public void A_line_that_is_no_instruction_has_no_bytes(string line) => Assert.Null(Assembler.Assemble(line, 0x20000));

    [Theory]
    [InlineData("10", 10UL)]
    [InlineData("0x10", 16UL)]
    [InlineData("0x1_0000", 0x10000UL)]
    [InlineData("-1", ulong.MaxValue)]
    [InlineData("0xffffffffffffffff", ulong.MaxValue)]
    public void Numbers_are_decimal_or_hexadecimal_and_may_be_negative(string text, ulong value)
    {
        Assert.True(Numbers.TryParse(text, out ulong number));
        Assert.Equal(value, number);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("ten")]
    [InlineData("1.5")]
    [InlineData("0x10000000000000000")]
    public void What_is_no_number_of_64_bits_is_none(string text) => Assert.False(Numbers.TryParse(text, out _));
}
