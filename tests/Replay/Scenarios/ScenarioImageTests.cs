using System.Buffers.Binary;
using Differ.Replay.Scenarios;
using Differ.Replay.Scenarios.Images;

namespace Differ.Tests.Replay.Scenarios;

/// <summary>Scenarios as programs for the bare machine; tests/Lab runs them.</summary>
public sealed class ScenarioImageTests
{
    private const uint Magic = 0x1bad_b002;

    [Fact]
    public void An_image_starts_with_the_header_that_boot_loaders_look_for()
    {
        byte[] image = Image("L1:\n  vmrun\n")!;
        uint[] words = [.. Enumerable.Range(0, 8).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(4 * i)))];
        Assert.Equal(Magic, words[0]);
        Assert.Equal(0u, unchecked(words[0] + words[1] + words[2]));
        (uint header, uint load, uint loadEnd, uint clearEnd, uint entry) = (words[3], words[4], words[5], words[6], words[7]);
        Assert.Equal((load, load + (uint)image.Length, loadEnd), (header, loadEnd, clearEnd));
        Assert.InRange(entry, load + 32, loadEnd - 1);
        Assert.True(load >= ScenarioImage.ScenarioMemory);
    }

    [Fact]
    public void An_image_holds_what_the_scenario_puts_into_memory()
    {
        byte[] image = Image("memory 0x40000 = de ad be ef 01 02 03\nL1:\n  vmrun\n")!;
        Assert.True(image.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xde, 0xad, 0xbe, 0xef, 1, 2, 3]) > 0);
    }

    [Theory]
    [InlineData("arrives nmi before L2 0\nL1:\n  vmrun\nL2:\n  nop\n", "events come from outside")]
    [InlineData("l1 efer=0x1000 csattributes=0x9b\nL1:\n  vmrun\n", "L1 does not start in 64-bit mode")]
    [InlineData("l1 cr3=0x90000\nL1:\n  vmrun\n", "L1 has page tables of its own")]
    [InlineData("l1 trbase=0x8000\nL1:\n  vmrun\n", "L1 has a task state segment of its own")]
    [InlineData("l1 ldtrselector=0x30\nL1:\n  vmrun\n", "L1 has a local descriptor table")]
    [InlineData("l1 interruptshadow=1\nL1:\n  vmrun\n", "L1 starts in an interrupt shadow")]
    [InlineData("l1 nmimask=1\nL1:\n  vmrun\n", "L1 starts with NMI masked")]
    [InlineData("l1 fpu-error=1\nL1:\n  vmrun\n", "L1 starts with a floating-point error")]
    [InlineData("memory 0xa8000 = 01\nL1:\n  vmrun\n", "the scenario has memory where the machine has its firmware")]
    public void What_a_program_cannot_set_up_is_said(string text, string why) =>
        Assert.Equal((null, why), ScenarioImage.Of(Scenario(text)));

    private static byte[]? Image(string text) => ScenarioImage.Of(Scenario(text)).Image;

    private static Scenario Scenario(string text) => ScenarioParser.Parse(new StringReader($"scenario one\n{text}"))[0];
}
