using Differ.Replay.Manual.Tables;
using Differ.Schemas.Run;
using Differ.Schemas.Vocabulary;

namespace Differ.Tests.Replay.State;

public sealed class ProfileTests
{
    [Fact]
    public void A_feature_is_unknown_until_its_leaf_is_shown()
    {
        var profile = new Profile();
        Assert.All(CpuFeature.All, feature => Assert.True(profile.Has(feature).IsUnknown));
        profile.Learn(Leaf(0x8000_0001, ecx: 1 << 12));
        Assert.True(profile.Has(CpuFeature.Skinit).IsYes);
        Assert.True(profile.Has(CpuFeature.Rdtscp).IsNo);
        Assert.True(profile.Has(CpuFeature.VNmi).IsUnknown);
    }

    [Fact]
    public void Every_feature_is_read_from_its_own_bit()
    {
        foreach (CpuFeature feature in CpuFeature.All)
        {
            var profile = new Profile();
            uint bit = 1u << feature.Bit;
            profile.Learn(Leaf(
                feature.Function, feature.Register == 0 ? bit : 0, feature.Register == 1 ? bit : 0, feature.Register == 2 ? bit : 0,
                feature.Register == 3 ? bit : 0));
            Assert.Equal([feature], CpuFeature.All.Where(other => profile.Has(other).IsYes));
        }
    }

    [Fact]
    public void A_leaf_of_another_index_tells_nothing()
    {
        var profile = new Profile();
        profile.Learn(new CpuidAccess(7, Observed<uint>.Of(1), 0, uint.MaxValue, 0, 0));
        Assert.True(profile.Has(CpuFeature.Invpcid).IsUnknown);
        profile.Learn(new CpuidAccess(7, Observed<uint>.Unseen, 0, uint.MaxValue, 0, 0));
        Assert.True(profile.Has(CpuFeature.Invpcid).IsYes);
    }

    [Theory]
    [InlineData(48u, 48)]
    [InlineData((40u << 16) | 48u, 40)]
    public void The_width_of_addresses_is_the_guests_own_where_it_has_one(uint eax, int width)
    {
        var profile = new Profile();
        Assert.Equal(0, profile.PhysicalAddressBits);
        profile.Learn(Leaf(0x8000_0008, eax));
        Assert.Equal(width, profile.PhysicalAddressBits);
    }

    private static CpuidAccess Leaf(uint function, uint eax = 0, uint ebx = 0, uint ecx = 0, uint edx = 0) =>
        new(function, Observed<uint>.Of(0), eax, ebx, ecx, edx);
}
