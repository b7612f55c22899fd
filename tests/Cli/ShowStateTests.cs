using System.Buffers.Binary;
using Differ.Tests.Support;

namespace Differ.Tests.Cli;

/// <summary>What probes saw of VMCBs, as <c>differ show</c> prints it.</summary>
public sealed class ShowStateTests : IDisposable
{
    private static readonly EventFormat
        Entered = new("entry", 900, "s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24, u8 c578[8] @32, u8 c5f8[8] @40", 48),
        Left = new("exit", 901, "s32 vcpu @8, u64 vmcb @16, u64 vmcb02 @24, u8 c070[8] @32, u8 c578[8] @40", 48);

    private readonly Scratch _scratch = new();

    public ShowStateTests()
    {
        var layouts = KernelLayouts.Of("6.12");
        TraceDatBuilder builder = KvmStory.Capture(layouts).Describe("differ", Entered.Text).Describe("differ", Left.Text);
        new KvmStory(builder.Top, layouts).Entry(0x401000).Exit(0x72, 0x401000).Add(Of(Left).With("c070", Bytes(0x72)).With("c578", Bytes(0x401000)))
            .Entry(0x401002).Add(Of(Entered).With("c578", Bytes(0x401002)).With("c5f8", Bytes(7))).Exit(0x78, 0x401003).Entry(0x401004);
        _scratch.Write("trace.dat", builder.File);
    }

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_fields_that_are_known_stand_with_the_exit()
    {
        string shown = Show("--exit", "1", "--state");
        Assert.Contains("\n    L1 at its exit\n", shown, StringComparison.Ordinal);
        Assert.Matches(@"\n      EXITCODE +CPUID \(0x72\)\n", shown);
        Assert.Matches(@"\n      RIP +0x401000\n", shown);
        Assert.Matches(@"\n    L1 as it is entered\n      RIP +0x401002\n      RAX +0x7\n", shown);
        Assert.DoesNotContain("L1 at its exit", Show("--exit", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_neighbour_has_its_own_state_also_when_it_is_shown_later()
    {
        string shown = Show("--reason", "HLT", "--context", "1", "--state");
        int before = shown.IndexOf("exit 1 ", StringComparison.Ordinal), after = shown.IndexOf("exit 2 ", StringComparison.Ordinal);
        Assert.InRange(before, 0, after - 1);
        Assert.Matches(@"L1 at its exit\n      EXITCODE +CPUID \(0x72\)\n      RIP +0x401000\n", shown[before..after]);
        Assert.DoesNotContain("EXITCODE", shown[after..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("l1-exit", "l1-entry", "--exit", "1")]
    [InlineData("l1-exit@1", "l1-entry@1", "--vcpu", "0")]
    public void Two_moments_are_held_against_each_other(string from, string to, string option, string value)
    {
        string[] shown = Show(option, value, "--difference", from, to).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("stream 0|from L1 at its exit, exit 1|to   L1 as it is entered, exit 1", string.Join('|', shown.Take(3)));
        Assert.Equal(
            ["EXITCODE CPUID (0x72) -> (not recorded)", "RIP 0x401000 -> 0x401002", "RAX (not recorded) -> 0x7"],
            shown.Skip(3).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }

    [Fact]
    public void A_moment_of_which_nothing_was_recorded_is_told() =>
        Assert.Contains("to   L2 at its exit (vmcb02), exit 2: nothing was recorded", Show("--difference", "l1-exit@1", "l2-exit@2"), StringComparison.Ordinal);

    [Theory]
    [InlineData(64, "l1-exit is no MOMENT@EXIT", "l1-exit", "l1-entry@1")]
    [InlineData(64, "elsewhere@1 is no MOMENT@EXIT: moments are l1-exit, ", "elsewhere@1", "l1-entry@1")]
    [InlineData(2, "has no exit 100 or 200", "l1-exit@100", "l1-entry@200")]
    public void Moments_that_there_are_not_are_refused(int status, string line, string from, string to)
    {
        CommandResult result = CommandLine.Run("show", _scratch["trace.dat"], "--difference", from, to);
        Assert.Equal((status, ""), (result.Status, result.Output));
        Assert.Contains(line, result.Errors, StringComparison.Ordinal);
    }

    private string Show(params string[] words)
    {
        CommandResult result = CommandLine.Run(["show", _scratch["trace.dat"], .. words]);
        Assert.Equal((0, ""), (result.Status, result.Errors));
        return result.Output;
    }

    private static EventRecord Of(EventFormat format) => format.Record(100).With("vmcb", 0x1000).With("vmcb02", 0x2000);

    private static byte[] Bytes(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
