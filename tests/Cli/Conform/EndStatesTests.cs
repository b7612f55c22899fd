using Differ.Capture.Kvm;
using Differ.Cli.Conform;
using Differ.Diff.Conform;
using Differ.Replay.Scenarios;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Cli.Conform;

public sealed class EndStatesTests
{
    private const int LowMemory = 0x40_0000;

    // L2 halts where L1 does not intercept it: the machine ends in the guest.
    private const string Text = "scenario ends in L2\nrule SVM-15.5-LOAD-SUBSET\nL1:\n  vmrun\nL2:\n  hlt\nexpect enter\n";

    private readonly Machine _machine = ScenarioRun.Of(ScenarioParser.Parse(new StringReader(Text))[0]).Machine;

    public static TheoryData<string> Places => [.. KvmPlaces.All.Where(static place => place.Set is not null).Select(static place => place.Name)];

    [Fact]
    public void What_ended_alike_does_not_differ() => Assert.Empty(Differences(Same()));

    [Theory]
    [MemberData(nameof(Places))]
    public void A_register_that_differs_is_told_of_and_no_other(string name)
    {
        KvmPlace place = KvmPlaces.All.Single(one => one.Name == name);
        KvmResult result = Same();
        ulong lowest = place.Mask & (~place.Mask + 1), other = place.Model(_machine.Processor) ^ lowest;
        place.Set!(result.Registers!, other);
        IEnumerable<StateDifference> told = Differences(result);
        if (place.Counts?.Invoke(_machine.Processor) == false)
        {
            Assert.Empty(told);
        }
        else
        {
            Assert.Equal([new StateDifference(name, $"0x{place.Model(_machine.Processor):x}", $"0x{other:x}")], told);
        }
    }

    [Theory]
    [InlineData(KvmEnding.ShutsDown, "shuts down")]
    [InlineData(KvmEnding.GivenUp, "is given up by KVM (InternalError, 1)")]
    [InlineData(KvmEnding.RunsOn, "does not come to an end")]
    internal void Another_ending_differs(KvmEnding ending, string words) =>
        Assert.Equal([new StateDifference("end", "waits", words)], Differences(Same() with { Ending = ending, Detail = "InternalError, 1" }));

    [Fact]
    public void A_field_of_vmcb12_is_told_by_its_name()
    {
        KvmResult result = Same();
        int place = (int)Machine.Vmcb12 + VmcbLayout.Of(VmcbField.ExitInfo1).Position;
        result.Memory[0].Span[place] = 0x21;
        Assert.Equal([new StateDifference("vmcb12 exitinfo1", "0x0", "0x21")], Differences(result));
    }

    [Fact]
    public void Memory_is_told_by_its_address()
    {
        KvmResult result = Same();
        result.Memory[0].Span[0x12_3458] = 1;
        Assert.Equal([new StateDifference("memory 0x123458", "0x0", "0x1")], Differences(result));
    }

    [Fact]
    public void What_the_manual_leaves_open_does_not_differ()
    {
        _machine.Undefined.SetIn(_machine.Guest, VmcbField.ExitInfo1, 0xff);
        _machine.Undefined[VmcbField.Cr2] = ulong.MaxValue;
        KvmResult result = Same();
        result.Memory[0].Span[(int)Machine.Vmcb12 + VmcbLayout.Of(VmcbField.ExitInfo1).Position] = 0x21;
        result.Registers!.Sregs.Cr2 = 0x1234;
        Assert.Empty(Differences(result));
    }

    [Theory]
    [InlineData(0x83080, 0x60)] // accessed and dirty of a page table's entry
    [InlineData(0x6400, 0xff)] // the host save area
    [InlineData(0x3fe08, 0xff)] // what an SMI saves
    public void What_is_the_processors_own_does_not_differ(int place, byte bits)
    {
        KvmResult result = Same();
        result.Memory[0].Span[place] ^= bits;
        Assert.Empty(Differences(result));
    }

    [Fact]
    public void The_same_bits_of_what_is_no_page_table_differ()
    {
        KvmResult result = Same();
        result.Memory[0].Span[(int)Machine.L1Code] ^= 0x60;
        Assert.Single(Differences(result));
    }

    [Fact]
    public void Another_bit_of_a_page_table_differs()
    {
        KvmResult result = Same();
        result.Memory[0].Span[0x83080] ^= 2;
        Assert.Single(Differences(result));
    }

    private IEnumerable<StateDifference> Differences(KvmResult result) => new EndStates(_machine, result).Differences();

    // KVM as it is where it keeps the manual.
    private KvmResult Same()
    {
        var registers = new KvmRegisters();
        foreach (KvmPlace place in KvmPlaces.All)
        {
            place.Set?.Invoke(registers, place.Model(_machine.Processor));
        }

        registers.Nested.Flags |= KvmNestedState.GuestMode;
        byte[] low = new byte[LowMemory], reset = new byte[0x1000];
        _machine.Processor.Memory.Read(0, low);
        _machine.Processor.Memory.Read(0xffff_f000, reset);
        return new KvmResult(KvmEnding.Halts, "", registers, new Dictionary<ulong, Memory<byte>> { [0] = low, [0xffff_f000] = reset });
    }
}
