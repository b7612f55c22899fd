using Differ.Replay.Manual.Tables;
using Differ.Replay.Model;
using Differ.Replay.Scenarios;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.Model;

/// <summary>What a processor can do, read from CPUID: that of a host decides what a scenario can show there.</summary>
public sealed class FeaturesTests
{
    [Fact]
    public void Features_are_read_from_the_leaves_of_CPUID()
    {
        foreach (CpuFeature feature in CpuFeature.All)
        {
            foreach (bool present in (bool[])[false, true])
            {
                Features shown = new Features().With(feature, present).WithPhysicalBits(43), read = Features.Of(Leaves(shown));
                Assert.All(CpuFeature.All, row => Assert.Equal(shown.Has(row), read.Has(row)));
                Assert.Equal((43, shown.Signature), (read.PhysicalBits, read.Signature));
            }
        }
    }

    [Fact]
    public void What_no_leaf_shows_is_absent()
    {
        Features none = Features.Of([]);
        Assert.DoesNotContain(CpuFeature.All, none.Has);
        Assert.Equal(36, none.PhysicalBits);
    }

    [Fact]
    public void Of_a_function_with_sub_leaves_the_first_counts()
    {
        Features read = Features.Of([Leaf(7, 0, ebx: 1 << 7), Leaf(7, 1, ebx: 1 << 20)]);
        Assert.True(read.Has(CpuFeature.Smep));
        Assert.False(read.Has(CpuFeature.Smap));
    }

    [Fact]
    public void The_width_of_addresses_is_the_processors_not_that_of_its_guests() =>
        Assert.Equal(48, Features.Of([Leaf(0x8000_0008, 0, eax: (39 << 16) | 48)]).PhysicalBits);

    [Fact]
    public void A_scenario_on_a_host_has_what_both_have()
    {
        Features scenario = new Features().With(CpuFeature.Np, false), host = new Features().With(CpuFeature.Avic, false).WithPhysicalBits(36);
        Features both = scenario.On(host);
        Assert.False(both.Has(CpuFeature.Np));
        Assert.False(both.Has(CpuFeature.Avic));
        Assert.True(both.Has(CpuFeature.NripSave));
        Assert.Equal(36, both.PhysicalBits);
        Assert.Equal(["AVIC"], scenario.LackedBy(host));
    }

    // LMSLE is there unless its bit says that it is not.
    [Fact]
    public void A_bit_that_says_that_something_is_gone_is_set_where_either_says_so()
    {
        Features gone = new Features().With(CpuFeature.LmsleUnsupported, true);
        Assert.True(new Features().On(gone).Has(CpuFeature.LmsleUnsupported));
        Assert.True(gone.On(new Features()).Has(CpuFeature.LmsleUnsupported));
        Assert.Empty(gone.LackedBy(new Features()));
    }

    private static IEnumerable<CpuidAccess> Leaves(Features features) =>
        CpuidLeaves.Of(features).Select(static leaf => Leaf(leaf.Function, 0, leaf.Registers[0], leaf.Registers[1], leaf.Registers[2], leaf.Registers[3]));

    private static CpuidAccess Leaf(uint function, uint index, uint eax = 0, uint ebx = 0, uint ecx = 0, uint edx = 0) =>
        new(function, Observed<uint>.Of(index), eax, ebx, ecx, edx);
}
