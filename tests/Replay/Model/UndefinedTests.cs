using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Model;

/// <summary>What the manual leaves open: how long it is, and who reads it.</summary>
public sealed class UndefinedTests
{
    private const ulong Info1 = Differ.Replay.Scenarios.Machine.Vmcb12 + 0x78;

    [Fact]
    public void Nothing_is_open_at_the_start()
    {
        var undefined = new Undefined();
        Assert.Null(undefined.Everything);
        Assert.Empty(undefined.Memory);
        Assert.Equal(0UL, undefined[VmcbField.Cr0Register] | undefined.General(0) | undefined.In(0x5000, 8));
    }

    [Fact]
    public void What_is_written_is_defined_again()
    {
        var memory = new PhysicalMemory();
        memory.Undefined.SetIn(0x5000, 0xff00_0000_0000_00f0, 8);
        Assert.Equal(0xff00_0000_0000_00f0UL, memory.Undefined.In(0x5000, 8));
        Assert.Equal(new Dictionary<ulong, byte> { [0x5000] = 0xf0, [0x5007] = 0xff }, memory.Undefined.Memory);
        memory.Write(0x5000, 1, 1);
        Assert.Equal(0xff00_0000_0000_0000UL, memory.Undefined.In(0x5000, 8));
        memory.Write(0x5004, 1, 4);
        Assert.Empty(memory.Undefined.Memory);
    }

    [Fact]
    public void Registers_have_open_bits_by_both_of_their_names()
    {
        var undefined = new Undefined();
        undefined.SetGeneral(Registers.Rsp, 0xf);
        undefined[VmcbField.Rax] = 7;
        undefined[VmcbField.SsAttributes] = ulong.MaxValue;
        Assert.Equal((0xfUL, 7UL, 0xffffUL), (undefined[VmcbField.Rsp], undefined.General(Registers.Rax), undefined[VmcbField.SsAttributes]));
    }

    [Fact]
    public void The_first_reason_stays()
    {
        var undefined = new Undefined();
        undefined.Read(0, "nothing");
        Assert.Null(undefined.Everything);
        undefined.Read(1, "EXITINFO1");
        undefined.Follows("another reason");
        Assert.Equal("EXITINFO1 was read, and the manual leaves it open", undefined.Everything);
    }

    [Theory]
    [InlineData("mov rbx, [0x5078]", "memory at 0x5078 was read, and the manual leaves it open")]
    [InlineData("mov rbx, [0x5070]", null)]
    [InlineData("cpuid", null)]
    public void Who_reads_what_is_open_makes_whatever_follows_open(string instruction, string? reason) =>
        Assert.Equal(reason, Run($"  {instruction}\n").OpenBecause);

    [Fact]
    public void A_general_register_that_an_instruction_leaves_open_is_open_until_it_is_written()
    {
        Assert.Equal(uint.MaxValue, Run("  cpuid\n").Undefined.General(Registers.Rbx));
        ScenarioRun written = Run("  cpuid\n  mov ebx, 5\n");
        Assert.Equal(0UL, written.Undefined.General(Registers.Rbx));
        Assert.Null(written.Undefined.Everything);
        Assert.Equal("RBX was read, and the manual leaves it open", Run("  cpuid\n  mov [0x40000], rbx\n").Undefined.Everything);
    }

    [Fact]
    public void EXITINFO_of_an_exit_without_information_is_open_until_L1_writes_it()
    {
        Assert.Equal(ulong.MaxValue, Run("  nop\n").Undefined.In(Info1, 8));
        Assert.Equal(0UL, Run("  mov [0x5078], rbx\n").Undefined.In(Info1, 8));
    }

    private static ScenarioRun Run(string behindVmrun)
    {
        using var text = new StringReader($"scenario one\nintercept VMMCALL\nL1:\n  vmrun\n{behindVmrun}L2:\n  vmmcall\nexpect enter\nexpect exit VMMCALL\n");
        ScenarioRun run = ScenarioRun.Of(Assert.Single(ScenarioParser.Parse(text)));
        Assert.Empty(run.Surprises);
        return run;
    }
}
